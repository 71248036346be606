"""Refused rows can be mended and imported again."""

from __future__ import annotations

import io
from pathlib import Path

from kontora.records.transfer.issues import Issue
from kontora.records.transfer.mending import MendingFile, Report, write_report
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.table import PROBLEM_COLUMN
from kontora.records.transfer.writers import CsvWriter
from kontora.text import _, use_locale


def issue(row: int, column: str = "mail", severity: str = "refused") -> Issue:
    return Issue(
        row=row,
        column=column,
        value="x",
        reason=_("This is not a date."),
        severity=severity,
    )


def test_refused_rows_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "mend.csv"
    cells = {"name": "=Anna", "phone": "+7 916", "note": "a\r\nb"}
    with path.open("wb") as file:
        mending = MendingFile(file, list(cells))
        mending.add(cells, [issue(3, "phone"), issue(3, "")])
        mending.close()
    assert mending.rows == 1
    table = open_table(path)
    assert table.columns == ("name", "phone", "note")
    (row,) = table.rows()
    assert row.cells == cells
    assert not row.issues
    assert PROBLEM_COLUMN in path.read_text("utf-8-sig")
    assert "phone: This is not a date." in path.read_text("utf-8-sig")


def test_a_mended_file_can_be_refused_and_mended_again(tmp_path: Path) -> None:
    first = tmp_path / "first.csv"
    with first.open("wb") as file:
        mending = MendingFile(file, ["name"])
        mending.add({"name": "A"}, [issue(1)])
        mending.close()
    second = open_table(first)
    assert second.columns == ("name",)


def test_a_report_counts_all_but_keeps_a_bounded_number() -> None:
    report = Report(most=2)
    report.add(issue(1), issue(1, severity="changed"), issue(2))
    assert len(report.issues) == 2
    assert (report.counts["refused"], report.counts["changed"]) == (2, 1)
    assert not report.complete


def test_a_report_is_written_as_a_table(tmp_path: Path) -> None:
    file = io.BytesIO()
    with use_locale("en"):
        write_report(CsvWriter(file), [issue(1, severity="left_out")])
    path = tmp_path / "report.csv"
    path.write_bytes(file.getvalue())
    (row,) = open_table(path).rows()
    assert row.cells["What was done"] == "left out"
    assert issue(1).as_dict()["reason"] == "This is not a date."
