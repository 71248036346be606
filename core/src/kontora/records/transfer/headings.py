"""Is the first row a row of headings, and if not, what are the columns?"""

from __future__ import annotations

import re
from collections.abc import Sequence

# fmt: off
_THUNDERBIRD = (
    "First Name", "Last Name", "Display Name", "Nickname", "Primary Email", "Secondary Email",
    "Work Phone", "Home Phone", "Fax Number", "Pager Number", "Mobile Number", "Home Address",
    "Home Address 2", "Home City", "Home State", "Home ZipCode", "Home Country", "Work Address",
    "Work Address 2", "Work City", "Work State", "Work ZipCode", "Work Country", "Job Title",
    "Department", "Organization", "Web Page 1", "Web Page 2", "Birth Year", "Birth Month",
    "Birth Day", "Custom 1", "Custom 2", "Custom 3", "Custom 4", "Notes", "Screen Name",
)
# fmt: on

_TABLE_WIDTH, _MOST_TITLES = 3, 10
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.\w+$")
_NUMBER = re.compile(r"^[+\-(]?\d[\d\s.,()\-/:]*$")
_HEADING = re.compile(r"[^\W\d_]")


def known_layout(rows: Sequence[Sequence[str]]) -> list[str] | None:
    """Name the columns of a file without headings whose fixed order is known.

    Thunderbird writes 37 columns (36 before it knew screen names), sometimes with an empty one
    after them; its fifth column is an e-mail address in at least one row.
    """
    rows = [row for row in rows if any(row)]
    width = max((len(row) for row in rows), default=0)
    if not rows or width not in (36, 37, 38):
        return None
    mails = [cell for row in rows for cell in row[4:6] if cell.strip()]
    if not mails or not all("@" in cell for cell in mails):
        return None
    return [*_THUNDERBIRD, ""][:width]


def title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the table are only its title: one cell, over rows of three or more."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    below = sorted(filled)
    if not below or below[len(below) // 2] < _TABLE_WIDTH:
        return 0
    titles = 0
    while titles < min(len(filled), _MOST_TITLES) and filled[titles] <= 1:
        titles += 1
    return titles


def looks_like_header(rows: Sequence[Sequence[str]]) -> bool:
    """Guess from the first rows whether the very first is a heading; in doubt it is."""
    if not rows:
        return True
    first = [cell.strip() for cell in rows[0]]
    if any(_EMAIL.match(cell) for cell in first):
        return False
    filled = [cell for cell in first if cell]
    if not filled:
        return False
    if all(_HEADING.search(cell) for cell in filled):
        return not _repeats_as_value(first, rows[1:])
    return not _numbers_continue(first, rows[1:])


def _repeats_as_value(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """Headings don't come back as values: `client,…` over many `client,…` rows is data."""
    again = 0
    for position, cell in enumerate(first):
        below = [row[position].strip() for row in rest if position < len(row)]
        if cell and below.count(cell) * 2 > len(below) > 2:
            again += 1
    return again * 2 > len(first)


def _numbers_continue(first: Sequence[str], rest: Sequence[Sequence[str]]) -> bool:
    """A number in the first row over numbers below it is a value, over text it may be a name."""
    for position, cell in enumerate(first):
        if not _NUMBER.match(cell):
            continue
        below = [row[position].strip() for row in rest if position < len(row)]
        if not below or any(_NUMBER.match(value) for value in below):
            return True
    return False
