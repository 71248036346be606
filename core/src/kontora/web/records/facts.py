"""What is known of a record, in groups, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kontora.access.session import ScopedSession
from kontora.errors import PluginError
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web.forms import flat
from kontora.web.records.cells import Cells, is_current, phone, type_of

GROUPS: Mapping[str, Text] = {
    "main": _("Main facts"),
    "contact": _("Contact points"),
    "registration": _("Registration"),
    "roles": _("Roles and tags"),
    "facts": _("Facts"),
    "ownership": _("Ownership"),
    "people": _("People"),
    "custom": _("Own fields"),
}
_POINT_TYPES = {"email": "email", "phone": "phone", "fax": "phone", "web": "url"}


def groups(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    fields: Sequence[Field],
    *,
    may_edit: bool,
) -> list[dict[str, Any]]:
    """Groups of facts with the address at which they are edited."""
    cells = Cells(session, fields)
    values = flat(record, fields)
    cells.rows([record])  # loads the kinds of all referenced records at once
    found: dict[str, list[dict[str, Any]]] = {}
    for each in fields:
        items = list(_items(cells, each, values.get(each.name)))
        found.setdefault(each.group, []).extend(items)
    base = f"/{rtype.path}/{record['id']}/edit?part="
    shown: list[dict[str, Any]] = [
        {
            "title": title_of(session, name),
            "items": items,
            "edit_url": base + name if may_edit else None,
        }
        for name, items in found.items()
    ]
    shown = _merged(rtype, shown)
    known = {each.short_name for each in fields if each.group == "custom"}
    others = {key: each for key, each in (record.get("custom") or {}).items() if key not in known}
    if others:
        items = [{"label": key, "value": value, "type": "text"} for key, value in others.items()]
        shown.append({"title": _("Own fields"), "items": items})
    return shown


def _merged(rtype: RecordType, groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups in which nothing is filled in become one, at the end."""
    filled = [each for each in groups if any(_has(item) for item in each["items"])]
    blank = [item for each in groups if each not in filled for item in each["items"]]
    if not blank:
        return filled
    edit_url = next((each["edit_url"] for each in groups if each["edit_url"]), None)
    whole = edit_url.partition("?")[0] if edit_url else None
    return [*filled, {"title": _("Not filled in yet"), "items": blank, "edit_url": whole}]


def _has(item: Mapping[str, Any]) -> bool:
    return item["value"] not in (None, "", [])


def title_of(session: ScopedSession, group: str) -> str:
    """The heading of a group; that of a plugin is the plugin's own name."""
    if group in GROUPS:
        return str(GROUPS[group])
    try:
        return str(session.site.manager.manifest(group).label)
    except (PluginError, AttributeError):
        return group.replace("_", " ").capitalize()


def _items(cells: Cells, field: Field, value: Any) -> Iterable[dict[str, Any]]:
    if field.collection is None or field.collection.single or not value:
        shown = cells.cell(field, value)
        yield {"label": field.label, "value": shown, "type": type_of(field)}
    elif field.name == "points":
        for row in value:
            yield _point(cells, field, row)
    elif field.name == "roles":
        yield {"label": field.label, "value": cells.cell(field, value), "type": "tags"}
        for row in value:
            if not is_current(row):
                yield _row(cells, field, row, _("Former role"))
    else:
        for row in value:
            yield _row(cells, field, row, _singular(field, row))


def _row(cells: Cells, field: Field, row: Mapping[str, Any], label: object) -> dict[str, Any]:
    assert field.collection is not None
    left_out = ("label", "scheme")
    inner = [each for each in field.collection.fields if each.name not in left_out]
    return {"label": label, "value": cells.sentence(inner, row), "type": "text"}


def _singular(field: Field, row: Mapping[str, Any]) -> object:
    """A row is called by its own label or scheme, else like its field."""
    own = row.get("label") or str(row.get("scheme") or "").upper()
    return own or (_("Address") if field.name == "addresses" else field.label)


def _point(cells: Cells, field: Field, row: Mapping[str, Any]) -> dict[str, Any]:
    assert field.collection is not None
    inner = {each.name: each for each in field.collection.fields}
    kind = str(row["kind"])
    value = phone(row["value"]) if kind in ("phone", "fax") else row["value"]
    state = row.get("status")
    note = [row.get("label")]
    if state not in (None, "ok"):
        note.append(str(cells.choice(inner["status"], state, badge=False)))
    return {
        "label": cells.choice(inner["kind"], kind, badge=False),
        "value": value,
        "type": _point_type(kind, value),
        "note": ", ".join(word for word in note if word),
    }


def _point_type(kind: str, value: str) -> str:
    """Only web addresses become links: what somebody typed must not turn into a script."""
    shown = _POINT_TYPES.get(kind, "text")
    return shown if shown != "url" or value.startswith(("http://", "https://")) else "text"


def long_texts(record: Mapping[str, Any], fields: Iterable[Field]) -> list[dict[str, Any]]:
    """Texts that deserve the middle of the page."""
    values = flat(record, fields)
    return [
        {"title": each.label, "text": values[each.name]}
        for each in fields
        if each.type is FieldType.LONGTEXT and values.get(each.name)
    ]
