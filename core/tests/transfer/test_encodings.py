"""Eight-bit Cyrillic is told apart by its letters, down to single names."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontora.records.transfer.encodings import detect_encoding, guess_eight_bit

RUSSIAN = ["Склифасовский", "ООО Ромашка", "Санкт-Петербург", "ИВАНОВ ИВАН", "Юлия", "Менеджер"]
UKRAINIAN = ["Їжакевич Євген", "вул. Хрещатик, Київ", "Іван Петренко", "ТОВ Будівельна компанія"]


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866"])
@pytest.mark.parametrize("text", RUSSIAN)
def test_russian(encoding: str, text: str) -> None:
    assert guess_eight_bit(text.encode(encoding)) == encoding


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-u", "cp1125"])
@pytest.mark.parametrize("text", UKRAINIAN)
def test_ukrainian(encoding: str, text: str) -> None:
    assert guess_eight_bit(text.encode(encoding)) == encoding


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866"])
def test_each_popular_name_alone(encoding: str, shared_data: Path) -> None:
    path = shared_data / "names_ru" / "firstnames.popular.gender.tsv"
    names = [line.split("\t")[0] for line in path.read_text("utf-8-sig").splitlines()[1:]]
    wrong = [name for name in names if guess_eight_bit(name.encode(encoding)) != encoding]
    assert not wrong


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Luís Gonçalves, São José dos Campos", "cp1252"),
        ("Bjørn Hansen, Ullevålsveien 14", "cp1252"),
        ("Hübner, Größe", "cp1252"),
        ("Łódź, Wałęsa", "cp1250"),
        ("これは日本語のテキストです。東京都千代田区の会社の名前と住所を書いています。", "cp932"),
    ],
)
def test_other_languages(text: str, encoding: str) -> None:
    assert guess_eight_bit(text.encode(encoding)) == encoding


def test_nearly_valid_utf8_stays_utf8(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(("имя,город\n" * 50).encode() + b"\xff\n")
    found = detect_encoding(path)
    assert (found.name, found.errors) == ("utf-8", "replace")
    assert found.warning
