"""Run an import: slice by slice, each with its rows, its report and the cursor in one transaction.

A process that is killed at any moment has kept whole slices only; whoever resumes the run goes on
behind the cursor. A second pass over the file resolves what points to other rows of it, with a
cursor of its own.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.db.engine import is_database_busy
from kontora.db.plans import plan_anew
from kontora.errors import Conflict, Invalid
from kontora.records.query import require
from kontora.records.transfer import results, runs
from kontora.records.transfer.assembled import Assembled, ImportOptions
from kontora.records.transfer.issues import Issue
from kontora.records.transfer.links import Linker
from kontora.records.transfer.lookup import Finder
from kontora.records.transfer.prepare import Prepared, prepare
from kontora.records.transfer.row_writer import RowWriter, refuse
from kontora.records.transfer.runs import Run
from kontora.records.transfer.second_pass import link_row
from kontora.records.transfer.table import Row
from kontora.registry.records import RecordType
from kontora.text import _

SLICE_SECONDS, SLICE_ROWS = 0.05, 200
PAUSE_SECONDS = 0.004
# After so many new records the server should look at its tables anew.
MANY_ROWS = 100
_TRIES = 5

Slice = Callable[[], AbstractContextManager[ScopedSession]]
Progress = Callable[[int, int | None], None]


def start(
    site: Any,
    principal: Principal,
    rtype: RecordType,
    file: Path,
    options: ImportOptions,
) -> Run:
    """Check file and mapping, and note the run; nothing of the file is written yet.

    Raises Invalid for a file or a mapping that cannot be used, Forbidden without the right.
    """
    prepared = prepare(site, principal, rtype, file, options)
    total = sum(1 for _row in prepared.table.rows())
    with site.write(principal) as session:
        require(session, rtype, "import")
        run = runs.add(session, rtype.path, file, options, state=runs.DRAFT)
        return begin(session, prepared, run, total)


def begin(session: ScopedSession, prepared: Prepared, run: Run, total: int) -> Run:
    """Turn an upload into a run: from now on its options are fixed."""
    require(session, prepared.rtype, "import")
    issues = prepared.make_custom_fields(session)
    options = replace(prepared.options, mapping=prepared.kept_mapping)
    run = runs.change_draft(session, run, options, state=runs.RUNNING, total=total)
    runs.note(session, run.id, issues)
    return runs.advance(session, run, cursor=0, linked=None, counts={"noted": len(issues)})


def resume(
    site: Any,
    principal: Principal,
    run: Run,
    *,
    file: Path | None = None,
    open_slice: Slice | None = None,
    progress: Progress = lambda done, total: None,
) -> Run:
    """Go on behind the cursor until every row and every link is written.

    The run is left in the state `closing`: who asked for it writes the files of the report
    (`results.write_files`), shows the result, and marks it as finished.
    """
    with site.read(principal) as session:
        rtype = session.registry.record_type(run.path)
        require(session, rtype, "import")
    source = file or Path(run.file_path)
    if source.is_file() and runs.hash_of(source) != run.file_hash:
        changed = _("The file “%(name)s” was changed since the run began. Start a new one.")
        raise Invalid({"file": [changed % {"name": run.file_name}]})
    prepared = prepare(site, principal, rtype, source, run.options)
    slices = open_slice or (lambda: site.write(principal))
    runner = _Runner(site, prepared, run, slices, progress)
    if run.state in (runs.RUNNING, runs.FAILED):
        runner.rows()
        runner.links()
    return runner.run


class _Runner:
    """Works through one file, in two passes of slices."""

    def __init__(
        self, site: Any, prepared: Prepared, run: Run, slices: Slice, progress: Progress
    ) -> None:
        self.site, self.prepared, self.run = site, prepared, run
        self.slices, self.progress = slices, progress
        self.pause = PAUSE_SECONDS if site.database.dialect == "sqlite" else 0.0

    def rows(self) -> None:
        """The first pass: every row becomes a record, or a line of the report."""
        if self.run.linked is not None:
            return
        waiting = self.prepared.table.rows(self.run.cursor)
        self._pass(waiting, self._write_row, lambda cursor: (cursor, None))
        self._move(self.run.cursor, 0)

    def links(self) -> None:
        """The second pass: rows that point to other rows of the file."""
        if self.prepared.may_link:
            waiting = self.prepared.table.rows(self.run.linked or 0)
            cursor = self.run.cursor
            self._pass(waiting, self._link_row, lambda linked: (cursor, linked))
        self._move(self.run.cursor, self.run.linked, runs.CLOSING)

    def _move(self, cursor: int, linked: int | None, state: str = runs.RUNNING) -> None:
        with self.slices() as session:
            self.run = runs.advance(
                session, self.run, cursor=cursor, linked=linked, counts={}, state=state
            )

    def _pass(
        self,
        waiting: Iterator[Row],
        do: Callable[[ScopedSession, RowWriter, Row], tuple[str, Assembled]],
        cursors: Callable[[int], tuple[int, int | None]],
    ) -> None:
        again: deque[Row] = deque()
        while True:
            taken: list[Row] = []
            try:
                if not self._slice(waiting, again, taken, do, cursors):
                    return
            except DBAPIError as error:
                if not self._may_repeat(error):
                    raise
                again.extendleft(reversed(taken))
            self.progress(self.run.linked or self.run.cursor, self.run.total)
            time.sleep(self.pause)

    _repeated = 0

    def _may_repeat(self, error: DBAPIError) -> bool:
        """A slice that lost a race for locks is done again as a whole."""
        self._repeated += 1
        lost = is_database_busy(error) or getattr(error.orig, "sqlstate", "") in ("40P01", "40001")
        time.sleep(0.05 * self._repeated)
        return lost and self._repeated < _TRIES

    def _slice(
        self,
        waiting: Iterator[Row],
        again: deque[Row],
        taken: list[Row],
        do: Callable[[ScopedSession, RowWriter, Row], tuple[str, Assembled]],
        cursors: Callable[[int], tuple[int, int | None]],
    ) -> bool:
        """Do rows for about 50 ms; False when there are none left."""
        first = again.popleft() if again else next(waiting, None)
        if first is None:
            return False
        taken.append(first)
        counts: Counter[str] = Counter()
        issues: list[Issue] = []
        with self.slices() as session:
            # The session keeps its connection from plugins; this changes no data.
            plan_anew(Session.connection(session))
            session.info["source"] = f"import:{self.run.id}"
            writer = self._writer(session)
            began = time.monotonic()
            row: Row | None = first
            while row is not None:
                outcome, made = do(session, writer, row)
                counts[outcome] += 1
                counts["noted"] += sum(each.severity != "refused" for each in made.issues)
                issues += made.issues
                if len(taken) >= SLICE_ROWS or time.monotonic() - began >= SLICE_SECONDS:
                    break
                row = again.popleft() if again else next(waiting, None)
                if row is not None:
                    taken.append(row)
            runs.note(session, self.run.id, issues)
            cursor, linked = cursors(taken[-1].number)
            run = runs.advance(session, self.run, cursor=cursor, linked=linked, counts=counts)
        self.run, self._repeated = run, 0
        return True

    def _writer(self, session: ScopedSession) -> RowWriter:
        finder = Finder(session, self.prepared.systems)
        rtype = self.prepared.rtype
        linker = Linker(session, rtype, finder)
        return RowWriter(session, rtype, self.run.options, finder, linker, self.run.id)

    def _write_row(
        self, session: ScopedSession, writer: RowWriter, row: Row
    ) -> tuple[str, Assembled]:
        try:
            made = self.prepared.assemble(row)
        except Exception as error:
            made = Assembled(number=row.number)
            refuse(made, error)
            return "refused", made
        return writer.write(made), made

    def _link_row(
        self, session: ScopedSession, writer: RowWriter, row: Row
    ) -> tuple[str, Assembled]:
        try:
            made = self.prepared.assemble(row)
        except Exception:
            # The first pass has told why.
            return "", Assembled(number=row.number)
        # What the first pass has reported is not reported twice.
        made.issues.clear()
        if writer.linker.has_late(made):
            link_row(session, writer, made)
        return "", made


def import_file(
    site: Any,
    principal: Principal,
    rtype: RecordType,
    file: Path,
    options: ImportOptions,
) -> Run:
    """Import a whole file here and now, with the files of its report."""
    run = resume(site, principal, start(site, principal, rtype, file, options))
    results.write_files(site, principal, run)
    return finish(site, principal, run)


def finish(site: Any, principal: Principal, run: Run) -> Run:
    """Mark a run whose result was delivered as finished."""
    if run.state != runs.CLOSING:
        raise Conflict(_("This import has not come to its end."))
    if run.counts["created"] >= MANY_ROWS:
        site.database.refresh_statistics()
    with site.write(principal) as session:
        return runs.end(session, run, runs.FINISHED)
