"""The parts and child rows of a batch of records, all of them by one statement.

Each table is one arm of a UNION ALL; its columns stand in places that it shares with columns of
the same type of other tables. The scoped session adds the rules to each arm, as to any SELECT.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, cast, literal, null, select, union_all
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.expression import any_

from kontora.access.session import ScopedSession

IDS = "ids"


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted of one table: rows by the id of their record, and some attributes."""

    model: type
    parent: str
    attributes: tuple[str, ...]


def load(
    session: ScopedSession, parts: tuple[Part, ...], ids: Sequence[UUID]
) -> dict[Part, dict[UUID, list[Any]]]:
    """The rows of each part by record, without order; a row has the attributes by name."""
    found: dict[Part, dict[UUID, list[Any]]] = {each: {} for each in parts}
    if not ids or not parts:
        return found
    statement, makers = _plan(parts, session.get_bind().dialect.name)
    for row in session.execute(statement, {IDS: list(ids)}):
        number, record = row[0], row[1]
        make, places = makers[number]
        rows = found[parts[number]]
        rows.setdefault(record, []).append(make(*[row[place] for place in places]))
    return found


@lru_cache(maxsize=256)
def _plan(parts: tuple[Part, ...], dialect: str) -> tuple[Any, list[tuple[Any, list[int]]]]:
    """The statement, and for each arm what its rows become and in which places they stand."""
    width: list[Any] = []  # the type of each place
    makers: list[tuple[Any, list[int]]] = []
    for part in parts:
        free = list(range(len(width)))
        places = []
        for name in part.attributes:
            kind = getattr(part.model, name).type
            place = next((n for n in free if type(width[n]) is type(kind)), None)
            if place is None:
                place = len(width)
                width.append(kind)
            else:
                free.remove(place)
            places.append(place + 2)
        makers.append((namedtuple("Row", part.attributes, rename=True), places))
    arms = []
    for number, part in enumerate(parts):
        columns: list[Any] = [cast(null(), kind) for kind in width]
        for name, place in zip(part.attributes, makers[number][1], strict=True):
            columns[place - 2] = getattr(part.model, name)
        parent = getattr(part.model, part.parent)
        named = (each.label(f"c{n}") for n, each in enumerate(columns))
        arm = select(literal(number).label("part"), parent.label("record"), *named)
        arms.append(arm.where(_among(parent, dialect)))
    return union_all(*arms), makers


def _among(column: Any, dialect: str) -> Any:
    if dialect == "postgresql":  # one text of the statement, however many records
        ids = postgresql.ARRAY(postgresql.UUID(as_uuid=True))
        return column == any_(bindparam(IDS, type_=ids))
    return column.in_(bindparam(IDS, expanding=True))
