"""Enable and disable plugins, and say what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

import structlog
from sqlalchemy import insert, select, update

from kontora.access import shipped
from kontora.access.models import PluginRow
from kontora.access.principal import system
from kontora.access.session import ScopedSession
from kontora.db import runner
from kontora.errors import Conflict, KontoraError, MigrationFailed, NotFound, PluginError
from kontora.lifecycle import generation, ledger, upgrade
from kontora.lifecycle.site import Site, owner_of
from kontora.plugins import discovery
from kontora.plugins.manifest import Manifest
from kontora.plugins.modules import CONTAINED, load_manifest
from kontora.plugins.order import arrange
from kontora.plugins.states import PluginState
from kontora.text import _

DOOR = {"door": "administration"}
_plugin: Any = PluginRow.__table__
log = structlog.get_logger("kontora.plugins")


@dataclass(frozen=True, slots=True, kw_only=True)
class EnablePlan:
    """What enabling would do: the plugins in order, and the migrations of each."""

    names: tuple[str, ...]
    migrations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def listing(site: Site) -> list[dict[str, str]]:
    """All plugins that are installed or were enabled once: name, version, state, cause."""
    versions = {name: row.version for name, row in _rows(site).items()}
    return [
        {
            "name": state.name,
            "version": state.version or versions.get(state.name, ""),
            "state": state.state,
            "cause": str(state.cause),
        }
        for state in site.manager.states.values()
    ]


def state_of(site: Site, name: str) -> PluginState:
    """The state of one plugin. Raises NotFound with the name that was probably meant."""
    states = site.manager.states
    if name in states:
        return states[name]
    near = get_close_matches(name, states, n=1)
    remedy = (
        _("Did you mean “%(name)s”?") % {"name": near[0]}
        if near
        else _("Install its package with pip; `kontora plugin list` shows what is there.")
    )
    raise NotFound(_("There is no plugin “%(name)s”.") % {"name": name}, remedy)


# Enable


def plan_enable(site: Site, name: str) -> EnablePlan:
    """What `enable` would do; nothing is changed."""
    manifests = _manifests(site, name)
    names = _to_enable(site, name, manifests)
    owners = [owner_of(each, manifests[each]) for each in names]
    waiting = runner.pending(site.database, owners) if owners else {}
    return EnablePlan(
        names=names, migrations={each: tuple(waiting[each]) for each in names if each in waiting}
    )


def enable(site: Site, name: str) -> tuple[str, ...]:
    """Enable a plugin and all that it requires; return those that were not enabled before.

    Idempotent. The tables of each are made in a transaction of its own; the rest is one
    transaction, which also starts a new generation: running servers bring up new processes.
    `site` itself keeps the set that it was built with. Raises NotFound for an unknown name and
    PluginError, with the cause, for a plugin that cannot be loaded.
    """
    upgrade.require_current(site.database)
    manifests = _manifests(site, name)
    names = _to_enable(site, name, manifests)
    if not names:
        return ()
    before = [each for each, row in _rows(site).items() if row.state == "enabled"]
    _migrate(site, names, manifests)
    fresh = Site(site.settings, plugins=(*before, *names))
    try:
        _check_loaded(fresh, names)
        with fresh.write(system("plugins")) as session:
            for each in names:
                _switch_on(session, fresh, each)
            ledger.record_all(session, fresh)
            generation.advance(session)
    finally:
        fresh.close()
    log.info("plugin.enabled", plugins=list(names))
    return names


def _manifests(site: Site, name: str) -> dict[str, Manifest]:
    """The manifests of a plugin and of all that it needs, found among what is installed."""
    state_of(site, name)
    installed = discovery.discover()
    found: dict[str, Manifest] = {}
    todo = [(name, name)]
    while todo:
        each, asker = todo.pop()
        if each in found:
            continue
        if each in installed.duplicates:
            claims = ", ".join(one.distribution for one in installed.duplicates[each])
            raise PluginError(
                each,
                _("several packages claim this name."),
                _("Uninstall all but one of: %(names)s.") % {"names": claims},
            )
        if each not in installed.found:
            raise PluginError(asker, *_missing(each, asker))
        found[each] = _manifest(installed.found[each])
        todo += [(other, each) for other in found[each].requires]
    return found


def _missing(name: str, asker: str) -> tuple[object, object]:
    message = (
        _("its package is not installed.")
        if name == asker
        else _("it needs “%(name)s”, which is not installed.") % {"name": name}
    )
    return message, _("Install it with pip, then enable the plugin again.")


def _manifest(found: discovery.Found) -> Manifest:
    try:
        return load_manifest(found)
    except KontoraError:
        raise
    except CONTAINED as error:
        cause = f"{type(error).__name__}: {error}".strip().rstrip(":")
        raise PluginError(
            found.name,
            _("it cannot be imported (%(cause)s).") % {"cause": cause},
            _("Repair or reinstall %(package)s.") % {"package": found.distribution},
        ) from error


def _to_enable(site: Site, name: str, manifests: Mapping[str, Manifest]) -> tuple[str, ...]:
    order = arrange({each: one.requires for each, one in manifests.items()})
    for failed, cause in order.failed.items():
        raise PluginError(failed, cause)
    rows = _rows(site)
    return tuple(each for each in order.names if each not in rows or rows[each].state != "enabled")


def _migrate(site: Site, names: Iterable[str], manifests: Mapping[str, Manifest]) -> None:
    owners = [owner_of(each, manifests[each]) for each in names]
    report = runner.upgrade(site.database, owners)
    for owner in owners:
        if owner.name in report.failed:
            reason = report.failed[owner.name]
            raise MigrationFailed(
                owner.name,
                reason.removeprefix(f"Migration of “{owner.name}” failed: "),
                _("The plugin stays off; repair it and enable it again."),
            )


def _check_loaded(fresh: Site, names: Iterable[str]) -> None:
    for each in names:
        state = fresh.manager.states[each]
        if state.state != "enabled":
            raise PluginError(each, state.cause, _("It stays off."))


def _switch_on(session: ScopedSession, fresh: Site, name: str) -> None:
    """Write the desired state. Roles get what the plugin suggests the first time only."""
    row = session.execute(
        select(_plugin.c.name).where(_plugin.c.name == name), execution_options=DOOR
    ).first()
    if row is None:
        shipped.seed_plugin(session, fresh.registry, name)
    version = fresh.manager.states[name].version
    _write(session, name, "enabled", known=row is not None, version=version)


def _write(session: ScopedSession, name: str, state: str, *, known: bool, **more: str) -> None:
    values = {"state": state, "cause": "", "changed_at": session.now, **more}
    if known:
        statement = update(_plugin).where(_plugin.c.name == name).values(values)
        session.execute(statement, execution_options=DOOR)
    else:
        session.execute(insert(_plugin), [{"name": name, **values}], execution_options=DOOR)


# Disable


def dependents(site: Site, name: str) -> tuple[str, ...]:
    """The enabled plugins that need this one, also over others; those that need most first."""
    states = site.manager.states
    enabled = {each for each, row in _rows(site).items() if row.state == "enabled"}
    needs = {
        each: state.manifest.requires
        for each, state in states.items()
        if each in enabled and state.manifest is not None
    }
    found: list[str] = []
    todo = [name]
    while todo:
        one = todo.pop()
        askers = [each for each in needs if one in needs[each] and each not in found]
        found += askers
        todo += askers
    inner = {each: tuple(other for other in needs[each] if other in found) for each in found}
    return tuple(reversed(arrange(inner).names))


def plan_disable(site: Site, name: str, *, with_dependents: bool = False) -> tuple[str, ...]:
    """What `disable` would switch off, in order. Raises as it does."""
    upgrade.require_current(site.database)
    state_of(site, name)
    others = dependents(site, name)
    if others and not with_dependents:
        raise Conflict(
            _("“%(name)s” is needed by %(others)s.") % {"name": name, "others": ", ".join(others)},
            _("Disable these first, or use --with-dependents."),
        )
    rows = _rows(site)
    return tuple(each for each in (*others, name) if each in rows and rows[each].state == "enabled")


def disable(site: Site, name: str, *, with_dependents: bool = False) -> tuple[str, ...]:
    """Disable a plugin; return those that were enabled before. Its data stays. Idempotent.

    Raises Conflict, naming them, while other enabled plugins need it, unless `with_dependents`.
    """
    names = plan_disable(site, name, with_dependents=with_dependents)
    if not names:
        return ()
    with site.write(system("plugins")) as session:
        for each in names:
            _write(session, each, "disabled", known=True)
        generation.advance(session)
    log.info("plugin.disabled", plugins=list(names))
    return names


def _rows(site: Site) -> dict[str, Any]:
    with site.read(system("plugins")) as session:
        found = session.execute(
            select(_plugin.c.name, _plugin.c.state, _plugin.c.version), execution_options=DOOR
        )
        return {row.name: row for row in found}
