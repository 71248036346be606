"""CSV files of all makes are read without being told how they are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kontora.errors import Invalid
from kontora.records.transfer.limits import Limits
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.table import Row, Table

OWN = Path(__file__).parents[1] / "data"
CASES = sorted(path.stem for path in (OWN / "csv_torture" / "csvs").glob("*.csv"))
THUNDERBIRD = (
    "First Name,Last Name,Display Name,Nickname,Primary Email,Secondary Email,Work Phone,"
    "Home Phone,Fax Number,Pager Number,Mobile Number,Home Address,Home Address 2,Home City,"
    "Home State,Home ZipCode,Home Country,Work Address,Work Address 2,Work City,Work State,"
    "Work ZipCode,Work Country,Job Title,Department,Organization,Web Page 1,Web Page 2,"
    "Birth Year,Birth Month,Birth Day,Custom 1,Custom 2,Custom 3,Custom 4,Notes,Screen Name"
)
EMPTY = "," * 32
IVAN = f"Иван,Петров,Иван Петров,,ivan@example.org{EMPTY}\n"
CONTACTS = f"{IVAN}Jane,Doe,Jane Doe,,jane@doe.invalid{EMPTY}\n"


def made(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def cells(table: Table) -> list[dict[str, object]]:
    return [dict(row.cells) for row in table.rows()]


def rows(table: Table) -> list[Row]:
    return list(table.rows())


@pytest.mark.parametrize("case", CASES)
def test_torture_equals_its_json(case: str, data: Path) -> None:
    got = cells(open_table(data / "csv_torture" / "csvs" / f"{case}.csv"))
    wanted = json.loads((data / "csv_torture" / "json" / f"{case}.json").read_text("utf-8"))
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if case == "location_coordinates":
        # The JSON has another telephone number than the CSV, upstream too.
        wanted[0]["Contact Phone Number"] = "2095257564"
    if case == "newlines_crlf":
        # The stored CSV has line feeds only; see the test of all line ends below.
        wanted[1]["a"] = wanted[1]["a"].replace("\r\n", "\n")
    assert got == wanted


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_each_kind_of_line_end_is_kept_inside_quotes(end: str, tmp_path: Path) -> None:
    text = end.join(["a,b,c", "1,2,3", f'"Once upon {end}a time",5,6', "7,8,9", ""])
    assert cells(open_table(made(tmp_path, text))) == [
        {"a": "1", "b": "2", "c": "3"},
        {"a": f"Once upon {end}a time", "b": "5", "c": "6"},
        {"a": "7", "b": "8", "c": "9"},
    ]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "koi8-r", "cp866"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("heading", [True, False])
def test_the_same_two_contacts_come_out(
    encoding: str, delimiter: str, heading: bool, tmp_path: Path
) -> None:
    text = (THUNDERBIRD + "\n" if heading else "") + CONTACTS
    path = made(tmp_path, text.replace(",", delimiter).encode(encoding))
    table = open_table(path)
    assert table.columns == tuple(THUNDERBIRD.split(","))
    assert (table.has_header, table.delimiter) == (heading, delimiter)
    found = [(row.cells["First Name"], row.cells["Primary Email"]) for row in table.rows()]
    assert found == [("Иван", "ivan@example.org"), ("Jane", "jane@doe.invalid")]


def test_the_five_exports_give_two_contacts_each(shared_data: Path) -> None:
    paths = sorted((shared_data / "contacts" / "csv").glob("*.csv"))
    assert len(paths) == 5
    for path in paths:
        found = cells(open_table(path))
        assert [row["Primary Email"] for row in found] == ["john@doe.invalid", "jane@doe.invalid"]


def test_what_is_given_is_not_guessed(tmp_path: Path) -> None:
    path = made(tmp_path, "имя;возраст\nАня;5\n".encode("cp866"))
    table = open_table(path, encoding="cp866", delimiter=";", has_header=False)
    assert cells(table)[0] == {"column 1": "имя", "column 2": "возраст"}
    with pytest.raises(Invalid, match="no encoding"):
        open_table(path, encoding="klingon")


def test_headings_become_unique_and_not_empty(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, "a,a,,a (2)\n1,2,3,4\n"))
    assert table.columns == ("a", "a (3)", "column 3", "a (2)")
    assert len(table.warnings) == 1


def test_ragged_rows_are_reported_and_taken(tmp_path: Path) -> None:
    first, second, third = rows(open_table(made(tmp_path, "a,b\n1,2\n1\n1,2,3\n")))
    assert first.issues == ()
    assert (second.cells, second.issues[0].severity) == ({"a": "1", "b": ""}, "changed")
    assert (third.issues[0].severity, third.issues[0].value) == ("left_out", "3")


def test_empty_rows_are_counted_but_not_given(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, "a,b\n1,2\n,\n\n3,4\n"))
    assert [row.number for row in table.rows()] == [1, 4]
    assert [row.number for row in table.rows(start=1)] == [4]
    assert [row.number for row in table.rows(start=4)] == []


def test_zero_bytes_go(tmp_path: Path) -> None:
    assert cells(open_table(made(tmp_path, "a,b\nx\x00y,2\n"))) == [{"a": "xy", "b": "2"}]


def test_the_first_line_of_excel_names_the_delimiter(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, 'sep=;\r\n"a";"b"\r\n"1,5";2\r\n'))
    assert cells(table) == [{"a": "1,5", "b": "2"}]


def test_a_blank_after_each_comma_is_not_part_of_the_value(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, 'a, b, c\n1, "x, y", 3\n2, z, 4\n'))
    assert cells(table)[0] == {"a": "1", "b": "x, y", "c": "3"}


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    found = rows(open_table(made(tmp_path, 'a,b\n1,2\n3,"4\n5,6\n7,8\n')))
    assert "never closed" in str(found[-1].issues[-1].reason)


def test_too_long_values_are_left_out_and_the_row_stays(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, "a,b\n" + "x" * 70_000 + ",2\n"))
    (row,) = rows(table)
    assert row.cells == {"a": "", "b": "2"}
    assert row.issues[0].severity == "left_out"


def test_an_unreadable_row_is_refused_and_the_others_go_on(tmp_path: Path) -> None:
    first, second = rows(open_table(made(tmp_path, "a,b\n" + "x" * 200_000 + ",2\n3,4\n")))
    assert first.issues[0].severity == "refused"
    assert second.cells == {"a": "3", "b": "4"}


def test_too_many_columns_and_endless_lines_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="201 columns"):
        open_table(made(tmp_path, ",".join(f"c{n}" for n in range(201)) + "\n"))
    with pytest.raises(Invalid, match="longer than"):
        open_table(made(tmp_path, "a" * 5000), limits=Limits(columns=2, field=1000))


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    assert cells(open_table(made(tmp_path, ""))) == []
    assert cells(open_table(made(tmp_path, "a,b\n"))) == []


def test_data_without_headings_is_recognised(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, "Ann,ann@example.org\nBob,bob@example.org\n"))
    assert not table.has_header
    assert len(rows(table)) == 2


def test_unknown_suffix_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="suffix"):
        open_table(made(tmp_path, "x", "a.pdf"))
    with pytest.raises(Invalid, match="no file"):
        open_table(tmp_path / "none.csv")


def test_accounts_have_their_rows(shared_data: Path) -> None:
    found = cells(open_table(shared_data / "sales" / "crm_sales_opportunities" / "accounts.csv"))
    assert len(found) == 85
    assert sum(bool(row["subsidiary_of"]) for row in found) == 15


def test_quotes_after_a_backslash(tmp_path: Path) -> None:
    text = 'a,b\n1,"say \\"so, and so\\""\n2,"x, \\"y\\", z"\n3,4\n'
    table = open_table(made(tmp_path, text))
    assert [row.cells["b"] for row in table.rows()] == ['say "so, and so"', 'x, "y", z', "4"]


def test_folders_of_windows_are_not_escapes(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, 'a,b\n1,"C:\\dir\\"\n2,"D:\\"\n'))
    assert [row.cells["b"] for row in table.rows()] == ["C:\\dir\\", "D:\\"]


def test_a_wrong_encoding_is_explained(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="not in the encoding"):
        open_table(made(tmp_path, "a,b\n1,2\n"), encoding="utf-16")


def test_a_title_above_the_table_is_passed_over(tmp_path: Path) -> None:
    table = open_table(made(tmp_path, "Список клиентов\n\nимя;почта;город\nАня;a@b.co;Киев\n"))
    assert cells(table) == [{"имя": "Аня", "почта": "a@b.co", "город": "Киев"}]
    assert [str(warning) for warning in table.warnings] == [
        "1 row above the table was passed over."
    ]


@pytest.mark.parametrize("text", ['"Ann","ann@example.org"\n', '"Ann","a@b.co"\nBob,b@b.co\n'])
def test_a_quoted_first_row_may_be_data(text: str, tmp_path: Path) -> None:
    assert cells(open_table(made(tmp_path, text)))[0]["column 1"] == "Ann"
