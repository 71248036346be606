"""Imports into a site, and a look at what came of them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kontora.access.principal import Principal, system
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.records.query import MAX_LIMIT, Query
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.run import import_file
from kontora.records.transfer.runs import Run, issues_of

SYSTEM = system("test")


class Transfer:
    """Imports into one site, and looks at what came of it."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.folder, self._number = site, folder, 0

    def file(self, heads: Sequence[str], *rows: Sequence[object]) -> Path:
        """A CSV file with these rows."""
        self._number += 1
        path = self.folder / f"file-{self._number}.csv"
        with path.open("w", newline="", encoding="utf-8") as opened:
            writer = csv.writer(opened)
            writer.writerow(heads)
            writer.writerows(rows)
        return path

    def run(
        self,
        path: str,
        file: Path,
        mapping: Mapping[str, str] | None = None,
        principal: Principal = SYSTEM,
        **options: Any,
    ) -> Run:
        """Import a file to its end."""
        given = ImportOptions(mapping=dict(mapping) if mapping else None, **options)
        return import_file(self.site, principal, self.site.registry.record_type(path), file, given)

    def rows(
        self,
        path: str,
        heads: Sequence[str],
        *rows: Sequence[object],
        **options: Any,
    ) -> Run:
        """Import rows whose columns are field paths."""
        return self.run(path, self.file(heads, *rows), {head: head for head in heads}, **options)

    def all(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All records of a type, with everything that can be shown."""
        rtype = self.site.registry.record_type(path)
        expand = tuple(each.name for each in rtype.fields if each.on_demand)
        found: list[dict[str, Any]] = []
        cursor = None
        with self.site.read(SYSTEM) as session:
            while True:
                wanted = Query(limit=MAX_LIMIT, expand=expand, cursor=cursor, **query)
                page = service.list_records(session, rtype, wanted)
                found += page.items
                cursor = page.next
                if cursor is None:
                    return found

    def one(self, path: str, name: str) -> dict[str, Any]:
        """The record of this name."""
        (found,) = [
            each
            for each in self.all(path)
            if name in (each.get("display_name"), each.get("name"), each.get("subject"))
        ]
        return found

    def issues(self, run: Run) -> list[tuple[int, str, str, str]]:
        """The report: row, column, value, what was done."""
        with self.site.read(SYSTEM) as session:
            found = list(issues_of(session, run.id))
        return [(each.row, each.column, each.value, each.severity) for each in found]


def counts(run: Run) -> tuple[int, int, int, int]:
    """Created, updated, skipped, refused."""
    figures = run.counts
    return figures["created"], figures["updated"], figures["skipped"], figures["refused"]
