"""JSON: a list of objects, `{"items": [...]}`, or one object a line.

Kontora's own export has the shape of the API, so its rows carry whole records; objects of
other programs are flattened into columns (`{"a": {"b": 1}}` is the column `a.b`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kontora.errors import Invalid
from kontora.records.transfer.encodings import detect_encoding
from kontora.records.transfer.issues import Issue
from kontora.records.transfer.limits import Limits
from kontora.records.transfer.table import PROBLEM_COLUMN, Cell, Row, Table, too_long
from kontora.text import _

CHUNK = 1 << 16
_BLANKS = re.compile(r"[ \t\r\n]*")
_OWN_LISTS = frozenset({"points", "addresses", "identifiers", "roles", "affiliations"})


def open_json(path: Path, *, encoding: str | None = None, limits: Limits) -> Table:
    """Open a JSON file. Raises `Invalid` with the place when it is not JSON of a known form."""
    name = encoding or detect_encoding(path).name
    file = _JsonFile(path, name, limits)
    columns: dict[str, None] = {}
    own = False
    for item in file.objects():
        own = own or not _OWN_LISTS.isdisjoint(item)
        columns.update(dict.fromkeys(flatten(item)))
    columns.pop(PROBLEM_COLUMN, None)
    if len(columns) > limits.columns:
        text = _("The objects have %(n)s different fields; at most %(limit)s are read.")
        raise Invalid({"file": [text % {"n": len(columns), "limit": limits.columns}]})
    file.columns, file.own = tuple(columns), own
    return Table(
        format="json",
        columns=file.columns,
        encoding=name,
        carries_records=own,
        source=file.rows,
    )


def flatten(item: Mapping[str, Any], prefix: str = "") -> dict[str, Cell]:
    """Make one level of an object: nested keys joined by dots, lists of texts by commas."""
    cells: dict[str, Cell] = {}
    for key, value in item.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            cells.update(flatten(value, f"{path}."))
        elif isinstance(value, list):
            simple = all(not isinstance(part, Mapping | list) for part in value)
            cells[path] = (
                ", ".join(str(part) for part in value)
                if simple
                else json.dumps(value, ensure_ascii=False)
            )
        else:
            cells[path] = "" if value is None else value
    return cells


class _JsonFile:
    """A JSON file that is being read object by object; one per table."""

    def __init__(self, path: Path, encoding: str, limits: Limits) -> None:
        self.path, self.encoding, self.limits = path, encoding, limits
        self.columns: tuple[str, ...] = ()
        self.own = False

    def rows(self) -> Iterator[Row]:
        for number, item in enumerate(self.objects(), start=1):
            issues: list[Issue] = []
            cells = dict.fromkeys(self.columns, "") | flatten(item)
            cells.pop(PROBLEM_COLUMN, None)
            for column, value in cells.items():
                if isinstance(value, str) and len(value) > self.limits.field:
                    issues.append(too_long(number, column, value, self.limits))
                    cells[column] = ""
            record = item if self.own else None
            yield Row(number=number, cells=cells, record=record, issues=tuple(issues))

    def objects(self) -> Iterator[dict[str, Any]]:
        """Yield the objects of the file one after the other, in constant memory for a list."""
        try:
            with self.path.open(encoding=self.encoding) as file:
                start = file.read(CHUNK)
            if start.lstrip()[:1] == "[":
                items = self._of_list()
            elif self._is_lines(start):
                items = self._of_lines()
            else:
                items = self._of_document()
            yield from (self._checked(item, number) for number, item in enumerate(items, start=1))
        except (LookupError, ValueError, RecursionError) as error:
            text = _("The file is not valid JSON: %(error)s.")
            raise Invalid({"file": [text % {"error": str(error)}]}) from None

    def _checked(self, item: object, number: int) -> dict[str, Any]:
        if not isinstance(item, dict):
            text = _("Item %(n)s is not an object. A list of objects is expected.")
            raise Invalid({"file": [text % {"n": number}]})
        if _depth(item) > self.limits.json_depth:
            text = _("Item %(n)s is nested deeper than %(limit)s levels.")
            raise Invalid({"file": [text % {"n": number, "limit": self.limits.json_depth}]})
        return item

    def _is_lines(self, start: str) -> bool:
        first = start.lstrip().partition("\n")[0]
        try:
            return isinstance(json.loads(first), dict) and "items" not in json.loads(first)
        except (ValueError, RecursionError):
            return False

    def _of_lines(self) -> Iterator[Any]:
        with self.path.open(encoding=self.encoding) as file:
            for line in file:
                if line.strip():
                    yield json.loads(line)

    def _of_document(self) -> Iterator[Any]:
        if self.path.stat().st_size > self.limits.document_bytes:
            raise ValueError("a single object of this size cannot be read; write a list")
        with self.path.open(encoding=self.encoding) as file:
            content = json.load(file)
        items = content.get("items") if isinstance(content, dict) else content
        yield from items if isinstance(items, list) else [content]

    def _of_list(self) -> Iterator[Any]:
        """Decode a list element by element from a sliding piece of the text."""
        decoder = json.JSONDecoder()
        with self.path.open(encoding=self.encoding) as file:
            text = file.read(CHUNK)
            place, wanted = text.index("[") + 1, CHUNK
            while True:
                place = _after_blanks(text, place)
                if text[place : place + 1] == "]":
                    return
                try:
                    item, end = decoder.raw_decode(text, place)
                    end = _after_blanks(text, end)
                    if end == len(text):
                        # Perhaps the number or the list goes on in the next piece.
                        raise json.JSONDecodeError("unfinished list", text, end)
                except json.JSONDecodeError:
                    more = file.read(wanted)
                    if not more:
                        raise
                    # Doubling keeps one long element from being decoded again and again.
                    text, place, wanted = text[place:] + more, 0, wanted * 2
                    continue
                wanted = CHUNK
                if text[end] not in ",]":
                    raise json.JSONDecodeError("expected a comma", text, end)
                yield item
                place = end + 1 if text[end] == "," else end


def _after_blanks(text: str, place: int) -> int:
    found = _BLANKS.match(text, place)
    return found.end() if found else place


def _depth(value: object) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return deepest - 1
