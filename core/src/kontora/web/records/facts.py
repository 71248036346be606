"""What is known of a record, in groups, as its page shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kontora.access.session import ScopedSession
from kontora.errors import PluginError
from kontora.records.changes import HistoryEntry
from kontora.records.custom import profile
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web.forms import flat
from kontora.web.records import form_fields, sources
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
    entries: Sequence[HistoryEntry] = (),
) -> list[dict[str, Any]]:
    """Groups of facts, each fact with its rows, where it comes from, and where it is edited.

    `entries` is the history of the record: who entered each value, and when.
    """
    cells = Cells(session, fields)
    cells.rows([record])  # loads the kinds of all referenced records at once
    writable = editable(session, rtype, record) if may_edit else frozenset()
    said = sources.of_fields(entries)
    found: dict[str, list[dict[str, Any]]] = {}
    for each in fields:
        if each.name == profile.NAME and each.on_demand:
            continue
        shown = fact(cells, rtype, record, each, editable=each.name in writable)
        shown["source"] = None if shown["blank"] else said.get(each.name, said.get(""))
        found.setdefault(each.group, []).append(shown)
    base = f"/{rtype.path}/{record['id']}/edit?part="
    groups: list[dict[str, Any]] = [
        {
            "title": title_of(session, name),
            "facts": those,
            "edit_url": base + name if may_edit else None,
        }
        for name, those in found.items()
    ]
    groups = _merged(groups)
    known = {each.json_key for each in rtype.fields if each.json_key}
    others = {key: each for key, each in (record.get("custom") or {}).items() if key not in known}
    if others:
        loose = [_loose(key, value) for key, value in others.items()]
        groups.append({"title": _("Own fields"), "facts": loose})
    return groups


def fact(
    cells: Cells, rtype: RecordType, record: Mapping[str, Any], field: Field, *, editable: bool
) -> dict[str, Any]:
    """One field of a record with all its rows (each contact point is one)."""
    items = list(_items(cells, field, flat(record, [field]).get(field.name)))
    kept = record.get(profile.NAME) or {}
    if field.profile and items:
        items[0] |= sources.of(cells, field, kept.get(field.json_key) or ())
    items = [each for each in items if _has(each)] or items[:1]
    # Rows need the width of a dialog; so does a long text.
    wide = field.type in (FieldType.COLLECTION, FieldType.LONGTEXT, FieldType.JSON)
    return {
        "name": field.name,
        "label": field.label,
        "items": items or [{"label": field.label, "value": None, "type": "text"}],
        "blank": not any(_has(each) for each in items),
        "edit_url": f"/{rtype.path}/{record['id']}/facts/{field.name}" if editable else None,
        "wide": wide,
    }


def editable(
    session: ScopedSession, rtype: RecordType, record: Mapping[str, Any]
) -> frozenset[str]:
    """The fields that have an input on the page of this record."""
    return frozenset(each.name for each in form_fields.of_record(session, rtype, record))


def _loose(key: str, value: Any) -> dict[str, Any]:
    items = [{"label": key, "value": value, "type": "text"}]
    return {"name": f"custom.{key}", "label": key, "items": items, "blank": not _has(items[0])}


def _merged(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups in which nothing is filled in become one, at the end."""
    filled = [each for each in groups if any(not item["blank"] for item in each["facts"])]
    blank = [item for each in groups if each not in filled for item in each["facts"]]
    if not blank:
        return filled
    edit_url = next((each["edit_url"] for each in groups if each["edit_url"]), None)
    whole = edit_url.partition("?")[0] if edit_url else None
    return [*filled, {"title": _("Not filled in yet"), "facts": blank, "edit_url": whole}]


def _has(item: Mapping[str, Any]) -> bool:
    return item["value"] not in (None, "", [])


def title_of(session: ScopedSession, group: str) -> str:
    """The heading of a group; that of a plugin is the plugin's own name."""
    if group in GROUPS:
        return str(GROUPS[group])
    try:
        return str(session.site.manager.manifest(group).label)
    except (PluginError, AttributeError):
        # An administrator's own group is shown as it was typed.
        return group.replace("_", " ").capitalize() if group.islower() else group


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


def texts(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    fields: Iterable[Field],
    may_edit: bool,
) -> list[dict[str, Any]]:
    """Texts that deserve the middle of the page; a blank one only where it can be written."""
    long = [each for each in fields if each.type is FieldType.LONGTEXT]
    cells = Cells(session, long)
    writable = editable(session, rtype, record) if may_edit and long else frozenset()
    found = [fact(cells, rtype, record, each, editable=each.name in writable) for each in long]
    return [each for each in found if not each["blank"] or each["edit_url"]]
