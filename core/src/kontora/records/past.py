"""A record as it was at the end of a past day.

Dated facts (rows with a beginning or an end) are those that hold on that day by what is known now;
everything else, fields of plugins and of administrators too, is read back from the change log:
the present value, with each later change taken back. What a field rule hides now is hidden in the
past, and so is a record that may not be seen now. Computed fields have no past and are empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.records import changes, masking
from kontora.records.models import ChangeRow
from kontora.records.read import _place, choose
from kontora.records.read import serialise as present_of
from kontora.records.save import find
from kontora.records.schema import sees_custom
from kontora.records.values import to_json
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import _

_change: Any = ChangeRow.__table__


def day_of(session: ScopedSession, given: str) -> date:
    """The day that a request names, as in 2026-03-01. Raises Invalid for what is no date, or lies
    in the future as the reader's clock shows it."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        text = _("This is not a date: write it as 2026-12-31.")
        raise Invalid({"as_of": [text]}) from None
    if day > today(session):
        raise Invalid({"as_of": [_("This day has not come yet.")]})
    return day


def today(session: ScopedSession) -> date:
    """The present day in the time zone of the reader."""
    return session.now.astimezone(clock.zone(session.principal.timezone)).date()


def end_of(session: ScopedSession, day: date) -> datetime:
    """The first moment after a day, in the time zone of the reader."""
    if day >= date.max:
        return session.now
    zone = clock.zone(session.principal.timezone)
    local = datetime.combine(day + timedelta(days=1), time.min, zone)
    return min(local.astimezone(UTC), session.now + timedelta(seconds=1))


def record_on(
    session: ScopedSession,
    rtype: RecordType,
    record_id: UUID,
    day: date,
    fields: Iterable[str] | None = None,
    expand: Iterable[str] = (),
) -> tuple[dict[str, Any], int]:
    """The record in the shape of the API as it was at the end of `day`, and its version then.

    Raises NotFound when it may not be seen now, did not exist yet, or lay in the bin.
    """
    record = find(session, rtype, record_id)
    end = end_of(session, day)
    _refuse_absent(session, rtype, record, day, end)
    names = None if fields is None else tuple(fields)
    chosen = choose(rtype, session, names, expand)
    kind = getattr(record, "kind", None) if rtype.kinds else None
    base = [each for each in _needed(rtype, chosen) if each.applies_to(kind)]
    later = _later(session, rtype, record_id, end)
    now = present_of(session, rtype, [record], base, whole=True)[0]
    values = {each.name: _value(session, each, now, later, record_id, day) for each in base}
    own = {each.short_name for each in base if each.json_key}
    loose = {k: v for k, v in (now.get("custom") or {}).items() if k not in own}
    loose = {k: v for k, v in _back(rtype, session, loose, later, own).items() if v is not None}
    values, loose = _named(session, values, loose)
    shown: dict[str, Any] = {"id": str(record.id)} | ({"kind": kind} if rtype.kinds else {})
    for each in chosen:
        if each.applies_to(kind):
            short = each.shortcut is not None
            _place(shown, each, _short(each, values) if short else _readable(each, values))
    if hasattr(record, "custom") and (names is None or "custom" in names):
        shown["custom"] = {**loose, **shown.get("custom", {})}
    version, updated = _version(session, rtype, record, end)
    shown["created_at"], shown["updated_at"] = to_json(record.created_at), to_json(updated)
    return shown, version


def _refuse_absent(
    session: ScopedSession, rtype: RecordType, record: Any, day: date, end: datetime
) -> None:
    if record.created_at >= end:
        text = _("It did not exist on %(day)s: it was created on %(created)s.")
        created = record.created_at.astimezone(clock.zone(session.principal.timezone)).date()
        raise NotFound(text % {"day": day.isoformat(), "created": created.isoformat()})
    moves = (
        select(_change.c.verb)
        .where(_change.c.entity == rtype.entity, _change.c.record_id == record.id)
        .where(_change.c.verb.in_(("delete", "restore")), _change.c.at < end)
        .order_by(_change.c.id.desc())
        .limit(1)
    )
    if session.execute(moves, execution_options=changes.DOOR).scalar() == "delete":
        raise NotFound(_("It lay in the bin on %(day)s.") % {"day": day.isoformat()})


def _needed(rtype: RecordType, chosen: Sequence[Field]) -> list[Field]:
    """The stored fields behind the chosen ones: a short form stands for its collection."""
    names = {each.shortcut.collection if each.shortcut else each.name for each in chosen}
    return [
        each
        for each in rtype.fields
        if each.name in names and each.computed is None and each.shortcut is None
    ]


def _later(
    session: ScopedSession, rtype: RecordType, record_id: UUID, end: datetime
) -> dict[str, Any]:
    """The value that each changed field had at `end`: the old side of its first change after."""
    rows = session.execute(
        select(_change.c.diff)
        .where(_change.c.entity == rtype.entity, _change.c.record_id == record_id)
        .where(_change.c.at >= end)
        .order_by(_change.c.id.desc()),
        execution_options=changes.DOOR,
    )
    found: dict[str, Any] = {}
    for (diff,) in rows:
        for name, pair in (diff or {}).items():
            if isinstance(pair, list) and len(pair) == 2:
                found[name] = pair[0]
    return found


