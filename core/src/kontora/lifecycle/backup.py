"""Backup and restore: the database and the folders of files, as one archive.

A backup may be made while people work. The database is taken at one moment, and the files after
it: a file is written before the row that names it, and never changed.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from packaging.version import InvalidVersion, Version
from sqlalchemy import func, inspect, select

from kontora import clock
from kontora.access.models import PluginRow, User
from kontora.db import dump, runner
from kontora.db.engine import Database
from kontora.db.owner import CORE, VERSION_TABLE_END, Owner
from kontora.errors import Conflict, KontoraError, NotFound
from kontora.lifecycle import archive, presence
from kontora.lifecycle.archive import Manifest, refused
from kontora.parties.activities import Activity
from kontora.parties.models import Party
from kontora.plugins.discovery import core_version
from kontora.settings import Settings
from kontora.text import _

OnProgress = Callable[[int, int | None], None]


def ignore(done: int, total: int | None) -> None:
    """Progress that nobody watches."""


def backup(settings: Settings, target: Path, progress: OnProgress = ignore) -> Manifest:
    """Write database and files to the archive `target`, readable by this user only.

    Raises NotFound when there is no database yet. A failed backup leaves nothing, and an older
    archive of that name as it was.
    """
    with opened(settings) as database:
        if runner.current(database, CORE) is None:
            raise NotFound(_("There is no database to back up."), _("Run `kontora init` first."))
        with staging(target.parent) as folder:
            file, counts, digests = dump.dump(database, folder)
            facts = {
                "version": core_version(),
                "engine": database.dialect,
                "created_at": clock.now().isoformat(timespec="seconds"),
                "tables": counts,
                "digests": digests,
                "revisions": _revisions(database, counts),
            }
            writer = archive.Writer(target)
            try:
                writer.add(file.name, file)
                _add_files(writer, settings.home, progress)
                return writer.finish(facts)
            except BaseException:
                writer.give_up()
                raise


def _add_files(writer: archive.Writer, home: Path, progress: OnProgress) -> None:
    found = [
        each
        for folder in archive.FOLDERS
        for each in sorted((home / folder).rglob("*"))
        if each.is_file() and not each.is_symlink()
    ]
    for number, each in enumerate(found, 1):
        name = each.relative_to(home).as_posix()
        with suppress(FileNotFoundError):  # deleted since; the row that named it went before
            writer.add(name, each)
        progress(number, len(found))


def _revisions(database: Database, tables: dump.Counts) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in tables:
        if table.endswith(VERSION_TABLE_END):
            name = table.removesuffix(VERSION_TABLE_END)
            owner = Owner(name=name, package="", versions=Path(), prefix=f"{name}_")
            found[name] = runner.current(database, owner) or ""
    return found


def restore(settings: Settings, source: Path, *, force: bool = False) -> Manifest:
    """Bring back what `backup` has written, in one step, after checking every byte of it.

    Raises Conflict for an archive that is damaged, of another engine or of a newer version, and
    for a database that holds data unless `force`; Locked while Kontora runs here. Nothing was
    changed then. An SQLite database that is replaced is kept in the folder `backups`.
    """
    if not source.is_file():
        raise NotFound(_("There is no file %(file)s.") % {"file": str(source)})
    with presence.alone(settings.home), opened(settings) as database:
        if not force and not _is_empty(database):
            raise Conflict(
                _("The database holds data, which a restore would replace."),
                _("Use --force to do that, or restore into an empty home and database."),
            )
        with staging(settings.home) as folder:
            manifest = archive.unpack(source, folder)
            staged = folder / dump.NAMES[database.dialect]
            check(source, manifest, database, staged)
            with ExitStack() as swaps:
                for name in archive.FOLDERS:
                    swaps.enter_context(_swapped(settings.home / name, folder / name))
                _replace(database, staged)
            return manifest


def check(source: Path, manifest: Manifest, database: Database, staged: Path) -> None:
    """Raise Conflict for an unpacked archive that does not fit this engine and program."""
    if manifest.engine != database.dialect:
        why = _("it is of %(engine)s, and this database is %(here)s")
        raise refused(source, why % {"engine": manifest.engine, "here": database.dialect})
    try:
        newer = Version(manifest.version) > Version(core_version())
    except InvalidVersion:
        raise refused(source, _("its manifest cannot be read")) from None
    if newer:
        why = _("Kontora %(version)s has made it, and this is %(here)s; install that version")
        raise refused(source, why % {"version": manifest.version, "here": core_version()})
    if not staged.is_file():
        raise refused(source, _("the database is missing in it"))
    if database.path is None:
        return
    if faults := dump.sqlite_faults(staged):
        raise refused(source, _("its database is damaged (%(fault)s)") % {"fault": faults[0]})
    if dump.sqlite_counts(staged) != dict(manifest.tables):
        raise refused(source, _("its tables do not have the rows that the manifest counts"))


def _replace(database: Database, staged: Path) -> None:
    database.dispose()
    if database.path is None:
        dump.replace_postgresql(database, staged)
        return
    kept = database.home / "backups" / f"before-restore-{clock.now():%Y%m%dT%H%M%S%fZ}.sqlite3"
    dump.replace_sqlite(database.path, staged, kept if _has_tables(database) else None)


def _has_tables(database: Database) -> bool:
    try:
        with database.read_engine.connect() as connection:
            return bool(inspect(connection).get_table_names())
    except Exception:  # whatever is there, it is worth keeping
        return True
    finally:
        database.dispose()


def _is_empty(database: Database) -> bool:
    """Whether nobody's data is there: no table, or only what `init` makes."""
    try:
        with database.read_engine.connect() as connection:
            names = set(inspect(connection).get_table_names())
            if not names:
                return True
            most = {Party: 0, Activity: 0, PluginRow: 0, User: 1}
            if any(model.__tablename__ not in names for model in most):
                return False
            return all(
                (connection.scalar(select(func.count()).select_from(model.__table__)) or 0) <= limit
                for model, limit in most.items()
            )
    except KontoraError:
        raise
    except Exception:
        return False  # unreadable: only on purpose
    finally:
        database.dispose()


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of the settings, its connections closed after the block."""
    database = Database(settings.database_url, home=settings.home)
    try:
        yield database
    finally:
        database.dispose()


@contextmanager
def staging(parent: Path) -> Iterator[Path]:
    """A folder of its own in `parent`, thrown away after the block."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".kontora-", dir=parent))
    except OSError as error:
        raise KontoraError(
            _("Nothing can be written to %(folder)s: %(cause)s.")
            % {"folder": str(parent), "cause": error.strerror or str(error)},
            _("Choose a folder that is there and that you may write to."),
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _swapped(place: Path, staged: Path) -> Iterator[None]:
    """Put the folder `staged` in the place of another; back again if the block fails."""
    aside = place.with_name(f"{place.name}.before-restore")
    shutil.rmtree(aside, ignore_errors=True)
    staged.mkdir(exist_ok=True, mode=0o700)
    if place.exists():
        place.replace(aside)
    staged.replace(place)
    try:
        yield
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        if aside.exists():
            aside.replace(place)
        raise
    shutil.rmtree(aside, ignore_errors=True)
