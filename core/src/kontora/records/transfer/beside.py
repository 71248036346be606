"""What an import brings to a record beside its fields, such as the consents of a party.

Whoever keeps such facts says so once with `add`; the columns of a file then name them by paths
that begin with the word of the part: `consent.marketing.email`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from kontora.text import Text

# A cell with the column that it stands in.
Given = tuple[str, str]
# (column, value, why it was left out)
Complaint = tuple[str, str, Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A part of the rows of `entity`. `field` is the one whose hiding hides the part.

    `write(session, record_id, cells)` gets the cells of a row by path, days in ISO form, and
    returns what it left out. `choices(session)` are paths to choose from, with their labels.
    """

    word: str
    entity: str
    field: str
    label: Text
    days: tuple[str, ...]
    write: Callable[[Any, UUID, Mapping[str, Given]], Iterable[Complaint]]
    choices: Callable[[Any], Iterable[tuple[str, str]]]

    @property
    def pattern(self) -> str:
        """The path that stands for all paths of the part."""
        return f"{self.word}.*"

    def is_day(self, path: str) -> bool:
        """Whether the cells of a path are days."""
        return path.rpartition(".")[2] in self.days


_parts: dict[str, Beside] = {}


def add(part: Beside) -> None:
    """Tell of a part."""
    _parts[part.word] = part


def parts_of(entity: str) -> list[Beside]:
    """The parts that rows of an entity can have."""
    return [each for each in _parts.values() if each.entity == entity]


def named(path: str) -> Beside | None:
    """The part that a path belongs to."""
    return _parts.get(path.partition(".")[0])
