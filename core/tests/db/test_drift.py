"""Models and migrations are equal, each owner seen alone; the next file is written from them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from kontora.db import runner, types
from kontora.db.base import NAMING
from kontora.db.engine import Database
from kontora.db.types import ExactDecimal, JSONType, SortText, UTCDateTime, UUIDType
from kontora.errors import Conflict

from .migrations import core_and_hello, owner, run


def _models() -> MetaData:
    metadata = MetaData(naming_convention=NAMING)
    party = Table("party", metadata, Column("id", Integer, primary_key=True))
    party.append_column(Column("name", String(40)))
    card = Table("hello_card", metadata)
    cascade = ForeignKey("party.id", ondelete="CASCADE")
    card.append_column(Column("party_id", Integer, cascade, primary_key=True))
    card.append_column(Column("score", Integer))
    return metadata


def test_owners_that_share_metadata_see_their_own_tables_only(
    database: Database, tmp_path: Path
) -> None:
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core, hello])
    run(database, "CREATE TABLE unrelated (id INTEGER)", "CREATE TABLE hello_world_a (id INTEGER)")
    run(database, "CREATE TABLE hello_world_alembic_version (version_num TEXT)")
    metadata = _models()
    assert runner.drift(database, core, metadata) == []
    assert runner.drift(database, hello, metadata) == []


def test_a_column_without_a_migration_is_found(database: Database, tmp_path: Path) -> None:
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core, hello])
    metadata = _models()
    metadata.tables["hello_card"].append_column(Column("note", String(10)))
    assert runner.drift(database, core, metadata) == []
    [difference] = runner.drift(database, hello, metadata)
    assert difference[0] == "add_column"


def test_search_tables_and_run_time_indexes_are_no_drift(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/a.sqlite3", home=tmp_path)
    core, hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core, hello])
    run(
        database,
        "CREATE VIRTUAL TABLE hello_text USING fts5(body)",
        "CREATE INDEX ixr_score ON hello_card (score)",
        "CREATE INDEX ixr_upper ON party (upper(name))",
    )
    assert runner.drift(database, hello, _models()) == []
    assert runner.drift(database, core, _models()) == []
    database.dispose()


def test_the_next_migration_is_written_and_makes_models_and_tables_equal(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The API module is a higher layer's; the types in it bear the same names.
    monkeypatch.setitem(sys.modules, "kontora.api", types)
    core, _hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core])
    stock = owner(tmp_path, "stock")
    metadata = _models()
    item = Table("stock_item", metadata, Column("id", UUIDType(), primary_key=True))
    item.append_column(Column("party_id", ForeignKey("party.id"), index=True))
    path = runner.make_migration(database, stock, metadata, "First: items!")
    assert path is not None
    assert path.name == "stock_0001_first_items.py"
    assert "from kontora.api import UUIDType" in path.read_text(encoding="utf-8")
    assert runner.upgrade(database, [core, stock]).failed == {}
    assert runner.drift(database, stock, metadata) == []
    assert runner.make_migration(database, stock, metadata, "nothing") is None
    runner.downgrade_to_base(database, stock)


def test_every_type_of_ours_survives_the_way_through_a_file(
    database: Database, tmp_path: Path
) -> None:
    core = owner(tmp_path, "core")
    metadata = MetaData(naming_convention=NAMING)
    thing = Table("thing", metadata, Column("id", UUIDType(), primary_key=True))
    for number, kind in enumerate((UTCDateTime, JSONType, ExactDecimal, SortText)):
        thing.append_column(Column(f"c{number}", kind()))
    long = "a_column_with_a_very_long_name_"
    thing.append_column(Column(long + "1", Integer, index=True))
    thing.append_column(Column(long + "2", Integer))
    thing.append_constraint(UniqueConstraint(long + "1", long + "2"))
    thing.append_constraint(CheckConstraint("c3 <> '%'", name="not_percent"))
    assert runner.make_migration(database, core, metadata, "things")
    assert runner.upgrade(database, [core]).applied == {"core": ["core_0001_things"]}
    assert runner.drift(database, core, metadata) == []


def test_a_migration_is_not_written_against_an_old_database(
    database: Database, tmp_path: Path
) -> None:
    core, _hello = core_and_hello(tmp_path)
    with pytest.raises(Conflict, match="upgrade first"):
        runner.make_migration(database, core, _models(), "too early")


def test_a_check_that_no_migration_makes_is_found(database: Database, tmp_path: Path) -> None:
    core, _hello = core_and_hello(tmp_path)
    runner.upgrade(database, [core])
    metadata = _models()
    metadata.tables["party"].append_constraint(CheckConstraint("name <> ''", name="named"))
    # The plugin is not in the database yet, so its prefix must be told.
    [difference] = runner.drift(database, core, metadata, prefixes=("hello_",))
    assert difference[0] == "add_constraint"
