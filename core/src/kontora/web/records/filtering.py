"""Filters in the address of a list (`field[op]=value`, as the API has them), in words and in the
editor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web import formats, forms, names

RESERVED = frozenset(
    {"q", "sort", "cursor", "trail", "format", "csrf_token", "all", "action", "ids"}
)
_NAME = re.compile(r"([\w.]+)(?:\[(\w+)\])?")
_UNFIT = {FieldType.DECIMAL, FieldType.MONEY, FieldType.JSON}
SENTENCES: dict[str, Text] = {
    "eq": _("%(field)s is %(value)s"),
    "ne": _("%(field)s is not %(value)s"),
    "in": _("%(field)s is one of %(value)s"),
    "nin": _("%(field)s is none of %(value)s"),
    "contains": _("%(field)s contains “%(value)s”"),
    "starts": _("%(field)s starts with “%(value)s”"),
    "lt": _("%(field)s before %(value)s"),
    "le": _("%(field)s up to %(value)s"),
    "gt": _("%(field)s after %(value)s"),
    "ge": _("%(field)s from %(value)s"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of a filter, as it stands in the address."""

    field: str
    op: str
    value: str

    @property
    def parameter(self) -> tuple[str, str]:
        return f"{self.field}[{self.op}]", self.value


def conditions(arguments: MultiDict[str, str]) -> list[Condition]:
    """The conditions in the parameters of a request."""
    found = []
    for name, value in arguments.items(multi=True):
        matched = _NAME.fullmatch(name)
        if matched and matched[1] not in RESERVED and value:
            found.append(Condition(field=matched[1], op=matched[2] or "eq", value=value))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosable:
    """A field as the editor of filters offers it."""

    name: str
    label: str
    field: Field

    @property
    def type(self) -> str:
        return "date" if self.field.type is FieldType.DATETIME else str(self.field.type)

    @property
    def choices(self) -> Any:
        return self.field.choices

    @property
    def target(self) -> str | None:
        return self.field.target

    @property
    def lookup_url(self) -> str | None:
        if self.field.target is None:
            return None
        kind = f"?kind={self.field.target_kind}" if self.field.target_kind else ""
        return f"/lookup/{self.field.target}{kind}"


def choosable(session: ScopedSession, rtype: RecordType) -> list[Choosable]:
    """What can be filtered by, in the words of the user."""
    found: list[Choosable] = []
    for each in readable_fields(rtype, session.principal.rights):
        if not each.filterable or each.type in _UNFIT:
            continue
        if each.collection is None or each.collection.single:
            inner = each.collection.fields[0] if each.collection else each
            found.append(Choosable(name=each.name, label=str(each.label), field=inner))
            continue
        inside = _inside(each)
        for inner in inside:
            label = str(each.label) if len(inside) == 1 else f"{each.label}: {inner.label}"
            found.append(Choosable(name=f"{each.name}.{inner.name}", label=label, field=inner))
    for name, text in (("created_at", _("Created")), ("updated_at", _("Changed"))):
        field = Field(name=name, label=text, type=FieldType.DATETIME)
        found.append(Choosable(name=name, label=str(text), field=field))
    return found


def _inside(field: Field) -> list[Field]:
    """The parts of a collection by which people look for records."""
    assert field.collection is not None
    fields = field.collection.fields
    looked_for = [each for each in fields if each.searchable]
    return looked_for or [
        each
        for each in fields
        if each.required and each.type in (FieldType.CHOICE, FieldType.REFERENCE)
    ]


def tree(given: Sequence[Condition], offered: Sequence[Choosable]) -> dict[str, Any] | None:
    """The filter tree of the record service."""
    known = {each.name: each.field for each in offered}
    leaves = []
    for each in given:
        value: Any = each.value
        field = known.get(each.field)
        if field is not None and field.type is FieldType.DATETIME and "T" in value:
            value = forms.moment_of(value)
        leaves.append({"field": each.field, "op": each.op, "value": value})
    return {"and": leaves} if leaves else None


def sentence(session: ScopedSession, given: Condition, offered: Sequence[Choosable]) -> str:
    """A condition in words: “Owner is Anna Petrova”."""
    found = next((each for each in offered if each.name == given.field), None)
    label = found.label if found else given.field
    if given.op == "empty":
        empty = given.value in ("true", "1")
        text = _("%(field)s is empty") if empty else _("%(field)s is filled in")
        return str(text % {"field": label})
    pattern = SENTENCES.get(given.op, SENTENCES["eq"])
    value = value_label(session, given, found.field) if found else given.value
    return str(pattern % {"field": label, "value": value})


def value_label(session: ScopedSession, given: Condition, field: Field) -> str:
    """The value of a condition as people call it."""
    if field.type is FieldType.REFERENCE:
        if given.value == "me":
            return str(_("me"))
        found = names.reference(session, field.target or "", given.value)
        return (found or {}).get("name") or str(_("unknown"))
    if field.type is FieldType.CHOICE:
        labels = {each.value: str(each.label) for each in field.choices}
        return ", ".join(labels.get(each, each) for each in given.value.split(","))
    if field.type is FieldType.BOOLEAN:
        return str(_("yes") if given.value == "true" else _("no"))
    if field.type in (FieldType.DATE, FieldType.DATETIME):
        return formats.as_date(given.value)
    return given.value
