"""A file of rows, whatever its format: what the readers give and the import takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from kontora.errors import Invalid
from kontora.records.transfer.issues import Issue
from kontora.records.transfer.limits import DEFAULT_LIMITS, Limits
from kontora.text import Text, _, n_

Cell = str | int | float | bool | date | datetime | time

PROBLEM_COLUMN = "kontora: problem"
"""The column that a file of refused rows carries for the reader; an import passes over it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One data row.

    `number` counts data rows from 1, empty ones too, so that it agrees with what a spreadsheet
    shows; it is also the cursor from which `Table.rows` goes on. `cells` has every column of the
    table ("" when empty). `record` is set when the format itself says what the values mean
    (vCard, Kontora's own JSON): record data in the shape of the API, to be used without mapping.
    """

    number: int
    cells: Mapping[str, Cell]
    record: Mapping[str, object] | None = None
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """An opened file: what was found out about it, and its rows as a stream.

    Each call of `rows` reads the file again from its beginning, so a table can be previewed,
    checked and imported one after the other, and memory does not grow with the file.
    """

    format: str
    columns: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""
    has_header: bool = True
    warnings: tuple[Text, ...] = ()
    sheets: tuple[str, ...] = ()
    carries_records: bool = False
    source: Callable[[], Iterator[Row]] = field(repr=False)

    def rows(self, start: int = 0) -> Iterator[Row]:
        """Yield the rows whose number is above `start` (the number of the last row done)."""
        for row in self.source():
            if row.number > start:
                yield row

    def sample(self, count: int = 20) -> list[Row]:
        """The first `count` rows, for a preview."""
        taken: list[Row] = []
        for row in self.source():
            if len(taken) >= count:
                break
            taken.append(row)
        return taken


def name_columns(headings: Sequence[str], limits: Limits) -> tuple[tuple[str, ...], list[Text]]:
    """Make headings usable as keys: none empty, none twice, white space tidy.

    Raises `Invalid` when there are more columns than the limit allows.
    """
    if len(headings) > limits.columns:
        text = _("The file has %(n)s columns; at most %(limit)s are read. Leave some out.")
        raise Invalid({"file": [text % {"n": len(headings), "limit": limits.columns}]})
    names: list[str] = []
    warnings: list[Text] = []
    for position, heading in enumerate(headings, start=1):
        name = " ".join(heading.split())
        if not name:
            name = f"column {position}"
        if name in names:
            first, name = name, _free_name(name, names, headings)
            text = _(
                "Column %(n)s is headed “%(first)s” like another one; it is called “%(name)s”."
            )
            warnings.append(text % {"n": position, "first": first, "name": name})
        names.append(name)
    return tuple(names), warnings


def _free_name(name: str, taken: Iterable[str], headings: Sequence[str]) -> str:
    used = set(taken) | set(headings)
    number = 2
    while f"{name} ({number})" in used:
        number += 1
    return f"{name} ({number})"


def numbered_columns(count: int) -> list[str]:
    """Names for the columns of a file without headings."""
    return [f"column {position}" for position in range(1, count + 1)]


def titles_passed_over(count: int) -> Text:
    """The warning about rows above the headings that are not part of the table."""
    return n_(
        "%(n)s row above the table was passed over.",
        "%(n)s rows above the table were passed over.",
        count,
    )


def too_long(number: int, column: str, value: str, limits: Limits) -> Issue:
    """The report of a value that is longer than a field may be."""
    text = _("The value has %(n)s characters; at most %(limit)s are stored. It was left out.")
    return Issue(
        row=number,
        column=column,
        value=value[:80] + "…",
        reason=text % {"n": len(value), "limit": limits.field},
        severity="left_out",
    )


__all__ = [
    "DEFAULT_LIMITS",
    "PROBLEM_COLUMN",
    "Cell",
    "Row",
    "Table",
    "name_columns",
    "numbered_columns",
    "titles_passed_over",
    "too_long",
]
