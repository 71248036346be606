"""Spreadsheets (XLSX, and what calamine reads as well: XLS, XLSB, ODS)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path

import python_calamine

from kontora.errors import Invalid, KontoraError
from kontora.records.transfer.archive import check_archive
from kontora.records.transfer.headings import known_layout, looks_like_header, title_rows
from kontora.records.transfer.issues import Issue
from kontora.records.transfer.limits import Limits
from kontora.records.transfer.table import (
    PROBLEM_COLUMN,
    Cell,
    Row,
    Table,
    name_columns,
    numbered_columns,
    titles_passed_over,
    too_long,
)
from kontora.text import Text, _

Raw = int | float | str | bool | time | date | datetime | timedelta
SAMPLE_ROWS = 100
_FAULTS = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


def open_xlsx(
    path: Path,
    *,
    has_header: bool | None = None,
    sheet: str | int | None = None,
    limits: Limits,
    format: str = "xlsx",
) -> Table:
    """Open one sheet of a workbook (the first with content, unless `sheet` names one).

    Raises `Invalid` for damaged files, archive bombs and unknown sheets.
    """
    if format != "xls" or zipfile.is_zipfile(path):
        check_archive(path, limits)
    with _explained():
        book = python_calamine.CalamineWorkbook.from_path(path)
        name = _sheet_name(book, sheet)
    book_sheet = _Sheet(path, name, limits)
    head = [[as_text(cell) for cell in row] for row in islice(book_sheet.filled(), SAMPLE_ROWS)]
    warnings: list[Text] = []
    book_sheet.titles = title_rows(head)
    if book_sheet.titles:
        warnings.append(titles_passed_over(book_sheet.titles))
    head = head[book_sheet.titles :]
    if has_header is None:
        has_header = looks_like_header(head)
    width = max((len(row) for row in head), default=0)
    if has_header:
        headings = [*head[0], *[""] * (width - len(head[0]))] if head else []
    else:
        headings = known_layout(head) or numbered_columns(width)
        warnings.append(_("The sheet seems to have no headings; its columns are numbered."))
    columns, renamed = name_columns(headings, limits)
    book_sheet.columns, book_sheet.has_header = columns, has_header
    return Table(
        format=format,
        columns=tuple(name for name in columns if name != PROBLEM_COLUMN),
        has_header=has_header,
        warnings=tuple(warnings + renamed),
        sheets=tuple(book.sheet_names),
        source=book_sheet.rows,
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Whatever the library says about a damaged file becomes `Invalid`."""
    try:
        yield
    except Exception as error:
        if isinstance(error, KontoraError):
            raise
        raise _damaged(error) from None
    except BaseException as error:
        # A panic in the library's own code is no `Exception`.
        if type(error).__name__ != "PanicException":
            raise
        raise _damaged(error) from None


def _damaged(error: BaseException) -> Invalid:
    text = _("The spreadsheet cannot be read (%(error)s). Save it anew as XLSX.")
    return Invalid({"file": [text % {"error": str(error)}]})


def _sheet_name(book: python_calamine.CalamineWorkbook, sheet: str | int | None) -> str:
    names = book.sheet_names
    if isinstance(sheet, int) and 0 <= sheet < len(names):
        return names[sheet]
    if isinstance(sheet, str) and sheet in names:
        return sheet
    if sheet is None and names:
        for name in names:
            if book.get_sheet_by_name(name).height:
                return name
        return names[0]
    text = _("There is no sheet “%(sheet)s”; the file has: %(names)s.")
    values: dict[str, object] = {"sheet": str(sheet), "names": ", ".join(names)}
    raise Invalid({"sheet": [text % values]})


def plain(value: Raw) -> Cell:
    """A cell's value without the accidents of the format: no `3.0`, no midnight, no durations."""
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime):
        return value.date() if value.time() == time() else value
    if isinstance(value, timedelta):
        return str(value)
    return value


def as_text(value: Raw) -> str:
    """How the cell reads as text, for headings and guesses."""
    return str(plain(value))


class _Sheet:
    """One sheet that is being read; one per table."""

    def __init__(self, path: Path, name: str, limits: Limits) -> None:
        self.path, self.name, self.limits = path, name, limits
        self.columns: tuple[str, ...] = ()
        self.has_header = True
        self.titles = 0

    def _all(self) -> Iterator[list[Raw]]:
        with _explained():
            book = python_calamine.CalamineWorkbook.from_path(self.path)
            yield from book.get_sheet_by_name(self.name).iter_rows()

    def filled(self) -> Iterator[list[Raw]]:
        """The rows that have any content."""
        return (row for row in self._all() if any(cell != "" for cell in row))

    def rows(self) -> Iterator[Row]:
        """Yield the data rows; raises `Invalid` beyond the limit of rows."""
        number, waiting = 0, self.titles + self.has_header
        for values in self._all():
            filled = any(cell != "" for cell in values)
            if waiting:
                waiting -= filled
                continue
            number += 1
            if number > self.limits.rows:
                text = _("The sheet has more than %(limit)s rows. Split it.")
                raise Invalid({"file": [text % {"limit": self.limits.rows}]})
            if filled:
                yield self._row(number, values)

    def _row(self, number: int, values: list[Raw]) -> Row:
        issues: list[Issue] = []
        cells: dict[str, Cell] = {}
        for position, column in enumerate(self.columns):
            value = plain(values[position]) if position < len(values) else ""
            if isinstance(value, str) and value in _FAULTS:
                text = _("The cell holds a formula's error; it was left out.")
                issues.append(
                    Issue(row=number, column=column, value=value, reason=text, severity="left_out")
                )
                value = ""
            if isinstance(value, str) and len(value) > self.limits.field:
                issues.append(too_long(number, column, value, self.limits))
                value = ""
            if column != PROBLEM_COLUMN:
                cells[column] = value
        return Row(number=number, cells=cells, issues=tuple(issues))
