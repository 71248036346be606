"""The audit log as a file: CSV, or one JSON object per line; written piece by piece."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from kontora import text
from kontora.access.principal import Principal
from kontora.records import audit
from kontora.records.audit import AuditEntry, AuditFilter
from kontora.records.transfer.export import log
from kontora.records.transfer.writers import CsvWriter
from kontora.records.values import to_json

FORMATS = ("csv", "json")
COLUMNS = ("id", "at", "who", "as", "entity", "record", "verb", "request", "changes")
PAGE = 500


def rows(session: Any, wanted: AuditFilter) -> Iterator[AuditEntry]:
    """All entries that fit, the newest first; as many as the reader may see, no more at once than
    a page. Raises Forbidden."""
    last: int | None = None
    while True:
        found = audit.entries(session, wanted, last, PAGE)
        yield from found
        if len(found) < PAGE:
            return
        last = found[-1].id


def as_object(each: AuditEntry) -> dict[str, Any]:
    """One entry as its line of JSON."""
    return {
        "id": each.id,
        "at": to_json(each.at),
        "who": each.who,
        "as": each.principal_kind,
        "entity": each.entity,
        "record": str(each.record_id),
        "verb": each.verb,
        "request": each.request_id,
        "changes": {name: [old, new] for name, old, new in each.fields},
    }


def pieces(site: Any, principal: Principal, wanted: AuditFilter, format: str) -> Iterator[bytes]:
    """The file in pieces; that it was taken is logged at its end, by then with its length."""
    number, whole = 0, False
    try:
        with ExitStack() as stack:
            stack.enter_context(text.use_locale(principal.locale))
            session = stack.enter_context(site.read(principal))
            buffer = io.BytesIO()
            table = CsvWriter(buffer) if format == "csv" else None
            if table is not None:
                table.write_header(COLUMNS)
            for each in rows(session, wanted):
                number += 1
                line = as_object(each)
                if table is None:
                    data = json.dumps(line, ensure_ascii=False, default=str).encode()
                    buffer.write(data + b"\n")
                else:
                    table.write_row([line[name] for name in COLUMNS])
                if number % PAGE == 0:
                    yield _taken(buffer)
            if table is not None:
                table.close()
            yield _taken(buffer)
        whole = True
    finally:
        # Who breaks off has what was sent by then.
        if number or whole:
            given = {name: str(each) for name, each in asdict(wanted).items() if each is not None}
            log(site, principal, "audit", number, format, given)


def _taken(buffer: io.BytesIO) -> bytes:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece
