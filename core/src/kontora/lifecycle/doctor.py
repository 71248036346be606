"""What `kontora doctor` and the health page look at. No check changes anything."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from kontora import clock
from kontora.access.models import SiteState
from kontora.access.principal import system
from kontora.db import runner
from kontora.db.engine import Database
from kontora.db.owner import CORE
from kontora.errors import KontoraError
from kontora.lifecycle import neighbours, nightly, upgrade
from kontora.lifecycle.site import Site
from kontora.plugins import calls
from kontora.registry.faces import Check
from kontora.settings import SECRET_FILE, Settings
from kontora.text import Text, _, n_
from kontora.work.models import Job

OLDEST_PYTHON = (3, 11)
LEAST_FREE = 500 * 1024 * 1024
LATE = timedelta(minutes=5)
_job: Any = Job.__table__
_state: Any = SiteState.__table__


def examine(settings: Settings) -> list[Check]:
    """All checks, first those that need no database; one that cannot be made is a failed one."""
    found = [*_python(), *_home(settings), *_secret(settings), *_disk(settings)]
    database = Database(settings.database_url, home=settings.home)
    try:
        reachable = _database(database)
        found += reachable
        if not all(check.ok for check in reachable[:1]):
            return found
    finally:
        database.dispose()
    try:
        site = Site(settings)
    except Exception as error:  # the whole point is to tell what is wrong
        return [*found, _failed("site", error, _("Try `kontora serve --safe-mode`."))]
    try:
        for name, look in _SITE_CHECKS.items():
            found += _safely(name, look, site)
    finally:
        site.close()
    return found


def _safely(name: str, look: Callable[[Site], Iterable[Check]], site: Site) -> list[Check]:
    try:
        return list(look(site))
    except Exception as error:
        return [_failed(name, error, _("See the log for the cause."))]


def _failed(name: str, error: Exception, remedy: Text) -> Check:
    if isinstance(error, KontoraError):
        return Check(name=name, ok=False, message=str(error.message), remedy=str(error.remedy))
    first = (str(getattr(error, "orig", None) or error).strip().splitlines() or [""])[0]
    message = f"{type(error).__name__}: {first}"
    return Check(name=name, ok=False, message=message, remedy=str(remedy))


# Without a site


def _python() -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info[:2] >= OLDEST_PYTHON
    yield Check(
        name="python",
        ok=ok,
        message=f"Python {version}",
        remedy="" if ok else str(_("Kontora needs Python 3.11 or newer.")),
    )


def _home(settings: Settings) -> Iterator[Check]:
    home = settings.home
    remedy = ""
    message = str(home)
    if not os.access(home, os.W_OK | os.X_OK):
        message = str(_("%(path)s cannot be written to.") % {"path": home})
        remedy = str(_("Give it to the user of Kontora."))
    elif stat.S_IMODE(home.stat().st_mode) & 0o002:
        message = str(_("All users of this machine may write to %(path)s.") % {"path": home})
        remedy = f"chmod o-w {home}"
    yield Check(name="home", ok=not remedy, message=message, remedy=remedy)


def _secret(settings: Settings) -> Iterator[Check]:
    path = settings.home / SECRET_FILE
    kept = path.exists() and path.read_text(encoding="ascii").strip() == settings.secret_key
    if kept and stat.S_IMODE(path.stat().st_mode) & 0o077:
        message = str(_("%(path)s can be read by others.") % {"path": path})
        remedy = f"chmod 600 {path}"
    elif len(settings.secret_key) < 32:
        message = str(_("KONTORA_SECRET_KEY is short."))
        remedy = str(_("Give it 32 or more random characters."))
    else:
        message = str(_("kept in the home folder") if kept else _("from the environment"))
        remedy = ""
    yield Check(name="secret", ok=not remedy, message=message, remedy=remedy)


def _disk(settings: Settings) -> Iterator[Check]:
    free = shutil.disk_usage(settings.home).free
    ok = free >= LEAST_FREE
    yield Check(
        name="disk",
        ok=ok,
        message=str(
            _("%(n)s MB are free.") % {"n": f"{free // (1024 * 1024):,}".replace(",", "\u202f")}
        ),
        remedy="" if ok else str(_("Make room, or move KONTORA_HOME to a larger disk.")),
    )


def _database(database: Database) -> list[Check]:
    """First whether it can be reached, then what is wrong with it."""
    try:
        database.check()
    except Exception as error:
        return [_failed("database", error, _("See KONTORA_DATABASE_URL."))]
    where = database.url.render_as_string(hide_password=True)
    found = [Check(name="database", ok=True, message=where)]
    for problem in database.problems():
        sentence, _dot, remedy = problem.partition(". ")
        found.append(Check(name="engine", ok=False, message=sentence + ".", remedy=remedy))
    if database.path is not None:
        journal = _("write-ahead log") if database.wal_safe else _("rollback journal")
        message = f"SQLite {database.sqlite_version}, {journal}"
        found.append(Check(name="sqlite", ok=database.wal_safe, message=message))
        found += _readers(database.path)
    return found


def _readers(path: Path) -> Iterator[Check]:
    """Others on this machine could read the file, past all rights."""
    if stat.S_IMODE(path.stat().st_mode) & 0o004 and not _shut(path.parent):
        message = str(_("All users of this machine may read %(path)s.") % {"path": path})
        yield Check(name="file", ok=False, message=message, remedy=f"chmod o-r {path}")


def _shut(folder: Path) -> bool:
    return not stat.S_IMODE(folder.stat().st_mode) & 0o001


# With a site


def _tables(site: Site) -> Iterator[Check]:
    if runner.current(site.database, CORE) is None:
        message, remedy = str(_("There are none yet.")), str(_("Run `kontora init`."))
        yield Check(name="tables", ok=False, message=message, remedy=remedy)
        return
    behind = False
    for name, plan in upgrade.plan(site).items():
        if plan.problem is not None:
            behind = True
            message, remedy = str(plan.problem.message), str(plan.problem.remedy)
            yield Check(name=f"tables of {name}", ok=False, message=message, remedy=remedy)
        elif plan.revisions:
            behind = True
            message = str(_("Migrations to run: %(n)s.") % {"n": len(plan.revisions)})
            remedy = str(_("Run `kontora upgrade`."))
            yield Check(name=f"tables of {name}", ok=False, message=message, remedy=remedy)
    if not behind:
        yield Check(name="tables", ok=True, message=str(_("They are up to date.")))


def _plugins(site: Site) -> Iterator[Check]:
    enabled = 0
    for state in site.manager.states.values():
        if state.state == "enabled":
            enabled += 1
        elif state.state in ("quarantined", "orphaned"):
            remedy = str(
                _("See `kontora plugin errors %(name)s`, or disable it.") % {"name": state.name}
            )
            message = f"{state.state}: {state.cause}"
            yield Check(name=f"plugin {state.name}", ok=False, message=message, remedy=remedy)
    yield Check(name="plugins", ok=True, message=str(_("Enabled: %(n)s") % {"n": enabled}))


def _distributions(site: Site) -> Iterator[Check]:
    for place in site.manager.unreadable:
        yield Check(
            name="packages",
            ok=False,
            message=str(_("The metadata of a package cannot be read: %(path)s") % {"path": place}),
            remedy=str(
                _("An installation was interrupted: install that package again, or delete it.")
            ),
        )


def _clock(site: Site) -> Iterator[Check]:
    """A clock that was set back would write changes before those that are there."""
    with site.read(system("doctor")) as session:
        newest = session.execute(
            select(func.max(_state.c.updated_at)), execution_options={"door": "administration"}
        ).scalar()
    if isinstance(newest, datetime) and newest.tzinfo is None:
        newest = newest.replace(tzinfo=UTC)
    ahead = newest is not None and newest > clock.now() + LATE
    yield Check(
        name="clock",
        ok=not ahead,
        message=str(_("The last change is of %(time)s, which is to come.") % {"time": newest})
        if ahead
        else f"{clock.now():%Y-%m-%d %H:%M:%S} UTC",
        remedy=str(_("Set the clock of this machine right (UTC matters).")) if ahead else "",
    )


def _worker(site: Site) -> Iterator[Check]:
    """There is no list of workers: one that lives has no job overdue for long."""
    now = clock.now()
    due = select(func.count(), func.min(_job.c.run_at)).where(
        _job.c.state == "queued", _job.c.run_at < now - LATE
    )
    dead = select(func.count()).where(_job.c.state == "dead")
    with site.read(system("doctor")) as session:
        waiting, _oldest = session.execute(due, execution_options={"door": "work"}).one()
        failed = session.execute(dead, execution_options={"door": "work"}).scalar()
    yield Check(
        name="worker",
        ok=not waiting,
        message=str(
            n_("%(n)s job is overdue.", "%(n)s jobs are overdue.", waiting)
            if waiting
            else _("No job is overdue.")
        ),
        remedy=str(_("Start `kontora serve` or `kontora worker`.")) if waiting else "",
    )
    if failed:
        message = str(n_("%(n)s job has given up.", "%(n)s jobs have given up.", failed))
        remedy = str(_("Look at them on the administration page."))
        yield Check(name="jobs", ok=False, message=message, remedy=remedy)


def _preflight(site: Site) -> Iterator[Check]:
    before = len(site.manager.errors.entries())
    for _plugin, answer in calls.collect(site.manager, "preflight", site=site):
        yield from answer
    for entry in site.manager.errors.entries()[: len(site.manager.errors.entries()) - before]:
        message = str(_("Its own check failed: %(error)s") % {"error": entry.text})
        yield Check(name=f"plugin {entry.plugin}", ok=False, message=message)


_SITE_CHECKS: dict[str, Callable[[Site], Iterable[Check]]] = {
    "tables": _tables,
    "plugins": _plugins,
    "packages": _distributions,
    "clock": _clock,
    "worker": _worker,
    "backup": nightly.backups,
    "drill": nightly.drills,
    "redis": neighbours.redis,
    "broker": neighbours.broker,
    "replica": neighbours.replica,
    "telemetry": neighbours.telemetry,
    "preflight": _preflight,
}