def _value(
    session: ScopedSession,
    field: Field,
    now: Mapping[str, Any],
    later: Mapping[str, Any],
    record_id: UUID,
    day: date,
) -> Any:
    if field.on_day is not None:
        found = field.on_day(session, [record_id], day).get(record_id)
        return {"id": str(found), "name": None} if isinstance(found, UUID) else to_json(found)
    inside = now.get(field.namespace) if field.namespace else now
    value = (inside or {}).get(field.short_name)
    before = later.get(field.name, value)
    if is_dated(field):
        return _dated(field, value or [], before or [], day)
    return [] if before is None and field.collection is not None else before


def is_dated(field: Field) -> bool:
    """Whether the rows of a field have a beginning and an end."""
    inner = {each.name for each in field.collection.fields} if field.collection else set()
    return {"from", "to"} <= inner


def _dated(
    field: Field, now: Sequence[Mapping[str, Any]], then: Sequence[Mapping[str, Any]], day: date
) -> list[Mapping[str, Any]]:
    """Rows with dates count as known now; those without any as the log has them."""
    text = day.isoformat()
    valid = [row for row in now if _has_dates(row) and _holds(row, text)]
    known = [_key(field, row) for row in now if _has_dates(row)]
    undated = [row for row in then if not _has_dates(row) and _key(field, row) not in known]
    return [*valid, *undated]


def _has_dates(row: Mapping[str, Any]) -> bool:
    return bool(row.get("from") or row.get("to"))


def _holds(row: Mapping[str, Any], day: str) -> bool:
    return (row.get("from") or day) <= day <= (row.get("to") or day)


def _key(field: Field, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes two rows the same fact, whatever their dates, names and owners."""
    assert field.collection is not None
    names = field.collection.key or tuple(each.name for each in field.collection.fields)
    plain = (row.get(name) for name in names if name not in ("from", "to"))
    return tuple(each.get("id") if isinstance(each, Mapping) else each for each in plain)


def _back(
    rtype: RecordType,
    session: ScopedSession,
    loose: Mapping[str, Any],
    later: Mapping[str, Any],
    own: set[str],
) -> dict[str, Any]:
    """Values of custom fields that are declared no longer, or never were."""
    found = dict(loose)
    for name, value in later.items():
        key = name.removeprefix("custom.")
        if key != name and key not in own and rtype.field_named(name) is None:
            if sees_custom(rtype, session.principal.rights, key):
                found[key] = value
    return found


# Names of referenced records, and those that may not be seen


def _named(
    session: ScopedSession, values: dict[str, Any], loose: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Mask what the principal may not see, and name what was logged without a name."""
    everything = {"values": values, "loose": loose}
    ids = set(masking.ids_in(everything))
    seen = masking.visible_ids(session, ids)
    nameless = seen & set(_nameless(everything))
    masked = _filled(masking.masked(everything, seen), _titles(session, nameless))
    return masked["values"], masked["loose"]


def _nameless(value: Any) -> Iterator[UUID]:
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"} and not value["name"]:
            yield UUID(value["id"])
        for inner in value.values():
            yield from _nameless(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nameless(inner)


def _titles(session: ScopedSession, ids: set[UUID]) -> dict[str, str]:
    found: dict[str, str] = {}
    for model in session.predicates.by_entity.values() if ids else ():
        names = (name for name in ("display_name", "name", "subject") if hasattr(model, name))
        title = next(names, None)
        if title is None or not hasattr(model, "id"):
            continue
        some: Any = model
        with session.with_deleted():
            rows = session.execute(select(some.id, getattr(some, title)).where(some.id.in_(ids)))
            found |= {str(row[0]): row[1] for row in rows}
    return found


def _filled(value: Any, titles: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"} and not value["name"]:
            return {"id": value["id"], "name": titles.get(value["id"])}
        return {key: _filled(inner, titles) for key, inner in value.items()}
    return [_filled(inner, titles) for inner in value] if isinstance(value, list) else value


def _readable(field: Field, values: Mapping[str, Any]) -> Any:
    """Rows that consist of somebody who may not be seen are left out as a whole."""
    value = values.get(field.name)
    if field.collection is None or not isinstance(value, list):
        return value
    if field.collection.single:
        return [each for each in value if each is not None]
    needed = [each.name for each in field.collection.fields if each.required]
    return [row for row in value if all(row.get(name) is not None for name in needed)]


def _short(field: Field, values: Mapping[str, Any]) -> Any:
    short = field.shortcut
    assert short is not None
    rows = values.get(short.collection) or []
    fitting = [row for row in rows if all(row.get(k) == v for k, v in short.where.items())]
    first = next((row for row in fitting if row.get("primary")), next(iter(fitting), None))
    if isinstance(first, Mapping) and short.value in first:
        return first[short.value]
    return first  # nothing, or the row of a collection with one field: the value itself


def _version(
    session: ScopedSession, rtype: RecordType, record: Any, end: datetime
) -> tuple[int, datetime]:
    found = session.execute(
        select(func.max(_change.c.version), func.max(_change.c.at))
        .where(_change.c.entity == rtype.entity, _change.c.record_id == record.id)
        .where(_change.c.at < end),
        execution_options=changes.DOOR,
    ).one()
    return int(found[0] or 1), found[1] or record.created_at
