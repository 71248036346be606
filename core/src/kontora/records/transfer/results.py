"""What an import has to show at its end: figures, the report, and the file of refused rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from kontora.access.principal import Principal
from kontora.records.transfer import runs
from kontora.records.transfer.mending import MendingFile, write_report
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.runs import Run
from kontora.records.transfer.table import Table
from kontora.records.transfer.writers import CsvWriter

REPORT, MENDING = "report.csv", "to-mend.csv"
SHOWN_ISSUES = 10_000


def folder(site: Any, run: Run) -> Path:
    """Where the files of a run are: `<home>/imports/<run id>/`."""
    return Path(site.settings.home) / "imports" / str(run.id)


def write_files(site: Any, principal: Principal, run: Run, file: Path | None = None) -> None:
    """Write the report and, if rows were refused, the file to mend. May be repeated."""
    place = folder(site, run)
    place.mkdir(parents=True, exist_ok=True)
    with site.read(principal) as session:
        with _replacing(place / REPORT) as opened:
            write_report(CsvWriter(opened), runs.issues_of(session, run.id))
        if run.counts["refused"]:
            table = _table(run, file or Path(run.file_path))
            with _replacing(place / MENDING) as opened:
                _write_mending(opened, table, runs.issues_of(session, run.id, severity="refused"))


def _write_mending(opened: BinaryIO, table: Table, issues: Iterator[Any]) -> None:
    mending = MendingFile(opened, table.columns)
    rows = table.rows()
    for number, of_row in groupby(issues, key=lambda each: each.row):
        row = next((each for each in rows if each.number >= number), None)
        if row is not None and row.number == number:
            mending.add(row.cells, list(of_row))
    mending.close()


def _table(run: Run, file: Path) -> Table:
    options = run.options
    return open_table(
        file,
        encoding=options.encoding,
        delimiter=options.delimiter,
        has_header=options.has_header,
        sheet=options.sheet,
    )


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears as a whole, so that nobody reads half of it."""
    part = path.with_suffix(".part")
    with part.open("wb") as opened:
        yield opened
    os.replace(part, path)


def summary(site: Any, run: Run) -> dict[str, Any]:
    """The figures of a run, as `kontora import --json` prints them."""
    place = folder(site, run)
    files = {"issues_file": place / REPORT, "mending_file": place / MENDING}
    return {
        "run": str(run.id),
        "state": runs.FINISHED if run.state == runs.CLOSING else run.state,
        "rows": run.cursor if run.total is None else run.total,
        **run.counts,
        **{name: str(path) if path.is_file() else None for name, path in files.items()},
    }
