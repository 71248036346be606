"""By what records can be counted: their fields, roles, groups and tags, and spans of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import case, func, select

from kontora.parties import stages
from kontora.parties.group_models import Group, GroupMember
from kontora.parties.models import PartyRole, PartyTag
from kontora.parties.reports.asking import Leaf
from kontora.records import periods, related
from kontora.records.custom.columns import JsonColumn
from kontora.records.read import part_key, title_column
from kontora.records.schema import readable_fields
from kontora.registry.choices import field_at
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _

BY_VALUE = (FieldType.CHOICE, FieldType.BOOLEAN, FieldType.REFERENCE)
TEXTS = frozenset({"industry"})
OF_ROLE: Mapping[str, Text] = {
    "role": _("Role"),
    "class": _("Class"),
    "stage": _("Stage of the role"),
}
KINDS = (
    Choice(value="organisation", label=_("Organisations")),
    Choice(value="person", label=_("People")),
)
BLANK: Mapping[str, Text] = {"owner": _("Nobody"), "branch": _("No branch")}
Labels = Callable[[Iterable[Any]], Mapping[Any, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """One way to sort records into heaps.

    `value` is the expression, `sources` the classes that must be joined for it, with how.
    `leaves` are the conditions of one heap as its list has them; of a `role_part` they are part of
    the one condition on the role instead. `fixed` are the values that stand there in this order,
    counted or not.
    """

    name: str
    label: Text
    value: Any
    labels: Labels
    sources: tuple[tuple[Any, Any, bool], ...] = ()
    leaves: Callable[[Any], Sequence[Leaf]] | None = None
    role_part: str | None = None
    fixed: tuple[Any, ...] = ()
    several: bool = field(default=False)


def of_fields(session: Any, rtype: RecordType) -> dict[str, Dimension]:
    """By the fields of a record type that have few values and that the reader may see."""
    found = {}
    for each in readable_fields(rtype, session.principal.rights):
        plain = each.collection is None and each.shortcut is None and each.computed is None
        if plain and each.filterable and (each.type in BY_VALUE or each.name in TEXTS):
            if each.type is FieldType.REFERENCE and each.target not in session.predicates.by_entity:
                continue
            found[each.name] = _of_field(session, rtype, each)
    return found


def _of_field(session: Any, rtype: RecordType, each: Field) -> Dimension:
    model: Any = rtype.model
    sources: tuple[tuple[Any, Any, bool], ...] = ()
    if each.json_key:
        column = JsonColumn(session.get_bind().dialect.name, model, each).value()
    elif each.model is not None:
        part: Any = each.model
        column = getattr(part, each.attribute)
        sources = ((part, getattr(part, part_key(part)) == model.id, True),)
    else:
        column = getattr(model, each.attribute)
    if each.type is FieldType.REFERENCE:
        seen = session.predicates.within(each.target, column)
        column = column if seen is None else case((seen, column), else_=None)
    elif each.type is FieldType.TEXT:
        column = func.nullif(column, "")
    name = each.name
    return Dimension(
        name=name,
        label=each.label,
        value=column,
        sources=sources,
        labels=_labels(session, each),
        leaves=lambda value: [_leaf(name, value)],
    )


def _leaf(name: str, value: Any) -> Leaf:
    return (name, "empty", True) if value is None else (name, "eq", value)


def _labels(session: Any, each: Field) -> Labels:
    blank = str(BLANK.get(each.name, _("not given")))
    if each.type is FieldType.REFERENCE:
        target = str(each.target)

        def named(values: Iterable[Any]) -> Mapping[Any, str]:
            return {None: blank} | titles(session, target, values)

        return named
    known: dict[Any, str] = {choice.value: str(choice.label) for choice in each.choices}
    if each.type is FieldType.BOOLEAN:
        known = {True: str(_("yes")), False: str(_("no"))}
    return lambda values: {
        value: blank if value is None else known.get(value, str(value)) for value in values
    }


def titles(session: Any, entity: str, ids: Iterable[Any]) -> dict[Any, str]:
    """The names of records that the reader may see, also of those in the bin."""
    wanted = {each for each in ids if each is not None}
    model: Any = session.predicates.by_entity[entity]
    if not wanted:
        return {}
    column = title_column(session, entity, model)
    with session.with_deleted():
        rows = session.execute(select(model.id, column).where(model.id.in_(wanted)))
        return {row[0]: str(row[1] or _("no name")) for row in rows}


def of_parties(session: Any, rtype: RecordType) -> dict[str, Dimension]:
    """By role, class and stage of the role, by group and tag, and by fields."""
    found: dict[str, Dimension] = {}
    readable = {each.name for each in readable_fields(rtype, session.principal.rights)}
    model: Any = rtype.model
    if "roles" in readable:
        day = periods.today(session)
        here = PartyRole.party_id == model.id
        join = ((PartyRole, here & _all(related.holds(PartyRole, day)), False),)
        for name, label in OF_ROLE.items():
            sub = field_at(rtype, f"roles.{name}")
            assert sub is not None
            column = func.nullif(getattr(PartyRole, sub[0].attribute), "")
            found[name] = Dimension(
                name=name,
                label=label,
                value=column,
                sources=join,
                labels=_role_labels(session, sub[0]),
                role_part=name,
                several=True,
            )
    if "groups" in readable and "group" in session.predicates.by_entity:
        found["group"] = _linked(
            session, "group", _("Group"), "groups", GroupMember, GroupMember.group_id, model
        )
    if "tags" in readable:
        found["tag"] = _linked(session, "tag", _("Tag"), "tags", PartyTag, PartyTag.tag, model)
    kinds = {each.value: str(each.label) for each in KINDS}
    found["kind"] = Dimension(
        name="kind",
        label=_("People or organisations"),
        value=model.kind,
        labels=lambda values: {each: kinds.get(each, str(each)) for each in values},
        leaves=lambda value: [("kind", "eq", value)],
    )
    for name, each in of_fields(session, rtype).items():
        found.setdefault(name, each)
    return found


def _all(conditions: Sequence[Any]) -> Any:
    first, *others = conditions
    for each in others:
        first = first & each
    return first


def _role_labels(session: Any, sub: Field) -> Labels:
    known = {each.value: str(each.label) for each in sub.choices}
    if sub.name == "stage":
        known = {each.value: str(each.label) for each in stages.choices(session)}
    blank = str(_("without a stage") if sub.name == "stage" else _("not given"))
    return lambda values: {
        value: blank if value is None else known.get(value, str(value)) for value in values
    }


def _linked(
    session: Any, name: str, label: Text, list_field: str, link: Any, column: Any, model: Any
) -> Dimension:
    sources: tuple[tuple[Any, Any, bool], ...] = ((link, link.party_id == model.id, False),)
    if link is GroupMember:
        sources += ((Group, Group.id == GroupMember.group_id, False),)

    def labels(values: Iterable[Any]) -> Mapping[Any, str]:
        if link is GroupMember:
            return titles(session, "group", values)
        return {each: str(each) for each in values}

    return Dimension(
        name=name,
        label=label,
        value=column,
        sources=sources,
        labels=labels,
        leaves=lambda value: [_leaf(list_field, value)],
        several=True,
    )


STEPS: Mapping[periods.Step, Text] = {
    "day": _("Day"),
    "week": _("Week"),
    "month": _("Month"),
    "quarter": _("Quarter"),
    "year": _("Year"),
}


def of_time(
    column: Any, name: str, step: periods.Step, period: periods.Period, span: Any
) -> Dimension:
    """By days, weeks, months … of a moment; `span` says how a part is called."""
    parts = period.steps(step)
    starts = [each.moments()[0] for each in parts]

    def leaves(number: Any) -> Sequence[Leaf]:
        part = parts[number]
        return [(name, "ge", part.first), (name, "lt", part.last + periods.DAY)]

    return Dimension(
        name=step,
        label=STEPS[step],
        value=periods.bucket(column, starts),
        labels=lambda numbers: {each: span(parts[each], step) for each in numbers},
        leaves=leaves,
        fixed=tuple(range(len(parts))),
    )


def choices(found: Mapping[str, Dimension]) -> tuple[Choice, ...]:
    """The dimensions as the choices of a parameter."""
    return tuple(Choice(value=name, label=each.label) for name, each in found.items())
