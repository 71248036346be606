"""Values of a custom field when its type changes, when it becomes unique, when it is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid
from kontora.records import changes
from kontora.records.custom import unique
from kontora.records.custom.columns import JsonColumn
from kontora.records.custom.values import input_of, shown, stored
from kontora.records.transfer.cells import clean_value
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import Change, RecordType
from kontora.text import _

MOST = 20_000
BATCH = 500
KEPT = "_old"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a new type would do to the values that are there; `examples` are some that it
    cannot hold."""

    values: int
    lost: int
    examples: tuple[str, ...] = ()


def count(session: ScopedSession, rtype: RecordType, key: str) -> int:
    """How many records have a value under a key, those in the bin too."""
    model: Any = rtype.model
    column = JsonColumn(session.get_bind().dialect.name, model, _any(key)).json()
    with session.with_deleted():
        found = select(func.count(model.id)).where(column.is_not(None))
        return int(session.scalar(found) or 0)


def _any(key: str) -> Field:
    return Field(name=f"custom.{key}", label=key, json_key=key)


def records(session: ScopedSession, rtype: RecordType, key: str) -> Iterator[Any]:
    """The records that have a value under a key, those in the bin too, a batch at a time."""
    model: Any = rtype.model
    column = JsonColumn(session.get_bind().dialect.name, model, _any(key)).json()
    last = None
    while True:
        statement = select(model).where(column.is_not(None)).order_by(model.id).limit(BATCH)
        if last is not None:
            statement = statement.where(model.id > last)
        with session.with_deleted():
            found = list(session.scalars(statement))
        yield from found
        if len(found) < BATCH:
            return
        last = found[-1].id


def converted(before: Field | None, after: Field, value: Any) -> Any:
    """A value as a field of another type keeps it; None when it cannot.

    A money amount becomes a number, a choice its word; a text is read like the cell of an import.
    A link keeps only what was a link to the same kind of record.
    """
    if after.type is FieldType.REFERENCE:
        same = before is not None and before.type is FieldType.REFERENCE
        return value if same and before is not None and before.target == after.target else None
    if isinstance(value, dict) and after.type is not FieldType.MONEY:
        amount = value.get("amount")
        money = after.type in (FieldType.TEXT, FieldType.LONGTEXT)
        value = f"{amount} {value.get('currency')}" if money else amount
    if isinstance(value, list) and after.type is not FieldType.CHOICES:
        value = ", ".join(str(each) for each in value)
    return _read(replace(after, choices=_offered(after)), value)


def _offered(field: Field) -> tuple[Choice, ...]:
    return tuple(replace(each, retired=False) for each in field.choices)


def _read(field: Field, value: Any) -> Any:
    if not isinstance(value, list | dict):
        value = clean_value(field, value).value
    if value is None:
        return None
    try:
        return stored(field, input_of(field).deserialize(value))
    except ValidationError:
        return None


def preview(
    session: ScopedSession, rtype: RecordType, before: Field | None, after: Field
) -> Preview:
    """Look at each value. Raises Conflict when there are too many to convert at once."""
    key = str(after.json_key)
    number = check_number(session, rtype, key)
    bad = []
    if number:
        for record in records(session, rtype, key):
            value = record.custom[key]
            if converted(before, after, value) is None:
                bad.append(str(value)[:60])
        session.expunge_all()
    return Preview(values=number, lost=len(bad), examples=tuple(dict.fromkeys(bad))[:5])


def check_number(session: ScopedSession, rtype: RecordType, key: str) -> int:
    """The number of values. Raises Conflict when they cannot be changed in one step."""
    number = count(session, rtype, key)
    if number > MOST:
        text = _("%(n)s records have a value; at most %(most)s are changed in one step.")
        values: dict[str, object] = {"n": number, "most": MOST}
        raise Conflict(text % values, _("Make a new field beside it, or archive this one."))
    return number


def convert(session: ScopedSession, rtype: RecordType, before: Field | None, after: Field) -> None:
    """Convert all values. What the new type cannot hold stays under `<key>_old`."""
    key = str(after.json_key)

    def change(custom: dict[str, Any]) -> None:
        old = custom.pop(key)
        value = converted(before, after, old)
        if value is not None:
            custom[key] = value
        else:
            custom[f"{key}{KEPT}"] = old

    change_all(session, rtype, key, change)


def remove(session: ScopedSession, rtype: RecordType, key: str) -> None:
    """Take the values out of all records. The history of each keeps what it was."""
    change_all(session, rtype, key, lambda custom: custom.pop(key))


def change_all(
    session: ScopedSession, rtype: RecordType, key: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    """Change the custom values of all records that have one under `key`, with history."""
    check_number(session, rtype, key)
    for record in records(session, rtype, key):
        custom = dict(record.custom)
        change(custom)
        if custom == record.custom:
            continue
        differing = [each for each in {*custom, *record.custom} if _differs(custom, record, each)]
        before = {f"custom.{each}": record.custom.get(each) for each in differing}
        after = {f"custom.{each}": custom.get(each) for each in differing}
        with session.permitting():
            session.permit(record)
            record.custom, record.updated_at = custom, session.now
            record.version += 1
            session.flush()
        made = Change(
            entity=rtype.entity,
            record_id=record.id,
            kind=getattr(record, "kind", None),
            verb="change",
            before=before,
            after=after,
        )
        changes.write(session, made, record.version)


def _differs(custom: dict[str, Any], record: Any, key: str) -> bool:
    return bool(custom.get(key) != record.custom.get(key))


def make_unique(session: ScopedSession, rtype: RecordType, field: Field) -> None:
    """Give each value to the record that has it. Raises Invalid when two records share one."""
    key = str(field.json_key)
    unique.release_all(session, rtype.entity, key)
    shared = []
    for record in records(session, rtype, key):
        value = shown(field, record.custom.get(key))
        compared = unique.compared(field, value)
        if compared and not unique.take(session, rtype, field, compared, record.id):
            shared.append(str(value)[:60])
    if shared:
        text = _("%(n)s values stand at several records, for example “%(value)s”.")
        raise Invalid({"is_unique": [text % {"n": len(set(shared)), "value": shared[0]}]})
