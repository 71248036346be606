"""A list in groups: how many records each value of a field has, counted by one statement, and the
condition that picks one group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.records.query import Query, conditions_of
from kontora.records.read import part_key, title_column
from kontora.records.schema import readable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

NONE = "~"  # the group of records without a value
EARLIER, LATER = "earlier", "later"
MONTHS_BACK, MONTHS_AHEAD = 24, 12
MOST = 200
CHOSEN = {FieldType.CHOICE, FieldType.BOOLEAN, FieldType.REFERENCE}
DATED = {FieldType.DATE, FieldType.DATETIME}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One value and how many records have it. `key` names it in addresses: an id, a choice,
    `2026-11`, or `~` for none; `label` is the name of a reference."""

    key: str
    count: int
    label: str | None = None


def groupable(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The fields by which a list can be grouped."""
    fields = readable_fields(rtype, session.principal.rights)
    return [each for each in fields if _fits(each)]


def _fits(field: Field) -> bool:
    if field.computed is not None or field.shortcut is not None or field.json_key:
        return False
    if field.collection is not None:
        return field.name == "roles"
    return field.type in CHOSEN | DATED or field.name == "industry"


def groups(
    session: ScopedSession, rtype: RecordType, query: Query, name: str
) -> tuple[Field, list[Group]]:
    """The groups of a list, largest first; months in their order. Raises Invalid."""
    rtype = session.registry.effective(rtype)
    field = next((each for each in groupable(session, rtype) if each.name == name), None)
    if field is None:
        raise Invalid({"group": [_("“%(name)s” cannot be grouped by.") % {"name": name}]})
    model: Any = rtype.model
    statement, column, label = _source(session, rtype, field)
    value = column
    if field.type in DATED:
        value = label = _months(session, column, field)
    inner = statement.with_only_columns(
        model.id.label("id"), value.label("value"), label.label("label")
    )
    inner = inner.where(*conditions_of(session, rtype, query))
    beside = {"beside": "search"}
    each = inner.subquery()
    # A record with two rows of a role is one record; all else has one row for each anyhow.
    number = func.count(func.distinct(each.c.id)) if field.collection else func.count()
    rows = session.execute(
        select(each.c.value, each.c.label, number.label("n"))
        .select_from(each)
        .group_by(each.c.value, each.c.label)
        .order_by(number.desc())
        .limit(MOST),
        execution_options=beside,
    ).all()
    found = _together(rows, field)
    if field.type in DATED:
        found.sort(key=lambda each: (each.key == NONE, _rank(each.key)), reverse=False)
    return field, found


def _rank(key: str) -> str:
    return {EARLIER: "0000", LATER: "9999"}.get(key, key)


def _together(rows: Any, field: Field) -> list[Group]:
    """References that the principal may not see are none to him: they are one group."""
    found: dict[str, Group] = {}
    for row in rows:
        hidden = field.type is FieldType.REFERENCE and row.label is None
        key = NONE if row.value is None or row.value == "" or hidden else _key(row.value)
        label = str(row.label) if field.type is FieldType.REFERENCE and key != NONE else None
        before = found[key].count if key in found else 0
        found[key] = Group(key=key, count=before + row.n, label=label)
    return sorted(found.values(), key=lambda each: (each.key == NONE, -each.count, each.key))


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _source(
    session: ScopedSession, rtype: RecordType, field: Field
) -> tuple[Select[Any], Any, Any]:
    """Where the value comes from, the column with it, and its name."""
    model: Any = rtype.model
    statement = select(model.id).select_from(model)
    if field.collection is not None:
        child: Any = field.collection.model
        link = getattr(child, field.collection.parent) == model.id
        column = getattr(child, field.collection.fields[0].attribute)
        return statement.outerjoin(child, link), column, column
    if field.model is not None:
        part: Any = field.model
        statement = statement.outerjoin(part, getattr(part, part_key(part)) == model.id)
        column = getattr(part, field.attribute)
    else:
        column = getattr(model, field.attribute)
    if field.type is not FieldType.REFERENCE:
        return statement, column, column
    target: Any = aliased(session.predicates.by_entity[field.target or ""])
    title = title_column(session, field.target or "", target)
    return statement.outerjoin(target, target.id == column), column, title


def _months(session: ScopedSession, column: Any, field: Field) -> Any:
    """The month of a date in the user's zone, as `2026-11`: both engines count alike."""
    steps = _edges(session)
    whens: list[Any] = [
        (column.is_(None), None),
        (column < _edge(session, steps[0], field), EARLIER),
    ]
    for first, after in pairwise(steps):
        whens.append((column < _edge(session, after, field), f"{first:%Y-%m}"))
    return case(*whens, else_=LATER)


def _edges(session: ScopedSession) -> list[date]:
    today = session.now.astimezone(clock.zone(session.principal.timezone)).date()
    now = today.year * 12 + today.month - 1
    numbers = range(now - MONTHS_BACK, now + MONTHS_AHEAD + 2)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def _edge(session: ScopedSession, day: date, field: Field) -> Any:
    if field.type is FieldType.DATE:
        return day
    zone = clock.zone(session.principal.timezone)
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


def condition(session: ScopedSession, field: Field, key: str) -> dict[str, Any]:
    """One group as a filter. Raises Invalid for a key that is none."""
    name = field.name
    if key == NONE:
        return {"field": name, "op": "empty", "value": True}
    if field.type not in DATED:
        return {"field": name, "op": "eq", "value": key}
    steps = _edges(session)
    if key == EARLIER:
        return {"field": name, "op": "lt", "value": steps[0].isoformat()}
    if key == LATER:
        return {"field": name, "op": "ge", "value": steps[-1].isoformat()}
    try:
        first = date.fromisoformat(f"{key}-01")
        after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    except ValueError:
        raise Invalid({"within": [_("There is no such group.")]}) from None
    inside = {"field": name, "op": "ge", "value": first.isoformat()}
    return {"and": [inside, {"field": name, "op": "lt", "value": after.isoformat()}]}
