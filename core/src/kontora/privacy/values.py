"""By which texts a person can be recognised where no key names him: in logs, mails, imports.

Only texts that hardly anybody shares are looked for: with a digit, an @ or a blank in them, at
least six characters long; and none that another record holds as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select

from kontora.parties.models import ContactPoint, Identifier, Party
from kontora.records.models import ChangeRow

SHORTEST, MOST = 6, 400
ERASED = "[erased]"
# Parts of a record whose texts are choices, dates or names of others.
_NOT_HIS = frozenset(
    "id kind role status class functions type scheme country label owner branch organisation "
    "reports_to other position tags consents groups from to stage region".split()
)
_change: Any = ChangeRow.__table__


def recognisable(connection: Connection, party_id: UUID, shown: dict[str, Any]) -> list[str]:
    """The texts, the longest first. `shown` is the record in the shape of the API, with all of
    its fields; earlier values are read from the change log."""
    found = set(_texts(shown))
    given, family = shown.get("given"), shown.get("family")
    middle = shown.get("middle")
    names = [each for each in (family, given, middle) if each]
    if len(names) > 1:
        found |= {" ".join(names), f"{given} {family}", f"{family} {given}"}
    log = select(_change.c.diff).where(
        _change.c.entity == "party", _change.c.record_id == party_id, _change.c.diff.is_not(None)
    )
    for diff in connection.execute(log).scalars():
        for name, pair in (diff or {}).items():
            if name not in _NOT_HIS:
                found |= set(_texts(pair))
    own = {each for each in found if _is_distinctive(each)}
    own -= _shared(connection, party_id, own)
    return sorted(own, key=lambda each: (-len(each), each))[:MOST]


def once_said(connection: Connection, records: Iterable[UUID]) -> set[str]:
    """All texts that the change log holds of these records."""
    wanted, found = list(records), set[str]()
    for start in range(0, len(wanted), 500):
        log = select(_change.c.diff).where(
            _change.c.record_id.in_(wanted[start : start + 500]), _change.c.diff.is_not(None)
        )
        for diff in connection.execute(log).scalars():
            found |= said_in(diff)
    return found


def said_in(diff: dict[str, Any] | None) -> set[str]:
    """All texts of one line of the change log, old and new."""
    return {text for pair in (diff or {}).values() for text in _all(pair)}


def _all(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _all(inner)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value.strip()
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in _NOT_HIS:
                yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)


def _is_distinctive(text: str) -> bool:
    if len(text) < SHORTEST or _is_moment(text) or _is_id(text):
        return False
    return any(each.isdigit() or each == "@" or each.isspace() for each in text)


def _is_moment(text: str) -> bool:
    return text[:4].isdigit() and text[4:5] == "-" and text[5:7].isdigit() and len(text) < 33


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _shared(connection: Connection, party_id: UUID, texts: Iterable[str]) -> set[str]:
    """Those that another record holds as well: they stay in its own history."""
    wanted, found = sorted(texts), set[str]()
    holders: tuple[tuple[Any, Any, Any], ...] = (
        (ContactPoint.__table__, "value", "party_id"),
        (ContactPoint.__table__, "normalised", "party_id"),
        (Identifier.__table__, "value", "party_id"),
        (Party.__table__, "display_name", "id"),
    )
    for start in range(0, len(wanted), 200):
        some = wanted[start : start + 200]
        for table, column, owner in holders:
            statement = select(table.c[column]).where(
                table.c[column].in_(some), table.c[owner] != party_id
            )
            found |= set(connection.execute(statement).scalars())
    return found


# Taking them out


def patterns(texts: Iterable[str]) -> list[str]:
    """As they stand in a column: plain, and inside JSON."""
    found = dict.fromkeys(texts)
    for each in list(found):
        found[json.dumps(each, ensure_ascii=False)[1:-1]] = None
    return list(found)


def without(value: Any, texts: list[str], party: str) -> Any:
    """A value of a log without these texts, and without the name of the party where its id
    stands beside it."""
    if isinstance(value, str):
        for each in texts:
            if each in value:
                value = value.replace(each, ERASED)
        return value
    if isinstance(value, dict):
        named = {"name", "display_name"} if value.get("id") == party else set()
        return {
            name: ERASED if name in named and inner else without(inner, texts, party)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without(each, texts, party) for each in value]
    return value
