"""Which inputs a form of a record has, in which order, and what each needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kontora.access.session import ScopedSession
from kontora.parties import kept_roles
from kontora.records.schema import Purpose, writable_fields
from kontora.records.service import grants_of
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import forms
from kontora.web.records import roles

# What most people fill in first; everything else folds away under “more details”.
FIRST: Mapping[str | None, tuple[str, ...]] = {
    "person": ("given", "family", "middle", "points", "affiliations", "roles", "tags"),
    "organisation": ("display_name", "points", "industry", "roles", "tags", "addresses"),
}
# A person's name in lists is made of the names, unless there are none.
LEFT_OUT: Mapping[str | None, frozenset[str]] = {"person": frozenset({"display_name"})}
FEW = 9
ADD: Mapping[str, Text] = {
    "points": _("Add a phone, mail or messenger"),
    "addresses": _("Add an address"),
    "identifiers": _("Add an identifier"),
    "roles": _("Add a role"),
    "affiliations": _("Add a position"),
    "relations": _("Add a relation"),
    "parties": _("Add a person or firm"),
    "members": _("Add a member"),
    "teams": _("Add a team"),
}


def inputs(
    session: ScopedSession,
    rtype: RecordType,
    purpose: Purpose,
    kind: str | None,
    part: str | None = None,
) -> list[Field]:
    """The fields of a form; `part` narrows them to one group of facts."""
    declared = writable_fields(rtype, session.principal.rights, purpose, kind)
    hidden = LEFT_OUT.get(kind, frozenset())
    fields = [each for each in declared if each.in_form and each.name not in hidden]
    if part:
        fields = [each for each in fields if each.group == part] or fields
    order = FIRST.get(kind, ())
    rank = {name: number for number, name in enumerate(order)}
    return sorted(fields, key=lambda each: (rank.get(each.name, len(order)), each.order))


def of_record(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    part: str | None = None,
) -> list[Field]:
    """The inputs of a record that exists. A text that imports joined to a list has none: a single
    one would lose the others."""
    kind = record.get("kind") if rtype.kinds else None
    own = record.get("custom") or {}
    return [
        each
        for each in inputs(session, rtype, "change", kind, part)
        if roles.shows(each, record)
        and not (each.type is FieldType.TEXT and isinstance(own.get(each.json_key or ""), list))
    ]


def arranged(
    fields: Sequence[Field], kind: str | None, values: Mapping[str, Any], errors: Iterable[str]
) -> tuple[list[Field], int]:
    """The fields with those that are in use first, and how many of them do not fold away."""
    wanted = FIRST.get(kind)
    if wanted is None and len(fields) <= FEW:
        return list(fields), len(fields)
    troubled = {path.partition(".")[0] for path in errors} | set(errors)
    front: list[Field] = []
    rest: list[Field] = []
    for number, each in enumerate(fields):
        main = each.name in wanted if wanted else number < FEW
        used = values.get(each.name) not in (None, "", []) and each.name not in (
            "owner",
            "branch",
            "state",
        )
        (front if main or used or each.required or each.name in troubled else rest).append(each)
    return front + rest, len(front)


def described(session: ScopedSession, field: Field) -> dict[str, Any]:
    """A field as the macros of forms take it."""
    found: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        "type": str(field.type),
        # What administrators wrote below their field stays there; declared hints wait behind “?”.
        ("help" if field.json_key else "hint"): field.help,
        "required": field.required,
        "choices": [each for each in field.choices if not each.retired],
        "max_length": field.max_length,
        "target": field.target,
    }
    if forms.answers(field):
        # A tick has two states; “not answered” is the third.
        found |= {"type": "choice", "choices": [("true", _("yes")), ("false", _("no"))]}
    if field.type is FieldType.MONEY:
        found["currency"] = session.site.setting(session, "company.currency")
    if field.target:
        kind = f"?kind={field.target_kind}" if field.target_kind else ""
        found["lookup_url"] = f"/lookup/{field.target}{kind}"
        found["create_url"] = _create_url(session, field)
    if field.collection is not None and field.type != "tags":
        found["sub_fields"] = [described(session, each) for each in field.collection.fields]
        found["add_label"] = ADD.get(field.name)
        if field.name == "roles":
            _without(found["sub_fields"], kept_roles.left_out(session))
    return found


def _without(subs: list[dict[str, Any]], left_out: frozenset[str]) -> None:
    """The roles that the company does not keep are not offered."""
    role = next(each for each in subs if each["name"] == "role")
    role["choices"] = [each for each in role["choices"] if each.value not in left_out]


def with_present(shown: dict[str, Any], field: Field, values: Mapping[str, Any]) -> dict[str, Any]:
    """A choice that is not offered, but that a record still has, stays in its form, or saving
    would lose it; so do those of the rows of a collection."""
    present = values.get(field.name)
    if "sub_fields" in shown:
        assert field.collection is not None
        rows = [each for each in present or () if isinstance(each, Mapping)]
        pairs = zip(shown["sub_fields"], field.collection.fields, strict=True)
        subs = [_with_late(sub, each, [r.get(each.name) for r in rows]) for sub, each in pairs]
        return {**shown, "sub_fields": subs}
    return _with_late(shown, field, present if isinstance(present, list) else [present])


def _with_late(shown: dict[str, Any], field: Field, held: Sequence[Any]) -> dict[str, Any]:
    offered = list(shown["choices"])
    late = [each for each in field.choices if each.value in held and each not in offered]
    return {**shown, "choices": [*offered, *late]} if late else shown


def _create_url(session: ScopedSession, field: Field) -> str | None:
    rtype = session.registry.of_entity(field.target or "", field.target_kind)
    if rtype is None or field.target != "party" or not grants_of(session, rtype, "create"):
        return None
    return f"/{rtype.path}/new" if field.target_kind else "/counterparties/new"


def blanks(kind: str | None) -> dict[str, Any]:
    """What a new form begins with: a line for mail and one for a phone."""
    if kind is None:
        return {}
    points = [{"kind": "email", "primary": True}, {"kind": "phone", "primary": True}]
    return {"points": points, **({"affiliations": [{}]} if kind == "person" else {})}
