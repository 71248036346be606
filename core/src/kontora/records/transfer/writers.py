"""Writers of tables: one row at a time, in constant memory, into a binary file.

All have the same three steps: `write_header` once, `write_row` for each row, `close` at the end
(the file itself stays open: it belongs to the caller). Values keep their types; a text can
never become a formula.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

from kontora.records.transfer.formulas import guard
from kontora.text import LazyText, Text, _

# A spreadsheet's own bounds.
XLSX_ROWS, XLSX_TEXT, XLSX_DIGITS = 1_048_576, 32_767, 15
XLSX_LARGEST = 10**15


class Writer(Protocol):
    """What every writer offers. `warnings` says what could not be written as it is."""

    warnings: list[Text]

    def write_header(self, columns: Sequence[str]) -> None:
        """Say what the columns are; to be called once, before the first row."""

    def write_row(self, values: Sequence[Any]) -> None:
        """Write one row, with a value for each column."""

    def close(self) -> None:
        """Finish the document; the file stays open."""


def as_text(value: Any) -> str:
    """A value in a text format: dates in ISO form, lists joined, dictionaries as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return _money(value) or json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(as_text(part) for part in value)
    return str(value)


def _money(value: dict[str, Any]) -> str:
    """`{"amount": "100.00", "currency": "EUR"}` and references read better in short."""
    if set(value) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    if set(value) == {"id", "name"}:
        return str(value["name"])
    return ""


class CsvWriter:
    """CSV as spreadsheets and Kontora itself read it best: UTF-8 with its mark, quoted headings."""

    def __init__(self, file: BinaryIO, *, delimiter: str = ",", mark: bool = True) -> None:
        self.warnings: list[Text] = []
        self._text = io.TextIOWrapper(
            file, encoding="utf-8-sig" if mark else "utf-8", errors="replace", newline=""
        )
        self._heading = csv.writer(self._text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        self._rows = csv.writer(self._text, delimiter=delimiter)

    def write_header(self, columns: Sequence[str]) -> None:
        self._heading.writerow([guard(column) for column in columns])

    def write_row(self, values: Sequence[Any]) -> None:
        self._rows.writerow([self._cell(value) for value in values])

    def _cell(self, value: Any) -> Any:
        # Numbers that are numbers cannot do harm; only texts are guarded.
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return value
        return guard(as_text(value).replace("\x00", ""))

    def close(self) -> None:
        self._text.flush()
        self._text.detach()


class XlsxWriter:
    """An XLSX workbook with one sheet; texts are strings, numbers and dates are typed."""

    def __init__(self, file: BinaryIO, *, sheet: str = "Kontora") -> None:
        # It takes longer to load than all the rest, and most exports are CSV.
        import xlsxwriter

        self.warnings: list[Text] = []
        self._book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}
        )
        self._sheet = self._book.add_worksheet(sheet[:31])
        self._bold = self._book.add_format({"bold": True})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._time = self._book.add_format({"num_format": "hh:mm:ss"})
        self._row = 0

    def write_header(self, columns: Sequence[str]) -> None:
        for position, column in enumerate(columns):
            self._sheet.write_string(0, position, column, self._bold)
        self._sheet.freeze_panes(1, 0)
        self._row = 1

    def write_row(self, values: Sequence[Any]) -> None:
        if self._row >= XLSX_ROWS:
            text = _("A sheet ends after %(n)s rows; the rest is missing. Export as CSV.")
            self._warn(text % {"n": XLSX_ROWS})
            return
        for position, value in enumerate(values):
            self._write(position, value)
        self._row += 1

    def _write(self, column: int, value: Any) -> None:
        row, sheet = self._row, self._sheet
        if value is None or value == "":
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, int | float | Decimal) and _exact(value):
            sheet.write_number(row, column, value)
        elif isinstance(value, datetime) and value.year >= 1900:
            plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            sheet.write_datetime(row, column, plain, self._moment)
        elif isinstance(value, date) and value.year >= 1900:
            sheet.write_datetime(row, column, value, self._date)
        elif isinstance(value, time):
            sheet.write_datetime(row, column, value, self._time)
        else:
            self._write_text(column, as_text(value))

    def _write_text(self, column: int, text: str) -> None:
        if len(text) > XLSX_TEXT:
            cut = _("Row %(row)s has a text longer than a cell may hold; it was cut.")
            self._warn(cut % {"row": self._row})
            text = text[:XLSX_TEXT]
        # A string cell is never a formula, whatever it begins with.
        self._sheet.write_string(self._row, column, text)

    def _warn(self, text: LazyText) -> None:
        if text not in self.warnings and len(self.warnings) < 100:
            self.warnings.append(text)

    def close(self) -> None:
        self._book.close()


def _exact(number: int | float | Decimal) -> bool:
    """Can a spreadsheet hold the number without rounding it?"""
    if isinstance(number, int):
        return abs(number) < XLSX_LARGEST
    if isinstance(number, float):
        return number == number and abs(number) != float("inf")
    return bool(number.is_finite()) and len(number.as_tuple().digits) <= XLSX_DIGITS


class JsonWriter:
    """A list of objects, one a line, as `json_reader` reads it back piece by piece."""

    def __init__(self, file: BinaryIO) -> None:
        self.warnings: list[Text] = []
        self._file = file
        self._columns: tuple[str, ...] = ()
        self._empty = True

    def write_header(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)
        self._file.write(b"[")

    def write_row(self, values: Sequence[Any]) -> None:
        self.write_record(dict(zip(self._columns, values, strict=True)))

    def write_record(self, record: dict[str, Any]) -> None:
        """Write one object as it is, for exports in the shape of the API."""
        text = json.dumps(record, ensure_ascii=False, default=_json_value)
        self._file.write(b"\n" if self._empty else b",\n")
        self._file.write(text.encode("utf-8", "replace"))
        self._empty = False

    def close(self) -> None:
        self._file.write(b"\n]\n" if not self._empty else b"]\n")


def _json_value(value: Any) -> Any:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return list(value)
    return as_text(value)


def writer_for(format: str, file: BinaryIO) -> Writer:
    """The writer of `format` (csv, xlsx, json, vcard) into the binary `file`."""
    from kontora.records.transfer.vcard_writer import VcardWriter

    makers = {"csv": CsvWriter, "xlsx": XlsxWriter, "json": JsonWriter, "vcard": VcardWriter}
    if format not in makers:
        from kontora.errors import Invalid

        text = _("The format “%(format)s” cannot be written. Use csv, xlsx, json or vcard.")
        raise Invalid({"format": [text % {"format": format}]})
    made: Writer = makers[format](file)
    return made
