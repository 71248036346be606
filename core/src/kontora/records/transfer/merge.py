"""Join what a row says with the record that is there: lists grow, single fields are replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.records import service
from kontora.registry.fields import Field
from kontora.registry.records import RecordType


def joined(
    session: ScopedSession, rtype: RecordType, record_id: UUID, data: Mapping[str, Any]
) -> dict[str, Any]:
    """`data` for a change of the record: rows of its collections are added to those there."""
    lists = [each for each in rtype.fields if each.collection is not None and each.name in data]
    found = {key: value for key, value in data.items() if key != "kind" or not rtype.kinds}
    if not lists:
        return found
    names = [each.name for each in lists]
    present = service.get_record(session, rtype, record_id, fields=names)
    for field in lists:
        merged = _rows(field, present.get(field.name) or [], data[field.name])
        if merged is None:
            del found[field.name]
        else:
            found[field.name] = merged
    return found


def _rows(field: Field, present: list[Any], given: list[Any]) -> list[Any] | None:
    """The rows of both; None when the record has them all."""
    collection = field.collection
    assert collection is not None
    if collection.single:
        known = [_plain(each) for each in present]
        new = [each for each in given if _plain(each) not in known]
        return [*known, *new] if new else None
    rows = [dict(each) for each in present]
    before = [dict(each) for each in rows]
    for each in given:
        same = next((row for row in rows if _same(row, each, collection.key)), None)
        if same is None:
            rows.append(dict(each))
        else:
            same.update({key: value for key, value in each.items() if key != "primary" and value})
    return None if rows == before else rows


def _plain(value: Any) -> Any:
    return value["id"] if isinstance(value, Mapping) and "id" in value else value


def _same(row: Mapping[str, Any], given: Mapping[str, Any], key: tuple[str, ...]) -> bool:
    """Whether a row of a file means a row of the record: by the key, without its date if the
    file gives none; rows without a key (addresses) by all that the file says."""
    keys = [name for name in key if given.get(name) is not None] or list(given)
    if "from" in key and given.get("from") is None and row.get("to") is not None:
        return False
    return all(_text(row.get(name)) == _text(given.get(name)) for name in keys)


def _text(value: Any) -> str:
    plain = _plain(value)
    return str(plain).casefold() if plain is not None else ""
