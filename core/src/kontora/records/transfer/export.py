"""Export of a list: its columns, filter and order, page by page, into a file or a stream."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.ids import new_id
from kontora.records import changes
from kontora.records.query import MAX_LIMIT, Query, list_records, require
from kontora.records.transfer.columns import Columns
from kontora.records.transfer.writers import Writer, writer_for
from kontora.registry.records import Change, RecordType
from kontora.text import _

FORMATS = {".csv": "csv", ".xlsx": "xlsx", ".json": "json", ".vcf": "vcard", ".vcard": "vcard"}
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "vcard": "text/vcard; charset=utf-8",
}
SUFFIXES = {"csv": ".csv", "xlsx": ".xlsx", "json": ".json", "vcard": ".vcf"}
ENTITY, VERB = "export", "export"
_FILTER = re.compile(r"^([\w.\-]+)(?:\[(\w+)\])?=(.*)$", re.DOTALL)
_LISTS = frozenset({"in", "nin"})

Progress = Callable[[int, int | None], None]


def format_of(file: Path) -> str:
    """The format that a suffix stands for. Raises Invalid for one that cannot be written."""
    try:
        return FORMATS[file.suffix.lower()]
    except KeyError:
        text = _("The suffix “%(suffix)s” cannot be exported to. Use one of: %(known)s.")
        values: dict[str, object] = {"suffix": file.suffix, "known": ", ".join(FORMATS)}
        raise Invalid({"file": [text % values]}) from None


def export_file(
    site: Any,
    principal: Principal,
    rtype: RecordType,
    file: Path,
    query: Query,
    *,
    columns: Sequence[str] | None = None,
    progress: Progress = lambda done, total: None,
) -> int:
    """Write a list to a file, whose suffix says the format; returns the number of rows.

    The file appears when it is complete. Raises Forbidden without the right to export.
    """
    format = format_of(file)
    with site.read_copy(principal) as session:
        rows = exporting(session, rtype, query, format, columns)
        with _replacing(file) as opened:
            written = 0
            for written in rows.into(opened):
                progress(written, None)
    log(site, principal, rtype.path, written, format, narrowed(query))
    return written


def exporting(
    session: ScopedSession,
    rtype: RecordType,
    query: Query,
    format: str,
    columns: Sequence[str] | None = None,
) -> Exporting:
    """Check the right and the columns, and get ready to write.

    Raises Forbidden, and Invalid for an unknown format, column, filter or order.
    """
    rtype = session.registry.effective(rtype)
    require(session, rtype, "export")
    if format not in MEDIA:
        text = _("The format “%(format)s” cannot be written. Use csv, xlsx, json or vcard.")
        raise Invalid({"format": [text % {"format": format}]})
    if format == "vcard" and rtype.entity != "party":
        raise Invalid({"format": [_("Only people and organisations make cards.")]})
    return Exporting(session, rtype, query, format, columns)


class Exporting:
    """One export that is going on."""

    def __init__(
        self,
        session: ScopedSession,
        rtype: RecordType,
        query: Query,
        format: str,
        columns: Sequence[str] | None,
    ) -> None:
        self.session, self.rtype, self.format = session, rtype, format
        self.columns = Columns(session, rtype, columns, whole=format in ("json", "vcard"))
        self.query = replace(
            query,
            fields=self.columns.fields,
            expand=self.columns.expand,
            limit=MAX_LIMIT,
            cursor=None,
            total=False,
        )

    def into(self, opened: BinaryIO) -> Iterator[int]:
        """Write page by page; yields the number of rows so far after each page."""
        writer = writer_for(self.format, opened)
        writer.write_header(self.columns.names)
        written = 0
        for page in self._pages():
            for item in page:
                self._write(writer, item)
            written += len(page)
            yield written
        writer.close()

    def _pages(self) -> Iterator[list[dict[str, Any]]]:
        """Pages by key: the cost of one does not grow with its place in the list."""
        cursor: str | None = None
        while True:
            page = list_records(self.session, self.rtype, replace(self.query, cursor=cursor))
            self.session.expunge_all()
            if page.items:
                yield self.columns.completed(page.items)
            cursor = page.next
            if cursor is None:
                return

    def _write(self, writer: Writer, item: Mapping[str, Any]) -> None:
        record = getattr(writer, "write_record", None)
        if self.columns.whole and record is not None:
            record(dict(item))
        else:
            writer.write_row(self.columns.row(item))


def log(
    site: Any, principal: Principal, path: str, rows: int, format: str, wanted: Mapping[str, Any]
) -> None:
    """Keep in the audit log who took how many rows out of the house, and which: `path` is that of
    the record type, or “audit” for the log itself; `wanted` narrowed it, what is empty is left out.
    """
    after: dict[str, Any] = {"type": path, "format": format, "rows": rows}
    after |= {name: value for name, value in wanted.items() if value}
    change = Change(entity=ENTITY, record_id=new_id(), kind=None, verb=VERB, before={}, after=after)
    with site.write(principal) as session:
        changes.write(session, change, 0)


def narrowed(query: Query) -> Mapping[str, Any]:
    """What of a query decides which records are in the list."""
    return {"filter": query.filter, "q": query.q}


def parse_filters(given: Sequence[str]) -> Mapping[str, Any] | None:
    """`field[op]=value` texts, or a filter tree as JSON, as the filter of a query."""
    parts: list[Any] = []
    for text in given:
        if text.lstrip().startswith("{"):
            try:
                parts.append(json.loads(text))
            except (ValueError, RecursionError) as error:
                raise Invalid({"filter": [str(error)]}) from None
            continue
        found = _FILTER.match(text)
        if found is None:
            example = _("“%(text)s” is no filter. Write it like family[contains]=petr.")
            raise Invalid({"filter": [example % {"text": text}]})
        field, op, value = found.group(1), found.group(2) or "eq", found.group(3)
        parsed: Any = value.split(",") if op in _LISTS else value
        parts.append({"field": field, "op": op, "value": parsed})
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else {"and": parts}


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as opened:
            yield opened
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
