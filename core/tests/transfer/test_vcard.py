"""Cards of all three versions, as real programs write them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from kontora.errors import Invalid
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.table import Row
from kontora.records.transfer.vcard_writer import VcardWriter


def cards(folder: Path, text: str | bytes) -> list[Row]:
    path = folder / "file.vcf"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return list(open_table(path).rows())


def one(folder: Path, *lines: str, version: str = "3.0") -> dict[str, Any]:
    text = "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])
    (row,) = cards(folder, text)
    assert row.record is not None
    return dict(row.record)


def test_seven_files_give_thirteen_cards(data: Path) -> None:
    tables = {path.name: open_table(path) for path in (data / "vcard").glob("*.vcf")}
    counts = {name: sum(1 for _row in table.rows()) for name, table in tables.items()}
    assert (len(counts), sum(counts.values())) == (7, 13)
    assert counts["John_Doe_ANDROID.vcf"] == 6


@pytest.mark.parametrize("name", ["EVOLUTION", "GMAIL", "MS_OUTLOOK"])
def test_three_programs_tell_the_same_person(name: str, data: Path) -> None:
    (row,) = open_table(data / "vcard" / f"John_Doe_{name}.vcf").rows()
    record = dict(row.record or {})
    names = [record[key] for key in ("given", "family", "middle", "organisation", "birth_date")]
    assert names == ["John", "Doe", "Richter, James", "IBM", "1980-03-22"]
    assert {point["kind"] for point in record["points"]} >= {"email", "phone", "web"}
    assert record["notes"].startswith("THIS SOFTWARE")


def test_version_four_with_uris_and_preferences(data: Path) -> None:
    (row,) = open_table(data / "vcard" / "rfc6350-example.vcf").rows()
    record = dict(row.record or {})
    assert record["gender"] == "male"
    assert record["points"][0]["value"] == "+1-418-656-9254;ext=102"
    assert record["addresses"][0]["locality"] == "Quebec"
    assert "BDAY" in {issue.column for issue in row.issues}


def test_soft_breaks_and_letters_of_quoted_printable(data: Path) -> None:
    rows = list(open_table(data / "vcard" / "John_Doe_ANDROID.vcf").rows())
    records = [dict(row.record or {}) for row in rows]
    assert records[2]["display_name"] == "Ñ Ñ Ñ Ñ Ñ"
    assert len([point for point in records[3]["points"] if point["kind"] == "phone"]) == 4
    assert records[4]["organisation"] == "Ñ" * 12
    assert "PHOTO" in {issue.column for issue in rows[4].issues}


def test_nothing_is_lost_without_a_word(data: Path) -> None:
    (row,) = open_table(data / "vcard" / "outlook-2003.vcf").rows()
    assert {"KEY", "ROLE", "FBURL"} == {issue.column for issue in row.issues}


def test_labels_of_groups(tmp_path: Path) -> None:
    record = one(tmp_path, "FN:A", "item1.TEL:+1 212 555 0100", "item1.X-ABLabel:_$!<Summer>!$_")
    assert record["points"][0]["label"] == "summer"


def test_character_sets_of_version_two(tmp_path: Path) -> None:
    head = b"BEGIN:VCARD\nVERSION:2.1\n"
    name = b"N;CHARSET=windows-1251:" + "Петренко;Іван".encode("cp1251") + b"\n"
    quoted = b"ORG;CHARSET=KOI8-R;ENCODING=QUOTED-PRINTABLE:=D2=CF=C7=C1\n"
    (row,) = cards(tmp_path, head + name + quoted + b"END:VCARD\n")
    record = dict(row.record or {})
    assert (record["family"], record["given"]) == ("Петренко", "Іван")
    assert record["organisation"] == "рога"


def test_an_encoded_semicolon_is_text(tmp_path: Path) -> None:
    record = one(tmp_path, "ORG;ENCODING=QUOTED-PRINTABLE:A=3BB;Sales", version="2.1")
    assert (record["display_name"], record["department"]) == ("A;B", "Sales")


def test_utf16_and_old_line_ends(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\rVERSION:3.0\rFN:Анна\rEND:VCARD\r"
    for coded in (text.encode("utf-16"), text.encode("cp1251"), text.encode()):
        (row,) = cards(tmp_path, coded)
        assert (row.record or {})["display_name"] == "Анна"


def test_a_missing_end_costs_no_card(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:A\nBEGIN:VCARD\nFN:B\nEND:VCARD\nBEGIN:VCARD\nFN:C\n"
    rows = cards(tmp_path, text)
    assert [(row.record or {})["display_name"] for row in rows] == ["A", "B", "C"]
    assert [bool(row.issues) for row in rows] == [True, False, True]


def test_a_card_inside_a_card_is_reported(tmp_path: Path) -> None:
    text = "BEGIN:VCARD\nFN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nEND:VCARD\nTEL:1\nEND:VCARD\n"
    (row,) = cards(tmp_path, text)
    assert (row.record or {})["display_name"] == "A"
    assert [(issue.column, issue.value) for issue in row.issues] == [("AGENT", "B")]


def test_lines_without_a_name_are_reported(tmp_path: Path) -> None:
    (row,) = cards(tmp_path, "BEGIN:VCARD\nFN:A\nwhat is this\nEND:VCARD\n")
    assert row.issues[0].value == "what is this"


def test_escapes(tmp_path: Path) -> None:
    record = one(tmp_path, r"FN:A\, B\; C\\D", r"NOTE:one\ntwo", r"CATEGORIES:x\,y,z")
    assert record["display_name"] == "A, B; C\\D"
    assert record["notes"] == "one\ntwo"
    assert record["tags"] == ["x,y", "z"]


def test_a_company_is_an_organisation(tmp_path: Path) -> None:
    record = one(tmp_path, "FN:Рога и копыта", "N:;;;;", "ORG:Рога и копыта")
    assert (record["kind"], record["display_name"]) == ("organisation", "Рога и копыта")
    assert "organisation" not in record


def test_messengers_and_profiles(tmp_path: Path) -> None:
    record = one(tmp_path, "FN:A", "IMPP:xmpp:a@b.co", "X-SKYPE:anna", "X-SOCIALPROFILE;TYPE=vk:a")
    found = [(point["kind"], point["label"], point["value"]) for point in record["points"]]
    assert found == [
        ("messenger", "xmpp", "a@b.co"),
        ("messenger", "skype", "anna"),
        ("social", "vk", "a"),
    ]


def test_a_file_without_a_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="no card"):
        cards(tmp_path, "hello\n")


def test_a_long_picture_is_read_in_no_time(tmp_path: Path) -> None:
    block = b"\n ".join([b"/9j/4AAQSkZJRgABAQAAAQABAAD" * 2] * 60_000)
    (row,) = cards(tmp_path, b"BEGIN:VCARD\nFN:A\nPHOTO;ENCODING=b:" + block + b"\nEND:VCARD\n")
    assert row.issues[0].column == "PHOTO"


def test_written_cards_are_read_back(tmp_path: Path) -> None:
    record = {
        "kind": "person",
        "display_name": "Анна Петрова, " + "очень длинное имя " * 5 + "конец",
        "given": "Анна; Мария",
        "family": "Петрова",
        "middle": "Ивановна",
        "organisation": "ТОВ «Ромашка», Київ",
        "department": "Продажі",
        "title": "Head\\of sales",
        "birth_date": "1987-05-14",
        "points": [
            {"kind": "email", "value": "anna@example.org", "label": "work", "primary": True},
            {"kind": "phone", "value": "+380671234567", "label": "mobile", "primary": True},
            {"kind": "fax", "value": "+380441234567", "label": "work", "primary": True},
            {"kind": "messenger", "value": "anna", "label": "telegram", "primary": True},
            {"kind": "web", "value": "https://example.org/?a=1;b=2", "primary": True},
        ],
        "addresses": [{"street": "Хрещатик, 5", "locality": "Київ", "country": "UA"}],
        "notes": "one\ntwo; three",
        "tags": ["vip", "a,b"],
    }
    file = io.BytesIO()
    writer = VcardWriter(file)
    writer.write_header(())
    writer.write_record(record)
    writer.close()
    assert max(len(line) for line in file.getvalue().split(b"\r\n")) <= 75
    (row,) = cards(tmp_path, file.getvalue())
    assert dict(row.record or {}) == record


def test_rows_of_a_list_become_cards(tmp_path: Path) -> None:
    file = io.BytesIO()
    writer = VcardWriter(file)
    writer.write_header(["display_name", "email", "address.locality"])
    writer.write_row(["Anna", "a@b.co", "Kyiv"])
    (row,) = cards(tmp_path, file.getvalue())
    record = dict(row.record or {})
    assert record["points"][0]["value"] == "a@b.co"
    assert record["addresses"] == [{"locality": "Kyiv"}]
