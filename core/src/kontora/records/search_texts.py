"""Texts that are searched with a record, but are not among its fields: for example its files.

Where they are to be had is told here once (`add_source`), so that writing the index anew finds
them too. In the index each stands under a pseudo-field and a part of it: `files/<id of a file>`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_

from kontora.access.session import ScopedSession

MARK = "/"
_AFTER_MARK = chr(ord(MARK) + 1)


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a record. `part` tells several of one record apart; `name` is for people."""

    record_id: UUID
    part: str
    text: str
    name: str = ""


Read = Callable[[ScopedSession, str, Sequence[UUID]], Iterable[Text]]
_sources: dict[str, Read] = {}


def add_source(field: str, read: Read) -> None:
    """Tell where the texts of a pseudo-field are: `read(session, entity, record_ids)`."""
    _sources[field] = read


def sources() -> dict[str, Read]:
    """The known sources by pseudo-field."""
    return dict(_sources)


def place(field: str, part: str) -> str:
    """The name under which a text stands in the index."""
    return f"{field}{MARK}{part}"


def is_of(column: ColumnElement[str], field: str) -> ColumnElement[bool]:
    """That an entry of the index belongs to a field, or to a text of this pseudo-field."""
    return or_(column == field, _inside(column, field))


def _inside(column: ColumnElement[str], field: str) -> ColumnElement[bool]:
    # A range, so that no pattern of LIKE is needed: "/" and what follows it in the code table.
    return and_(column > field + MARK, column < field + _AFTER_MARK)
