"""Spreadsheets give typed values; a bomb is refused before it is opened."""

from __future__ import annotations

import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from kontora.errors import Invalid
from kontora.records.transfer.limits import Limits
from kontora.records.transfer.readers import open_table


def book(folder: Path, rows: list[list[Any]], *more: list[list[Any]]) -> Path:
    path = folder / "file.xlsx"
    with xlsxwriter.Workbook(path) as workbook:
        form = workbook.add_format({"num_format": "yyyy-mm-dd"})
        for number, table in enumerate((rows, *more)):
            sheet = workbook.add_worksheet(f"Лист {number + 1}")
            for line, row in enumerate(table):
                for column, value in enumerate(row):
                    if isinstance(value, date):
                        sheet.write_datetime(line, column, value, form)
                    else:
                        sheet.write(line, column, value)
    return path


def test_values_keep_their_types(tmp_path: Path) -> None:
    day, moment = date(1987, 5, 14), datetime(2020, 1, 2, 10, 30)  # noqa: DTZ001 - as a sheet has it
    path = book(tmp_path, [["имя", "n", "x", "d", "t", "b"], ["Анна", 3.0, 2.5, day, moment, True]])
    table = open_table(path)
    (row,) = table.rows()
    assert list(row.cells.values()) == ["Анна", 3, 2.5, day, moment, True]
    assert [type(value) for value in row.cells.values()] == [str, int, float, date, datetime, bool]


def test_rows_above_the_heading_and_empty_rows_are_passed_over(tmp_path: Path) -> None:
    path = book(tmp_path, [[], ["name", "email"], ["Ann", "a@b.co"], [], ["Bob", "b@b.co"]])
    assert [row.number for row in open_table(path).rows()] == [1, 3]


def test_a_title_above_the_table_is_passed_over(tmp_path: Path) -> None:
    path = book(tmp_path, [["Clients 2026"], ["name", "email", "n"], ["Ann", "a@b.co", 1]])
    (row,) = open_table(path).rows()
    assert row.cells == {"name": "Ann", "email": "a@b.co", "n": 1}
    assert row.number == 1


def test_the_error_of_a_formula_is_left_out(tmp_path: Path) -> None:
    (row,) = open_table(book(tmp_path, [["name", "n"], ["Ann", "#N/A"]])).rows()
    assert row.cells["n"] == ""
    assert row.issues[0].severity == "left_out"


def test_a_sheet_is_chosen_by_name_or_by_content(tmp_path: Path) -> None:
    path = book(tmp_path, [], [["name"], ["Ann"]], [["name"], ["Bob"]])
    assert next(open_table(path).rows()).cells == {"name": "Ann"}
    assert next(open_table(path, sheet="Лист 3").rows()).cells == {"name": "Bob"}
    assert next(open_table(path, sheet=2).rows()).cells == {"name": "Bob"}
    with pytest.raises(Invalid, match="Лист 1, Лист 2"):
        open_table(path, sheet="none")


def test_limits_of_columns_and_rows(tmp_path: Path) -> None:
    path = book(tmp_path, [["a", "b"], [1, 2], [3, 4]])
    with pytest.raises(Invalid, match="2 columns"):
        open_table(path, limits=Limits(columns=1))
    with pytest.raises(Invalid, match="more than 1 rows"):
        list(open_table(path, limits=Limits(rows=1)).rows())


def test_archive_bombs_are_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    with pytest.raises(Invalid, match="not an honest"):
        open_table(path)
    with pytest.raises(Invalid, match="unpacks to"):
        open_table(path, limits=Limits(archive_bytes=1000))
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1001):
            archive.writestr(f"{number}.xml", b"")
    with pytest.raises(Invalid, match="1001 parts"):
        open_table(path)


@pytest.mark.parametrize("suffix", ["xlsx", "ods", "xls"])
def test_what_is_no_spreadsheet_is_refused(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"file.{suffix}"
    path.write_bytes(b"no spreadsheet at all")
    with pytest.raises(Invalid):
        open_table(path)
