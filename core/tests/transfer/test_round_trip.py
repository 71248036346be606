"""What Kontora writes it reads back unchanged (T-15), and no cell can become a formula."""

from __future__ import annotations

import io
import os
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontora.records.transfer.formulas import guard, is_dangerous, unguard
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.writers import CsvWriter, JsonWriter, Writer, XlsxWriter, writer_for

SETTINGS = settings(
    max_examples=int(os.environ.get("KONTORA_TEST_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
pytestmark = pytest.mark.timeout(1800)
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
NASTY = st.sampled_from(
    ["=1+1", "+7 916", "-5", "@cmd", "|x", "\t=1", " =1", "'=1", "''", "'", "\ufeff=1", "＝1",
     "a\r\nb", 'say "so"', "a;b", "a,b", " blank ",
     "\u00a0=1", "_x0041_", "1.0", "true", "2020-01-01", "007"]
)  # fmt: skip
TEXTS = st.one_of(NASTY, st.text(LETTERS, max_size=20))


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[Any] = TEXTS) -> tuple[list[str], list[Any]]:
    width = draw(st.integers(1, 5))
    heading = st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1, max_size=8)
    columns = draw(st.lists(heading, min_size=width, max_size=width, unique=True))
    row = st.lists(cells, min_size=width, max_size=width)
    rows = [row for row in draw(st.lists(row, max_size=6)) if any(cell != "" for cell in row)]
    return columns, rows


def write(writer: Writer, columns: list[str], rows: list[Any]) -> None:
    writer.write_header(columns)
    for row in rows:
        writer.write_row(row)
    writer.close()


def read(path: Path, **options: Any) -> tuple[list[str], list[list[Any]]]:
    table = open_table(path, **options)
    return list(table.columns), [list(row.cells.values()) for row in table.rows()]


@given(table=tables())
@SETTINGS
def test_csv_out_and_in_again_is_the_same(table: Any, tmp_path: Path) -> None:
    columns, rows = table
    path = tmp_path / "table.csv"
    with path.open("wb") as file:
        write(CsvWriter(file), columns, rows)
    assert read(path) == (columns, rows)


@given(table=tables())
@SETTINGS
def test_semicolon_csv_out_and_in_again_is_the_same(table: Any, tmp_path: Path) -> None:
    columns, rows = table
    path = tmp_path / "table.csv"
    with path.open("wb") as file:
        write(CsvWriter(file, delimiter=";", mark=False), columns, rows)
    assert read(path, encoding="utf-8", delimiter=";") == (columns, rows)


TYPED = st.one_of(
    TEXTS,
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.dates(date(1900, 3, 1), date(2200, 1, 1)),
    st.dates(date(1900, 3, 1), date(2200, 1, 1)).map(
        lambda day: datetime.combine(day, time(9, 15, 30))  # naive, as in a spreadsheet
    ),
)


@given(table=tables(TYPED))
@SETTINGS
def test_xlsx_out_and_in_again_is_the_same(table: Any, tmp_path: Path) -> None:
    columns, rows = table
    path = tmp_path / "table.xlsx"
    with path.open("wb") as file:
        write(XlsxWriter(file), columns, rows)
    assert read(path, has_header=True) == (columns, rows)


@given(table=tables())
@SETTINGS
def test_json_out_and_in_again_is_the_same(table: Any, tmp_path: Path) -> None:
    columns, rows = table
    path = tmp_path / "table.json"
    with path.open("wb") as file:
        write(JsonWriter(file), columns, rows)
    table_again = open_table(path)
    assert [list(row.cells.values()) for row in table_again.rows()] == rows


@given(text=TEXTS)
def test_the_guard_can_be_taken_off(text: str) -> None:
    assert unguard(guard(text)) == text
    assert not is_dangerous(guard(text)) or guard(text).startswith("'")


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t1", "\r1", "  =1", "\u200b=1", "＝1", "|cmd", "\x01=1"]
)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert guard(text) == "'" + text


def test_numbers_that_are_numbers_are_not_guarded() -> None:
    file = io.BytesIO()
    write(CsvWriter(file, mark=False), ["n", "t"], [[-5, "-5"]])
    assert file.getvalue() == b'"n","t"\r\n-5,\'-5\r\n'


def test_an_unknown_format_is_refused_with_the_known_ones() -> None:
    from kontora.errors import Invalid

    with pytest.raises(Invalid, match="csv, xlsx, json or vcard"):
        writer_for("doc", io.BytesIO())
