"""Damaged files are refused or read as far as they go; nothing else can happen."""

from __future__ import annotations

import contextlib
import io
import os
import random
from pathlib import Path

import pytest

from kontora.errors import Invalid
from kontora.records.transfer.readers import open_table
from kontora.records.transfer.writers import XlsxWriter

OWN = Path(__file__).parents[1] / "data"
PIECES = [b'"', b"\n", b"\x00", b";", b"=", b"\r", b"\xff\xfe", b"BEGIN:VCARD\n", b"[", b"{", b"\\"]


def spreadsheet() -> bytes:
    file = io.BytesIO()
    writer = XlsxWriter(file)
    writer.write_header(["a", "b"])
    writer.write_row(["x", 1.5])
    writer.close()
    return file.getvalue()


SEEDS = {
    "csv": [path.read_bytes() for path in sorted((OWN / "csv_torture" / "csvs").iterdir())],
    "json": [path.read_bytes() for path in sorted((OWN / "csv_torture" / "json").iterdir())],
    "vcf": [path.read_bytes() for path in sorted((OWN / "vcard").iterdir())],
    "xlsx": [spreadsheet()],
}


def damaged(content: bytes, chance: random.Random) -> bytes:
    data = bytearray(content)
    for _time in range(chance.choice([1, 3, 10, 40])):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[place : place + 1] = chance.randbytes(1)
            case 1:
                del data[place : place + chance.randint(1, 20)]
            case 2:
                data[place:place] = chance.choice(PIECES)
            case _:
                del data[place + 50 :]
    return bytes(data)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("suffix", sorted(SEEDS))
def test_no_damage_brings_down_a_reader(suffix: str, tmp_path: Path) -> None:
    chance = random.Random(7)
    path = tmp_path / f"file.{suffix}"
    for _time in range(int(os.environ.get("KONTORA_TEST_DAMAGES", "300"))):
        path.write_bytes(damaged(chance.choice(SEEDS[suffix]), chance))
        with contextlib.suppress(Invalid):
            for row in open_table(path).rows():
                assert row.number > 0
