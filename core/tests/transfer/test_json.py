"""JSON lists, lines and Kontora's own export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kontora.errors import Invalid
from kontora.records.transfer.readers import open_table

ITEMS = [{"name": "Анна", "address": {"city": "Київ"}, "n": 1}, {"name": "Bob", "tags": ["a", "b"]}]
FLAT = [
    {"name": "Анна", "address.city": "Київ", "n": 1, "tags": ""},
    {"name": "Bob", "address.city": "", "n": "", "tags": "a, b"},
]


def made(folder: Path, text: str) -> Path:
    path = folder / "file.json"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ITEMS),
        json.dumps(ITEMS, indent=2, ensure_ascii=False),
        json.dumps({"items": ITEMS, "next": None}),
        "\n".join(json.dumps(item) for item in ITEMS),
    ],
)
def test_each_form_gives_the_same_rows(text: str, tmp_path: Path) -> None:
    table = open_table(made(tmp_path, text))
    assert table.columns == ("name", "address.city", "n", "tags")
    assert [dict(row.cells) for row in table.rows()] == FLAT
    assert not table.carries_records


def test_a_long_list_is_read_piece_by_piece(tmp_path: Path) -> None:
    items = [{"n": number, "text": "ж" * (number * 37 % 9000)} for number in range(400)]
    table = open_table(made(tmp_path, json.dumps(items, ensure_ascii=False)))
    assert [dict(row.cells) for row in table.rows()] == items


def test_own_export_carries_whole_records(tmp_path: Path) -> None:
    record: dict[str, Any] = {"kind": "person", "points": [{"kind": "email", "value": "a@b.co"}]}
    table = open_table(made(tmp_path, json.dumps([record])))
    assert table.carries_records
    assert next(table.rows()).record == record


@pytest.mark.parametrize(
    "text", ["[1, 2]", '[{"a": 1}', "{", "[" * 5000, '[{"a": 1} {"a": 2}]', ""]
)
def test_what_is_no_list_of_objects_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        list(open_table(made(tmp_path, text)).rows())


def test_too_deep_is_refused(tmp_path: Path) -> None:
    deep: Any = {"a": 1}
    for _level in range(40):
        deep = {"a": deep}
    with pytest.raises(Invalid, match="deeper"):
        open_table(made(tmp_path, json.dumps([deep])))
