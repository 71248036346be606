"""Bring the tables of core and of all enabled plugins up to date."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kontora import clock
from kontora.access.principal import system
from kontora.db import maintenance, runner
from kontora.db.engine import Database
from kontora.db.owner import CORE, Owner
from kontora.db.sizes import sizes
from kontora.errors import Conflict
from kontora.lifecycle import archive, generation, ledger
from kontora.lifecycle import backup as backups
from kontora.lifecycle.site import Site
from kontora.plugins.order import arrange
from kontora.text import _

KEPT = 3
_NAME = "before-upgrade-"
Plans = dict[str, runner.Plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What was done: revisions per owner, and a sentence per owner that failed."""

    applied: Mapping[str, list[str]]
    failed: Mapping[str, str]
    backup: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What an upgrade needs: bytes of the database, where its copy goes, bytes that are needed
    there (an estimate from above) and free."""

    database_bytes: int
    copy: str
    needed_bytes: int
    free_bytes: int


def require_current(database: Database) -> None:
    """Raise Conflict, with the remedy, unless core's tables are those that this program knows."""
    at, newest = runner.current(database, CORE), runner.head(CORE)
    if at == newest:
        return
    if at is None:
        raise Conflict(_("There is no database yet."), _("Run `kontora init` first."))
    plan = runner.plan(database, [CORE])[CORE.name]
    if plan.problem is not None:
        raise plan.problem
    raise Conflict(
        _("The database is older than this Kontora: %(n)s migration(s) wait.")
        % {"n": len(plan.revisions)},
        _("Run `kontora upgrade`."),
    )


def owners(site: Site) -> list[Owner]:
    """Core and every enabled plugin with a readable manifest, even one in quarantine."""
    wanted = {
        name: state.manifest.requires
        for name, state in site.manager.states.items()
        if state.manifest is not None
    }
    order = arrange(wanted)
    names = [*order.names, *sorted(order.failed)]
    return [CORE, *(site.owner(name) for name in names)]


def plan(site: Site) -> Plans:
    """What `run` would do, by owner. Raises Conflict when there is no database yet."""
    _require_database(site.database)
    return runner.plan(site.database, owners(site))


def outlook(site: Site) -> Outlook:
    """What an upgrade needs. Raises Conflict when there is no database yet."""
    _require_database(site.database)
    folder = site.settings.home / "backups"
    place = folder if folder.is_dir() else site.settings.home
    size = sizes(site.database)[""]
    if site.database.path is not None:
        # A table that is changed is built anew beside the old one, in the log.
        name, needed = "before-upgrade-<time>.sqlite3", 3 * size
    else:
        name = f"{_NAME}<time>.tar.gz"
        needed = 2 * size + sum(each.stat().st_size for each in _files(site.settings.files))
    return Outlook(
        database_bytes=size,
        copy=str(folder / name),
        needed_bytes=needed,
        free_bytes=shutil.disk_usage(place).free,
    )


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file()]


def run(site: Site, on_step: runner.OnStep | None = None, *, copy: bool = True) -> Upgraded:
    """Migrate everything that waits; then running servers bring up new workers. Meanwhile they
    answer that an upgrade is under way.

    With `copy` the database is copied first (PostgreSQL: a backup that is checked). A plugin that
    fails keeps its tables as they were and is named in `failed`. Raises MigrationFailed when core
    itself fails: nothing was changed then. A run that was killed may just be repeated.
    """
    if not any(each.revisions for each in plan(site).values()):
        report, saved = runner.upgrade(site.database, owners(site), on_step=on_step), None
    else:
        with maintenance.maintenance(site.database):
            time.sleep(maintenance.FRESH)  # until every process has noticed
            saved = _saved(site) if copy and site.database.path is None else None
            report = runner.upgrade(site.database, owners(site), on_step=on_step, copy=copy)
            if report.applied:
                _note(site)
    saved = saved or report.backup
    return Upgraded(
        applied=report.applied, failed=report.failed, backup=str(saved) if saved else None
    )


def _saved(site: Site) -> Path:
    """A backup of everything, every byte of it checked; the last three stay."""
    folder = site.settings.home / "backups"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"{_NAME}{clock.now():%Y%m%dT%H%M%S%fZ}.tar.gz"
    backups.backup(site.settings, target)
    with backups.staging(folder) as unpacked:
        archive.unpack(target, unpacked)
    for old in sorted(folder.glob(f"{_NAME}*.tar.gz"))[:-KEPT]:
        old.unlink(missing_ok=True)
    return target


def _note(site: Site) -> None:
    """Write down what the new versions own; the site is built anew, on the new tables."""
    fresh = Site(site.settings, safe_mode=site.safe_mode)
    try:
        with fresh.write(system("upgrade")) as session:
            ledger.record_all(session, fresh)
            generation.advance(session)
    finally:
        fresh.close()


def _require_database(database: Database) -> None:
    if runner.current(database, CORE) is None:
        raise Conflict(_("There is no database yet."), _("Run `kontora init` first."))
