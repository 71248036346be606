"""CSV of any make: encoding, delimiter, quotes and headings are found out, or given."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from kontora.errors import Invalid
from kontora.records.transfer.encodings import Encoding, detect_encoding
from kontora.records.transfer.formulas import unguard
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

if TYPE_CHECKING:
    from _csv import Reader as _Reader

DELIMITERS = (",", ";", "\t", "|")
SAMPLE_LINES = 400
SAMPLE_ROWS = 100


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written. `skip_lines`: 1 when the first line is Excel's `sep=;`."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    blank_after: bool = False
    skip_lines: int = 0
    header_quoted: bool = False


def open_csv(
    path: Path,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    has_header: bool | None = None,
    limits: Limits,
) -> Table:
    """Open a CSV file; what is not given is found out. Raises `Invalid` for an unreadable file."""
    chosen = _chosen_encoding(encoding) if encoding else detect_encoding(path)
    file = _CsvFile(path, chosen, Dialect(), limits)
    lines = file.first_lines()
    dialect = find_dialect(lines, delimiter)
    file = _CsvFile(path, chosen, dialect, limits)
    head = list(islice(_readable(file.parse(lines[dialect.skip_lines :])), SAMPLE_ROWS))
    warnings: list[Text] = [chosen.warning] if chosen.warning else []
    file.titles = title_rows(head)
    if file.titles:
        warnings.append(titles_passed_over(file.titles))
    head = head[file.titles :]
    layout = None
    if has_header is None:
        own = dialect.header_quoted and chosen.name == "utf-8-sig"
        has_header = own or looks_like_header(head)
    if not has_header:
        layout = known_layout(head)
        text = _("The file has no headings; its columns are in the order that Thunderbird writes.")
        other = _("The file seems to have no headings; its columns are numbered.")
        warnings.append(text if layout else other)
    width = max((len(row) for row in head), default=0)
    headings = head[0] if has_header and head else layout or numbered_columns(width)
    columns, renamed = name_columns([unguard(name) for name in headings], limits)
    file.columns, file.has_header = columns, has_header
    return Table(
        format="csv",
        columns=tuple(name for name in columns if name != PROBLEM_COLUMN),
        encoding=chosen.name,
        delimiter=dialect.delimiter,
        has_header=has_header,
        warnings=tuple(warnings + renamed),
        source=file.rows,
    )


def _chosen_encoding(name: str) -> Encoding:
    try:
        "".encode(name)
    except LookupError:
        text = _("There is no encoding “%(name)s”. Try utf-8, cp1251, koi8-r, cp866 or utf-16.")
        raise Invalid({"encoding": [text % {"name": name}]}) from None
    # A mark that an editor put before UTF-8 is not part of the first heading.
    return Encoding("utf-8-sig" if name.lower() in ("utf-8", "utf8") else name, "replace")


def find_dialect(lines: Sequence[str], delimiter: str | None = None) -> Dialect:
    """Find delimiter, quote and blanks of a CSV file from its first lines."""
    skip = 0
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip("\r\n")) == 5:
        delimiter, skip = delimiter or lines[0][4], 1
        lines = lines[1:]
    quoted = _quoted_heading(lines, delimiter or ",")
    if quoted and delimiter in (None, quoted):
        return Dialect(delimiter=quoted, skip_lines=skip, header_quoted=_rest_unquoted(lines))
    quote = _quote(lines, delimiter)
    if delimiter is None:
        delimiter = max(DELIMITERS, key=lambda mark: _consistency(lines, mark, quote))
    if _escaped(lines, delimiter, quote):
        return Dialect(delimiter=delimiter, quote=quote, escape="\\", skip_lines=skip)
    rows = _readable(csv.reader(lines, delimiter=delimiter, quotechar=quote))
    inner = [cell for row in rows for cell in row[1:] if cell]
    blank = bool(inner) and all(cell.startswith(" ") for cell in inner)
    return Dialect(delimiter=delimiter, quote=quote, blank_after=blank, skip_lines=skip)


def _quoted_heading(lines: Sequence[str], alone: str) -> str:
    """The delimiter of a first record in which every cell is quoted: it leaves no doubt."""
    position, text, found = 0, "".join(lines[:50]), ""
    while text[position : position + 1] == '"':
        end = _closing(text, position + 1)
        if end < 0:
            return ""
        mark = text[end + 1 : end + 2]
        if mark in ("\r", "\n", ""):
            return found or alone
        if mark not in DELIMITERS or (found and mark != found):
            return ""
        found, position = mark, end + 2
    return ""


def _closing(text: str, position: int) -> int:
    """Where the quoted cell that began before `position` is closed; -1 when it is not."""
    while True:
        end = text.find('"', position)
        if end < 0 or text[end + 1 : end + 2] != '"':
            return end
        position = end + 2


def _rest_unquoted(lines: Sequence[str]) -> bool:
    """Kontora itself quotes every heading but only such values as need it."""
    rest = [line for line in lines[1:] if line.strip()]
    return not rest or any(not line.startswith('"') for line in rest)


def _quote(lines: Sequence[str], delimiter: str | None) -> str:
    """Single quotes count as quotes only when they stand round every cell of the first line."""
    first = lines[0].strip("\r\n") if lines else ""
    if '"' in first or not first.startswith("'") or not first.endswith("'"):
        return '"'
    marks = [delimiter] if delimiter else DELIMITERS
    return "'" if any(f"'{mark}'" in first for mark in marks) else '"'


def _escaped(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    """Do backslashes stand before quotes, as databases write them? Only if it fits better."""
    if not any("\\" + quote in line for line in lines):
        return False
    doubled = _consistency(lines, delimiter, quote)
    return _consistency(lines, delimiter, quote, "\\") > doubled and doubled[0] < 1.0


def _consistency(
    lines: Sequence[str], mark: str, quote: str, escape: str | None = None
) -> tuple[float, int]:
    """How evenly `mark` parts the lines: share of rows with the usual width, and that width."""
    rows = _readable(csv.reader(lines, delimiter=mark, quotechar=quote, escapechar=escape))
    widths = Counter(len(row) for row in rows)
    parted = {width: count for width, count in widths.items() if width > 1}
    if not parted:
        return 0.0, 0
    width = max(parted, key=lambda item: (parted[item], item))
    return parted[width] / sum(widths.values()), width


def _readable(reader: _Reader) -> Iterator[list[str]]:
    """The filled records; those that cannot be read are passed over."""
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        if row:
            yield row


class _CsvFile:
    """The open parts of a CSV file that is being read; one per table."""

    def __init__(self, path: Path, encoding: Encoding, dialect: Dialect, limits: Limits) -> None:
        self.path, self.encoding, self.dialect, self.limits = path, encoding, dialect, limits
        self.columns: tuple[str, ...] = ()
        self.has_header = True
        self.titles = 0
        self._quotes_open = 0

    def parse(self, lines: Iterable[str]) -> _Reader:
        """A reader of records in this file's dialect."""
        return csv.reader(
            lines,
            delimiter=self.dialect.delimiter,
            quotechar=self.dialect.quote,
            escapechar=self.dialect.escape,
            skipinitialspace=self.dialect.blank_after,
        )

    def _open(self) -> TextIO:
        return self.path.open(encoding=self.encoding.name, errors=self.encoding.errors, newline="")

    def first_lines(self) -> list[str]:
        with self._open() as file:
            return list(islice(self._lines(file), SAMPLE_LINES))

    def _lines(self, file: TextIO) -> Iterator[str]:
        """Lines without zero bytes; a line beyond all limits stops the import at once."""
        limit = self.limits.columns * self.limits.field
        number = 0
        while line := self._line(file, limit):
            number += 1
            if len(line) >= limit:
                text = _("Line %(n)s is longer than %(limit)s characters. Is this a CSV file?")
                raise Invalid({"file": [text % {"n": number, "limit": limit}]})
            self._quotes_open ^= line.count(self.dialect.quote) & 1
            yield line.replace("\x00", "") if "\x00" in line else line

    def _line(self, file: TextIO, limit: int) -> str:
        try:
            return file.readline(limit)
        except UnicodeError as error:
            text = _("The file is not in the encoding %(name)s (%(error)s). Choose another.")
            values: dict[str, object] = {"name": self.encoding.name, "error": str(error)}
            raise Invalid({"encoding": [text % values]}) from None

    def rows(self) -> Iterator[Row]:
        """Yield the data rows; a row that cannot be read comes with an issue, not an error."""
        with self._open() as file:
            lines = self._lines(file)
            for _skipped in range(self.dialect.skip_lines):
                next(lines, "")
            reader = self.parse(lines)
            for _passed in range(self.titles + self.has_header):
                next(_readable(reader), None)
            number = 0
            while True:
                self._quotes_open = 0
                first_line = reader.line_num
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    number += 1
                    yield self._unreadable(number, error)
                    continue
                number += 1
                if any(cells):
                    torn = bool(self._quotes_open) and reader.line_num > first_line + 1
                    yield self._row(number, cells, torn)

    def _unreadable(self, number: int, error: csv.Error) -> Row:
        text = _("The row cannot be read (%(error)s). Is a quote missing?")
        issue = Issue(
            row=number,
            column="",
            value="",
            reason=text % {"error": str(error)},
            severity="refused",
        )
        return Row(number=number, cells=dict.fromkeys(self.columns, ""), issues=(issue,))

    def _row(self, number: int, values: list[str], torn: bool) -> Row:
        issues: list[Issue] = []
        if len(values) != len(self.columns):
            issues += self._ragged(number, values)
        if torn:
            text = _("A quote is opened here and never closed; check this row and those below.")
            issues.append(Issue(row=number, column="", value="", reason=text, severity="changed"))
        cells: dict[str, Cell] = {}
        for position, column in enumerate(self.columns):
            value = unguard(values[position]) if position < len(values) else ""
            if len(value) > self.limits.field:
                issues.append(too_long(number, column, value, self.limits))
                value = ""
            if column != PROBLEM_COLUMN:
                cells[column] = value
        return Row(number=number, cells=cells, issues=tuple(issues))

    def _ragged(self, number: int, values: list[str]) -> Iterator[Issue]:
        wanted = len(self.columns)
        extra = [value for value in values[wanted:] if value]
        if extra:
            text = _("The row has %(n)s cells, the heading has %(wanted)s; the rest was left out.")
        elif len(values) < wanted:
            text = _("The row has %(n)s cells, the heading has %(wanted)s; the rest is empty.")
        else:
            return
        yield Issue(
            row=number,
            column="",
            value=self.dialect.delimiter.join(extra),
            reason=text % {"n": len(values), "wanted": wanted},
            severity="left_out" if extra else "changed",
        )
