"""A run that stopped goes on behind its cursor; one run has one process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_transfer import SYSTEM, Transfer

from kontora.errors import Conflict, Invalid
from kontora.records.transfer import run as running
from kontora.records.transfer import runs
from kontora.records.transfer.assembled import ImportOptions

HEADS = ["external.old", "given", "email", "reports_to"]


class Cut(BaseException):
    """Ends a run from outside, as a signal would."""


def begun(transfer: Transfer, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, runs.Run]:
    """A run of thirty rows, three to a slice, of which nothing is done yet."""
    monkeypatch.setattr(running, "SLICE_ROWS", 3)
    monkeypatch.setattr(running, "SLICE_SECONDS", 60)  # a slow machine cuts no slice short
    rows = [[f"k{n}", f"Name {n}", f"p{n}@example.org", f"k{31 - n}"] for n in range(1, 31)]
    rows[4][1] = rows[4][2] = ""
    file = transfer.file(HEADS, *rows)
    rtype = transfer.site.registry.record_type("contacts")
    options = ImportOptions(mapping={head: head for head in HEADS})
    return file, running.start(transfer.site, SYSTEM, rtype, file, options)


@pytest.mark.parametrize("slices", [1, 4, 10, 12, 15, 19])
def test_a_run_goes_on_behind_its_cursor(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch, slices: int
) -> None:
    _file, run = begun(transfer, monkeypatch)
    left = slices

    def cut(_done: int, _total: int | None) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Cut

    with pytest.raises(Cut):
        running.resume(transfer.site, SYSTEM, run, progress=cut)
    with transfer.site.read(SYSTEM) as session:
        kept = runs.get(session, run.id)
    done = running.resume(transfer.site, SYSTEM, kept)
    assert dict(done.counts) == {
        "created": 29,
        "updated": 0,
        "skipped": 0,
        "refused": 1,
        "noted": 1,
    }
    people = transfer.all("contacts")
    assert len(people) == 29
    places = [each["affiliations"] for each in people]
    assert sum(len(each) == 1 and each[0]["reports_to"] is not None for each in places) == 28


def test_the_cursor_moves_with_its_rows_or_not_at_all(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut off between the rows of a slice and its cursor, a run keeps neither."""
    _file, run = begun(transfer, monkeypatch)
    advance = runs.advance
    left = 3

    def cut(*arguments: Any, **more: Any) -> runs.Run:
        nonlocal left
        left -= 1
        if left == 0:
            raise Cut
        return advance(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(runs, "advance", cut)
        with pytest.raises(Cut):
            running.resume(transfer.site, SYSTEM, run)
    with transfer.site.read(SYSTEM) as session:
        kept = runs.get(session, run.id)
    written = len(transfer.all("contacts"))
    assert (kept.cursor, written, kept.counts["refused"]) == (6, 5, 1)
    done = running.resume(transfer.site, SYSTEM, kept)
    assert (done.counts["created"], done.counts["updated"]) == (29, 0)


def test_two_processes_never_work_on_one_run(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file, run = begun(transfer, monkeypatch)
    running.resume(transfer.site, SYSTEM, run)
    with pytest.raises(Conflict):
        running.resume(transfer.site, SYSTEM, run)
    assert len(transfer.all("contacts")) == 29


def test_a_changed_file_is_not_gone_on_with(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, run = begun(transfer, monkeypatch)
    file.write_text("given\nAnna\n")
    with pytest.raises(Invalid):
        running.resume(transfer.site, SYSTEM, run)


def test_a_strange_row_costs_only_itself(
    transfer: Transfer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kontora.records import service

    create = service.create_record

    def failing(session: Any, rtype: Any, data: Any) -> Any:
        if data.get("given") == "Name 7":
            raise OverflowError("too large")
        return create(session, rtype, data)

    monkeypatch.setattr(service, "create_record", failing)
    _file, run = begun(transfer, monkeypatch)
    done = running.resume(transfer.site, SYSTEM, run)
    assert (done.counts["created"], done.counts["refused"]) == (28, 2)
    refused = [each for each in transfer.issues(done) if each[3] == "refused"]
    assert [each[0] for each in refused] == [5, 7]
