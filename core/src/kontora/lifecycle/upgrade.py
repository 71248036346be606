"""Bring the tables of core and of all enabled plugins up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kontora.access.principal import system
from kontora.db import runner
from kontora.db.engine import Database
from kontora.db.owner import CORE, Owner
from kontora.errors import Conflict
from kontora.lifecycle import generation, ledger
from kontora.lifecycle.site import Site
from kontora.plugins.order import arrange
from kontora.text import _

Plans = dict[str, runner.Plan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded:
    """What was done: revisions per owner, and a sentence per owner that failed."""

    applied: Mapping[str, list[str]]
    failed: Mapping[str, str]
    backup: str | None


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


def run(site: Site, on_step: runner.OnStep | None = None) -> Upgraded:
    """Migrate everything that waits; then running servers bring up new workers.

    A plugin that fails keeps its tables as they were and is named in `failed`. Raises
    MigrationFailed when core itself fails: nothing was changed then.
    """
    _require_database(site.database)
    report = runner.upgrade(site.database, owners(site), on_step=on_step)
    if report.applied:
        _note(site)
    return Upgraded(
        applied=report.applied,
        failed=report.failed,
        backup=str(report.backup) if report.backup else None,
    )


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
