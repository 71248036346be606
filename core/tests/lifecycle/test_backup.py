"""A backup brings everything back, and a spoilt one brings nothing."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import shutil
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select

from kontora.access.principal import system
from kontora.db import dump
from kontora.db.engine import Database
from kontora.errors import Conflict, KontoraError, Locked, NotFound, SettingsError
from kontora.lifecycle import archive, presence
from kontora.lifecycle import backup as backups
from kontora.lifecycle.site import Site
from kontora.records import service
from kontora.settings import Settings


def contents(settings: Settings) -> dict[str, Any]:
    """A digest of all rows per table, and of all files."""
    database = Database(settings.database_url, home=settings.home)
    metadata = MetaData()
    found: dict[str, Any] = {}
    with database.read_engine.connect() as connection:
        metadata.reflect(connection)
        for table in metadata.tables.values():
            rows = sorted(repr(tuple(row)) for row in connection.execute(select(table)))
            found[table.name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
    database.dispose()
    for path in sorted((*settings.files.rglob("*"), *(settings.home / "imports").rglob("*"))):
        if path.is_file():
            found[str(path.relative_to(settings.home))] = path.read_bytes()
    return found


@pytest.fixture
def filled(site: Site) -> Site:
    """A site with records and files."""
    for name in ("One Ltd", "ООО «Два»", "ТОВ «Три»"):
        add_party(site, name)
    (site.settings.files / "ab").mkdir(parents=True)
    (site.settings.files / "ab" / "письмо.txt").write_bytes(b"Dear friend")
    (site.settings.files / "empty").write_bytes(b"")
    (site.settings.home / "imports").mkdir()
    (site.settings.home / "imports" / "people.csv").write_bytes(b"name\nAnna\n")
    site.close()
    return site


@pytest.fixture
def kept(filled: Site, tmp_path: Path) -> Path:
    target = tmp_path / "kept.tar.gz"
    backups.backup(filled.settings, target)
    return target


def add_party(site: Site, name: str) -> None:
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        service.create_record(session, rtype, {"display_name": name})


def test_what_is_restored_is_what_was_there(filled: Site, kept: Path) -> None:
    before = contents(filled.settings)
    add_party(filled, "Later Ltd")
    (filled.settings.files / "later").write_bytes(b"x")
    filled.close()
    manifest = backups.restore(filled.settings, kept, force=True)
    assert contents(filled.settings) == before
    assert dict(manifest.tables) == {
        name: facts[0] for name, facts in before.items() if isinstance(facts, tuple)
    }


def test_it_goes_into_an_empty_home(filled: Site, kept: Path, tmp_path: Path) -> None:
    if filled.database.path is None:
        pytest.skip("the home says nothing about a database on a server")
    home = tmp_path / "new"
    home.mkdir()
    settings = replace(
        filled.settings, home=home, database_url=f"sqlite:///{home / 'kontora.sqlite3'}"
    )
    backups.restore(settings, kept)
    assert contents(settings) == contents(filled.settings)


def test_data_is_replaced_on_purpose_only(filled: Site, kept: Path) -> None:
    before = contents(filled.settings)
    with pytest.raises(Conflict, match="--force"):
        backups.restore(filled.settings, kept)
    assert contents(filled.settings) == before


def test_what_init_made_may_be_replaced(site: Site, kept: Path, new_site: Any) -> None:
    engine = site.database.dialect
    other = new_site(engine)
    other.close()
    backups.restore(other.settings, kept)
    assert contents(other.settings) == contents(site.settings)


def test_the_replaced_database_is_kept(filled: Site, kept: Path) -> None:
    if filled.database.path is None:
        pytest.skip("a server keeps its own backups")
    counts = dump.sqlite_counts(filled.database.path)
    backups.restore(filled.settings, kept, force=True)
    (old,) = (filled.settings.home / "backups").glob("before-restore-*.sqlite3")
    assert dump.sqlite_counts(old) == counts


def test_a_backup_is_of_one_moment_while_others_write(filled: Site, tmp_path: Path) -> None:
    stop = threading.Event()
    at_first = backups.backup(filled.settings, tmp_path / "first").tables
    others = at_first["change"] - at_first["party"]

    def write() -> None:
        number = 0
        while not stop.is_set():
            add_party(filled, f"Firm {number}")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        manifests = [
            backups.backup(filled.settings, tmp_path / f"{number}.tar.gz") for number in range(3)
        ]
    finally:
        stop.set()
        writer.join()
    filled.close()
    for number, manifest in enumerate(manifests):
        # A party and its line in the change log are made together.
        assert manifest.tables["change"] - manifest.tables["party"] == others
        backups.restore(filled.settings, tmp_path / f"{number}.tar.gz", force=True)
        assert contents(filled.settings)["party"][0] == manifest.tables["party"]


def test_nothing_is_restored_while_kontora_runs(filled: Site, kept: Path) -> None:
    with presence.hold(filled.settings.home), presence.hold(filled.settings.home):
        pass  # a server and a further worker
    with presence.hold(filled.settings.home), pytest.raises(Locked, match="running"):
        backups.restore(filled.settings, kept, force=True)


def test_nothing_starts_while_a_backup_is_restored(tmp_path: Path) -> None:
    with (
        presence.alone(tmp_path),
        pytest.raises(Locked, match="restored"),
        presence.hold(tmp_path),
    ):
        pass


def test_there_must_be_something_to_back_up(tmp_path: Path, database_url: str) -> None:
    settings = Settings(home=tmp_path, database_url=database_url, secret_key="s" * 40)
    with pytest.raises(NotFound, match="no database"):
        backups.backup(settings, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
    with pytest.raises(NotFound, match="no file"):
        backups.restore(settings, tmp_path / "kept")


def test_a_folder_that_is_not_there(filled: Site, tmp_path: Path) -> None:
    with pytest.raises(KontoraError, match="Nothing can be written"):
        backups.backup(filled.settings, tmp_path / "nowhere" / "kept")


# Spoilt archives


Spoil = Callable[[Path], None]


def cut(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])


def cut_the_last_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"more")


def empty(path: Path) -> None:
    path.write_bytes(b"")


def another_thing(path: Path) -> None:
    path.write_bytes(b"PK\x03\x04" + bytes(2000))


def rewrite(path: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> None:
    """Write the archive anew with changed members: all checksums of the packing are right."""
    made = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=made, mode="w") as new:
        for info in old:
            content = old.extractfile(info)
            assert content is not None
            changed = change(info.name, content.read())
            if changed is not None:
                member = tarfile.TarInfo(changed[0])
                member.size = len(changed[1])
                new.addfile(member, io.BytesIO(changed[1]))
    packed = gzip.compress(made.getvalue(), 1, mtime=0)
    path.write_bytes(packed + archive.seal(io.BytesIO(packed), len(packed)))


def in_manifest(**values: Any) -> Spoil:
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name != "manifest.json":
            return name, data
        return name, json.dumps(json.loads(data) | values).encode()

    return lambda path: rewrite(path, change)


def without(end: str) -> Spoil:
    return lambda path: rewrite(path, lambda n, d: None if n.endswith(end) else (n, d))


def renamed(name: str) -> Spoil:
    def change(n: str, data: bytes) -> tuple[str, bytes]:
        return (name if n == "files/empty" else n), data

    return lambda path: rewrite(path, change)


def other_text(path: Path) -> None:
    rewrite(path, lambda n, d: (n, d.replace(b"Dear friend", b"Dear fiend!")))


@pytest.mark.parametrize(
    "spoil",
    [
        cut,
        cut_the_last_byte,
        lengthen,
        empty,
        another_thing,
        other_text,
        without("manifest.json"),
        without("empty"),
        renamed("files/../../escaped"),
        renamed("/tmp/escaped"),
        renamed("elsewhere/x"),
        renamed("files/unknown"),
        in_manifest(version="99.0"),
        in_manifest(format=2),
        in_manifest(engine="oracle"),
        in_manifest(tables={"party": 1}, engine="sqlite"),
        in_manifest(members=[]),
    ],
)
def test_a_spoilt_archive_changes_nothing(new_site: Any, tmp_path: Path, spoil: Spoil) -> None:
    site = new_site("sqlite")
    (site.settings.files).mkdir()
    (site.settings.files / "empty").write_bytes(b"")
    (site.settings.files / "letter").write_bytes(b"Dear friend")
    add_party(site, "Before Ltd")
    site.close()
    kept = tmp_path / "kept"
    backups.backup(site.settings, kept)
    before = contents(site.settings)
    spoil(kept)
    with pytest.raises(Conflict, match="is not restored"):
        backups.restore(site.settings, kept, force=True)
    assert contents(site.settings) == before
    assert not list(site.settings.home.glob(".kontora-*"))


def test_no_flipped_bit_goes_unnoticed(new_site: Any, tmp_path: Path) -> None:
    site = new_site("sqlite")
    add_party(site, "Before Ltd")
    site.close()
    kept = tmp_path / "kept"
    backups.backup(site.settings, kept)
    sound = kept.read_bytes()
    before = contents(site.settings)
    dice = random.Random(20)
    places = [0, 3, 5, 7, len(sound) - 1, len(sound) - 8, len(sound) - 60]
    for place in [*places, *(dice.randrange(10, len(sound)) for _ in range(40))]:
        spoilt = bytearray(sound)
        spoilt[place] ^= 1 << dice.randrange(8)
        kept.write_bytes(bytes(spoilt))
        with pytest.raises(Conflict, match="is not restored"):
            backups.restore(site.settings, kept, force=True)
    assert contents(site.settings) == before


def test_an_archive_of_the_other_engine_is_refused(
    new_site: Any, database_url: str, tmp_path: Path
) -> None:
    source = new_site("sqlite")
    source.close()
    backups.backup(source.settings, tmp_path / "kept")
    settings = Settings(home=tmp_path, database_url=database_url, secret_key="s" * 40)
    if database_url.startswith("sqlite"):
        backups.restore(settings, tmp_path / "kept")
        return
    with pytest.raises(Conflict, match="it is of sqlite, and this database is postgresql"):
        backups.restore(settings, tmp_path / "kept")


def test_a_damaged_database_can_be_replaced(new_site: Any, tmp_path: Path) -> None:
    site = new_site("sqlite")
    add_party(site, "Before Ltd")
    site.close()
    before = contents(site.settings)
    backups.backup(site.settings, tmp_path / "kept")
    path = site.database.path
    path.write_bytes(b"SQLite format 3\x00" + random.Random(1).randbytes(50_000))
    shutil.copy(tmp_path / "kept", path.with_name(path.name + "-wal"))
    with pytest.raises(Conflict, match="--force"):
        backups.restore(site.settings, tmp_path / "kept")
    backups.restore(site.settings, tmp_path / "kept", force=True)
    assert contents(site.settings) == before


def test_without_the_programs_of_postgresql_it_says_what_to_install(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if site.database.dialect == "sqlite":
        pytest.skip("SQLite needs no program")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="pg_dump is not installed"):
        backups.backup(site.settings, tmp_path / "kept")
    assert list(tmp_path.glob("kept*")) == []
