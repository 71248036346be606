"""One normaliser: what it makes equal, and that both engines agree with Python."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, text

from kontora.db.engine import Database
from kontora.db.fold import fold, fold_sql, postgresql_ddl


@pytest.mark.parametrize(
    ("given_text", "folded"),
    [
        ("", ""),
        ("  Anna \t Petrova\n", "anna petrova"),
        ("Пётр Чайковский", "петр чаиковскии"),
        ("Ґалаґан Їжак", "галаган іжак"),
        ("Об'єднання", "обєднання"),
        ("Об’єднання", "обєднання"),
        ("Обʼєднання", "обєднання"),
        ("O`Brien O′Brien", "obrien obrien"),
        ("José Müller Łukasz", "jose muller lukasz"),
        ("Straße STRASSE", "strasse strasse"),
        ("ﬁrm №5", "firm no5"),
        ("за́мок", "замок"),
        ("a\u00a0b\u200bc", "a bc"),
        ("東京 가나 が", "東京 가나 が"),
    ],
)
def test_what_a_reader_takes_for_equal_is_equal(given_text: str, folded: str) -> None:
    assert fold(given_text) == folded


@given(st.text())
def test_folding_twice_changes_nothing(sample: str) -> None:
    assert fold(fold(sample)) == fold(sample)


def _samples() -> list[str]:
    """A few thousand strings of Latin, Greek, Cyrillic, marks, blanks and apostrophes."""
    dice = random.Random(20261121)
    ranges = (range(0x20, 0x590), range(0x1E00, 0x2070), range(0x2C00, 0x2C10), range(1, 0x20))
    letters = [chr(code) for part in ranges for code in part] + list("ﬁ가がÅ\ufeff\u3000")
    return letters + ["".join(dice.choices(letters, k=dice.randint(0, 24))) for _ in range(4000)]


def test_the_engines_agree_with_python(database: Database) -> None:
    with database.write_engine.begin() as connection:
        if database.dialect == "postgresql":
            connection.exec_driver_sql(postgresql_ddl())
        samples = _samples()
        for start in range(0, len(samples), 500):
            part = samples[start : start + 500]
            folds = [fold_sql(sample).label(f"c{n}") for n, sample in enumerate(part)]
            found = connection.execute(select(*folds)).one()
            wrong = [s for s, folded in zip(part, found, strict=True) if fold(s) != folded]
            assert wrong == []
        assert connection.scalar(select(func.kontora_fold(None))) is None


def test_every_connection_knows_the_function(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3")
    for engine in (database.read_engine, database.write_engine):
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT kontora_fold('ЁЖ')")) == "еж"
    database.dispose()
