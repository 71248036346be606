"""vCard files as a table: one row for each card, with the whole record beside its cells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kontora.errors import Invalid
from kontora.records.transfer.encodings import detect_encoding
from kontora.records.transfer.limits import Limits
from kontora.records.transfer.table import Cell, Row, Table, too_long
from kontora.records.transfer.vcard_cards import card_to_record
from kontora.records.transfer.vcard_lines import Card, read_cards
from kontora.text import _

_COLUMNS = (
    "kind",
    "display_name",
    "given",
    "middle",
    "family",
    "prefix",
    "suffix",
    "nickname",
    "gender",
    "birth_date",
    "organisation",
    "department",
    "title",
    "email",
    "phone",
    "fax",
    "messenger",
    "social",
    "web",
    "address",
    "tag",
    "notes",
)
_POINTS = ("email", "phone", "fax", "messenger", "social", "web")


def open_vcard(path: Path, *, encoding: str | None = None, limits: Limits) -> Table:
    """Open a file of cards. Raises `Invalid` when it holds none."""
    name = encoding or detect_encoding(path).name
    file = _CardFile(path, name, limits)
    if next(iter(file.cards()), None) is None:
        raise Invalid({"file": [_("The file holds no card (BEGIN:VCARD).")]})
    return Table(
        format="vcard",
        columns=_COLUMNS,
        encoding=name,
        carries_records=True,
        source=file.rows,
    )


def flat(record: dict[str, Any]) -> dict[str, Cell]:
    """The record as one line of text cells, for a preview."""
    cells: dict[str, Cell] = {column: record.get(column, "") for column in _COLUMNS}
    for kind in _POINTS:
        values = [point["value"] for point in record.get("points", ()) if point["kind"] == kind]
        cells[kind] = ", ".join(values)
    order = ("street", "locality", "region", "postcode", "country")
    lines = [
        ", ".join(address[part] for part in order if part in address)
        for address in record.get("addresses", ())
    ]
    return cells | {"address": "; ".join(lines), "tag": ", ".join(record.get("tags", ()))}


class _CardFile:
    """A file of cards that is being read; one per table."""

    def __init__(self, path: Path, encoding: str, limits: Limits) -> None:
        self.path, self.encoding, self.limits = path, encoding, limits

    def cards(self) -> Iterator[Card]:
        yield from read_cards(self._lines(), self.encoding)

    def _lines(self) -> Iterator[bytes]:
        if self.encoding.startswith(("utf-16", "utf-32", "utf-8")):
            # A mark goes, and two-byte text becomes what the line parser expects.
            utf8 = self.encoding.startswith("utf-8")
            coded, errors = ("utf-8-sig", "surrogateescape") if utf8 else (self.encoding, "replace")
            with self.path.open(encoding=coded, errors=errors) as text:
                for line in text:
                    yield line.encode("utf-8", "surrogateescape")
            return
        with self.path.open("rb") as file:
            for raw in file:
                # Old Macintosh programs end lines with a bare carriage return.
                yield from raw.splitlines()

    def rows(self) -> Iterator[Row]:
        for number, card in enumerate(self.cards(), start=1):
            record, issues = card_to_record(number, card)
            for path, value in list(record.items()):
                if isinstance(value, str) and len(value) > self.limits.field:
                    issues.append(too_long(number, path, value, self.limits))
                    del record[path]
            yield Row(number=number, cells=flat(record), record=record, issues=tuple(issues))
