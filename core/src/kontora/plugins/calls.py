"""Call hooks, in the order of the plugins, keeping what the specification says about failure.

pluggy calls the last registered first and stops at the first exception; a CRM needs neither.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar, overload

import pluggy
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from kontora.db.engine import is_connection_lost, is_database_away, is_database_busy
from kontora.errors import KontoraError, PluginError
from kontora.hookspecs.markers import HookMeta, Kind
from kontora.plugins.errorlog import one_line
from kontora.plugins.manager import PluginManager
from kontora.plugins.modules import CONTAINED
from kontora.text import Text, _

T = TypeVar("T")
Savepoint = Callable[[], AbstractContextManager[object]]
log = structlog.get_logger("kontora.plugins")

# Said on purpose, to the user or to the caller that retries: it goes through as it is. A flush
# inside a hook may also write rows of others, so the last two need not be the plugin's fault.
_ON_PURPOSE = (KontoraError, IntegrityError, StaleDataError)


@overload
def declare(
    manager: PluginManager, hook: str, /, *, of: type[T], **given: object
) -> list[tuple[str, T]]: ...
@overload
def declare(manager: PluginManager, hook: str, /, **given: object) -> list[tuple[str, Any]]: ...
def declare(
    manager: PluginManager, hook: str, /, *, of: Any = object, **given: object
) -> list[tuple[str, Any]]:
    """Ask all plugins for their declarations: pairs of plugin and declaration, in plugin order.

    `of` names the class that each declaration must have. A plugin whose hook raises or answers
    with something else is quarantined, with those that need it, and nothing of them is in the
    result. What was collected from them by an earlier hook is the caller's to drop: ask
    `manager.is_active(plugin)` before the registry is built.
    """
    _specification(manager, hook, "declare", given)
    declared: list[tuple[str, Any]] = []
    for plugin, implementation in manager.implementations(hook):
        if not manager.is_active(plugin):
            continue  # it needs one that was quarantined in an earlier round of this loop
        try:
            answer = _listed(_invoke(implementation, given), hook, of)
        except CONTAINED as error:
            manager.quarantine(plugin, _broke(hook, error), error, hook=hook)
        else:
            declared += [(plugin, each) for each in answer]
    return [pair for pair in declared if manager.is_active(pair[0])]


def collect(
    manager: PluginManager,
    hook: str,
    /,
    **given: object,
) -> list[tuple[str, Any]]:
    """Ask all plugins at run time: pairs of plugin and answer, without those that said None."""
    spec = _specification(manager, hook, "collect", given)
    return [pair for pair in _each(manager, spec, None, given) if pair[1] is not None]


def notify(
    manager: PluginManager,
    hook: str,
    /,
    *,
    savepoint: Savepoint | None = None,
    **given: object,
) -> None:
    """Tell all plugins. What an exception does is said by the hook's failure policy.

    `savepoint` (`session.begin_nested`) keeps a failed query of one plugin from spoiling the
    transaction of the caller; hooks that may be skipped and share that transaction demand it.
    """
    spec = _specification(manager, hook, "notify", given)
    for _pair in _each(manager, spec, savepoint, given):
        pass


def _each(
    manager: PluginManager, spec: HookMeta, savepoint: Savepoint | None, given: dict[str, object]
) -> Iterator[tuple[str, Any]]:
    shared = spec.failure == "skip" and spec.tx in ("read", "in")
    if shared and savepoint is None:
        raise TypeError(f"{spec.name}: a hook that may be skipped needs a savepoint")
    guard: Savepoint = savepoint if shared and savepoint else nullcontext
    for plugin, implementation in manager.implementations(spec.name):
        if not manager.is_active(plugin):
            continue
        try:
            with guard():
                answer = _invoke(implementation, given)
                # A generator does its work while it is read: that must happen in here.
                answer = list(answer) if isinstance(answer, Iterator) else answer
        except CONTAINED as error:
            _contain(manager, spec, plugin, error)
        else:
            yield plugin, answer


def _contain(manager: PluginManager, spec: HookMeta, plugin: str, error: BaseException) -> None:
    """Do what the failure policy says; for `abort` that is to raise."""
    if is_connection_lost(error):
        raise error  # no fault of the plugin, and nothing more can be read or written
    if spec.failure == "quarantine":
        manager.quarantine(plugin, _broke(spec.name, error), error, hook=spec.name)
        return
    on_purpose = (
        isinstance(error, _ON_PURPOSE) or is_database_busy(error) or is_database_away(error)
    )
    if spec.failure == "abort" and on_purpose:
        error.add_note(f"raised in the hook {spec.name} of plugin {plugin}")
        raise error
    entry = manager.errors.add(plugin, spec.name, one_line(error), error)
    log.error(
        "plugin.hook_failed",
        plugin=plugin,
        hook=spec.name,
        policy=spec.failure,
        error_id=entry.error_id,
        exc_info=error,
    )
    if spec.failure == "abort":
        message = _("the hook %(hook)s failed (%(error_id)s).")
        raise PluginError(
            plugin,
            message % {"hook": spec.name, "error_id": entry.error_id},
            _("An administrator finds the details under Plugins and can disable it."),
        ) from error


def _specification(
    manager: PluginManager, hook: str, kind: Kind, given: dict[str, object]
) -> HookMeta:
    """The specification, after checking that the caller keeps it too."""
    spec = manager.specifications[hook]
    if spec.kind != kind:
        raise TypeError(f"{hook} is a hook to {spec.kind}, not to {kind}")
    if given.keys() != set(spec.arguments):
        raise TypeError(f"{hook} takes {spec.arguments}, not {tuple(given)}")
    return spec


def _invoke(implementation: pluggy.HookImpl, given: dict[str, object]) -> Any:
    return implementation.function(*(given[name] for name in implementation.argnames))


def _listed(answer: object, hook: str, of: type[Any]) -> list[Any]:
    """The declarations in an answer; None counts as none, so that a hook may just return."""
    if answer is None:
        return []
    if not isinstance(answer, Iterable) or isinstance(answer, str | bytes):
        raise TypeError(f"{hook} must return a list, not a {type(answer).__name__}")
    declarations = list(answer)
    for each in declarations:
        if not isinstance(each, of):
            raise TypeError(f"{hook} must return {of.__name__} objects, not {each!r}")
    return declarations


def _broke(hook: str, error: BaseException) -> Text:
    return _("Its hook %(hook)s failed: %(error)s") % {"hook": hook, "error": one_line(error)}
