"""The plugins of one site: what is loaded, in which order, and what was taken out and why.

There is one manager per `Site`, never one per process: tests make many, with different plugins.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType, ModuleType
from typing import Literal

import pluggy
import structlog

from kontora.errors import PluginError
from kontora.hookspecs.catalogue import MODULES, specifications
from kontora.hookspecs.markers import PROJECT, HookMeta
from kontora.plugins import compat, discovery, mappings, validate
from kontora.plugins.errorlog import ErrorLog, one_line
from kontora.plugins.manifest import Manifest
from kontora.plugins.modules import CONTAINED, hook_modules, load_manifest
from kontora.plugins.order import arrange
from kontora.plugins.states import LoadResult, PluginState, State
from kontora.text import Text, _

CORE = "core"
Policy = Literal["quarantine", "abort"]
log = structlog.get_logger("kontora.plugins")


class _Hooks(pluggy.PluginManager):
    """pluggy, but a hook counts only in the module that wrote it, not where it is imported."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        written_in = getattr(getattr(plugin, name, None), "__module__", None)
        if written_in != getattr(plugin, "__name__", None):
            return None
        return super().parse_hookimpl_opts(plugin, name)


class PluginManager:
    """Finds, checks, orders, imports and registers plugins, and takes out those that fail.

    core_modules  the modules with core's own hooks, registered as plugin `core` before all others
    policy        quarantine: a plugin that fails is taken out and the rest works; abort: the
                  failure is raised as PluginError (for tests and CI)
    discover      replaces the scan of the installed distributions (for tests)
    """

    def __init__(
        self,
        core_modules: Sequence[ModuleType | str] = (),
        *,
        policy: Policy = "quarantine",
        discover: Callable[[], discovery.Discovery] = discovery.discover,
        core_version: str | None = None,
    ) -> None:
        self.policy = policy
        self.errors = ErrorLog()
        self.unreadable: tuple[str, ...] = ()  # distributions with broken metadata, for doctor
        self._discover = discover
        self._core_modules = tuple(core_modules)
        self._core_version = core_version
        self._hooks = _Hooks(PROJECT)
        for module in MODULES:
            self._hooks.add_hookspecs(module)
        self._states: dict[str, PluginState] = {}
        self._manifests: dict[str, Manifest] = {}
        self._modules: dict[str, list[ModuleType]] = {}
        self._loaded = False

    # What callers ask.

    @property
    def specifications(self) -> Mapping[str, HookMeta]:
        """The known hooks by name."""
        return specifications()

    @property
    def states(self) -> Mapping[str, PluginState]:
        """The state of every plugin that is installed, wanted or remembered, by name."""
        return MappingProxyType(dict(sorted(self._states.items())))

    @property
    def order(self) -> tuple[str, ...]:
        """The loaded plugins, `core` first, each after those that it requires."""
        return tuple(self._modules)

    def is_active(self, name: str) -> bool:
        """Whether the plugin is loaded and not quarantined."""
        return name in self._modules

    def manifest(self, name: str) -> Manifest:
        """The manifest of a wanted plugin whose light module could be imported."""
        try:
            return self._manifests[name]
        except KeyError:
            raise PluginError(name, "it has no manifest here.", "Is it enabled?") from None

    def implementations(self, hook: str) -> list[tuple[str, pluggy.HookImpl]]:
        """Who implements a hook, as pairs of plugin and function, in the order of the plugins."""
        caller: pluggy.HookCaller = getattr(self._hooks.hook, hook)
        return [(_owner(each.plugin_name), each) for each in caller.get_hookimpls()]

    # Loading.

    def load(
        self,
        desired: Iterable[str],
        *,
        safe_mode: bool = False,
        remembered: Mapping[str, State] | None = None,
    ) -> LoadResult:
        """Load core and the desired plugins; nothing of any other plugin is imported.

        `remembered` gives the stored state (disabled, removed) of plugins that are not desired.
        In safe mode only core is loaded. Raises PluginError under policy `abort`, for a plugin
        that says `critical`, and always if core itself fails.
        """
        if self._loaded:
            raise RuntimeError("load() was called already; a new set needs a new manager")
        self._loaded = True
        wanted = sorted(set(desired))
        found = self._discover()
        self.unreadable = found.unreadable
        self._note_states(wanted, found, remembered or {})
        self._register(CORE, [_module(each) for each in self._core_modules])
        if safe_mode:
            self._stand_aside(wanted)
        else:
            self._read_manifests(wanted, found)
            self._check_fit(found)
            for name in self._arrange():
                self._load_one(name)
        return LoadResult(states=self.states, order=self.order, safe_mode=safe_mode)

    def _note_states(
        self, wanted: list[str], found: discovery.Discovery, remembered: Mapping[str, State]
    ) -> None:
        for name in {*found.names, *wanted, *remembered}:
            one = found.found.get(name)
            state = "available" if name in wanted else remembered.get(name, "available")
            self._states[name] = PluginState(
                name=name,
                state=state if name in found.names else "orphaned",
                version=one.version if one else "",
                distribution=one.distribution if one else "",
                cause="" if name in found.names else _("Its package is not installed."),
            )

    def _stand_aside(self, wanted: list[str]) -> None:
        for name in wanted:
            if self._states[name].state != "orphaned":
                cause = _("Kontora runs in safe mode, without plugins.")
                self._states[name] = replace(self._states[name], state="disabled", cause=cause)

    def _read_manifests(self, wanted: list[str], found: discovery.Discovery) -> None:
        for name in wanted:
            if name in found.duplicates:
                claims = ", ".join(each.distribution for each in found.duplicates[name])
                cause = _("Several packages claim this name: %(names)s. Uninstall all but one.")
                self.quarantine(name, cause % {"names": claims})
            elif name not in found.found:
                log.warning("plugin.orphaned", plugin=name)
                if self.policy == "abort":
                    raise PluginError(name, "its package is not installed.", "Install it.")
            else:
                try:
                    self._manifests[name] = load_manifest(found.found[name])
                except CONTAINED as error:
                    self.quarantine(name, _import_cause(error), error)
                else:
                    self._states[name] = replace(self._states[name], manifest=self._manifests[name])

    def _check_fit(self, found: discovery.Discovery) -> None:
        version = self._core_version or discovery.core_version()
        for name, manifest in list(self._manifests.items()):
            if self._states[name].state == "quarantined":
                continue
            cause = compat.misfit(manifest, found.found[name], found.found, version)
            if cause is not None:
                self.quarantine(name, cause)

    def _arrange(self) -> tuple[str, ...]:
        """The order of what is left; what cannot be ordered is quarantined."""
        left = {
            name: each
            for name, each in self._manifests.items()
            if self._states[name].state != "quarantined"
        }
        order = arrange(
            {name: each.requires for name, each in left.items()},
            {name: each.optional_requires for name, each in left.items()},
            {name: each.cause for name, each in self._states.items() if each.cause},
        )
        for name, cause in order.failed.items():
            self._take_out(name, cause)  # the dependents stand there too, each with its own cause
        return order.names

    def _load_one(self, name: str) -> None:
        if self._states[name].state == "quarantined":
            return  # one that it needs failed a moment ago
        manifest = self._manifests[name]
        try:
            try:
                modules = hook_modules(manifest)
            finally:
                mappings.complete(manifest.package)  # of what was imported before it failed, too
            self._register(name, modules)
        except CONTAINED as error:
            self.quarantine(name, _import_cause(error), error)
        else:
            self._states[name] = replace(self._states[name], state="enabled")

    def _register(self, name: str, modules: list[ModuleType]) -> None:
        for module in modules:
            validate.check(name, module, self.specifications)
            for slip in validate.forgotten(module, self.specifications):
                log.warning("plugin.hook_not_marked", plugin=name, function=slip)
        self._modules[name] = modules
        for module in modules:
            self._hooks.register(module, f"{name}:{module.__name__}")

    # Taking out.

    def quarantine(
        self, name: str, cause: Text, error: BaseException | None = None, *, hook: str = "load"
    ) -> tuple[str, ...]:
        """Take a plugin out, with all that require it; return their names, `name` first.

        `cause` is a sentence for people. Declarations that were collected before are the
        caller's to drop. Raises PluginError for core, for a critical plugin, and under policy
        `abort`. Does nothing if the plugin is quarantined already.
        """
        if name in self._states and self._states[name].state == "quarantined":
            return ()
        self._take_out(name, cause, error, hook)
        return (name, *self._quarantine_dependents(name))

    def _take_out(
        self, name: str, cause: Text, error: BaseException | None = None, hook: str = "load"
    ) -> None:
        state = self._states.get(name)
        manifest = self._manifests.get(name)
        if state is None or self.policy == "abort" or (manifest and manifest.critical):
            if isinstance(error, PluginError):
                raise error
            raise PluginError(name, cause) from error
        for module in self._modules.pop(name, ()):
            self._hooks.unregister(name=f"{name}:{module.__name__}")
        entry = self.errors.add(name, hook, str(cause), error)
        self._states[name] = replace(
            state, state="quarantined", cause=cause, error_id=entry.error_id
        )
        log.error(
            "plugin.quarantined",
            plugin=name,
            hook=hook,
            cause=str(cause),
            error_id=entry.error_id,
            exc_info=error,
        )

    def _quarantine_dependents(self, name: str) -> list[str]:
        names: list[str] = []
        for other in sorted(self._manifests):
            if name in self._manifests[other].requires:
                cause = _("It needs “%(name)s”, which is quarantined.") % {"name": name}
                names += self.quarantine(other, cause)
        return names


def _owner(registered: str) -> str:
    return registered.partition(":")[0]


def _module(module: ModuleType | str) -> ModuleType:
    return importlib.import_module(module) if isinstance(module, str) else module


def _import_cause(error: BaseException) -> Text:
    if isinstance(error, PluginError):
        return str(error).removeprefix(f"Plugin “{error.plugin}”: ")
    return _("It cannot be imported: %(error)s") % {"error": one_line(error)}
