"""What became of each plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kontora.plugins.manifest import Manifest
from kontora.text import Text

State = Literal["available", "enabled", "disabled", "removed", "orphaned", "quarantined"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginState:
    """The state of one plugin in this process.

    available    the package is installed, nobody enabled the plugin
    enabled      loaded and working
    disabled     switched off; its data is kept
    removed      switched off and taken from the lists; its data is kept
    orphaned     the package is gone; its data is kept
    quarantined  could not be loaded, or broke its contract; `cause` says why

    `cause` is empty or a sentence for people. `error_id` finds the traceback in the error log.
    """

    name: str
    state: State
    version: str = ""
    distribution: str = ""
    cause: Text = ""
    manifest: Manifest | None = None
    error_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadResult:
    """What `PluginManager.load` did: the states by name, and the loaded plugins in order."""

    states: Mapping[str, PluginState]
    order: tuple[str, ...]
    safe_mode: bool = False

    @property
    def quarantined(self) -> tuple[PluginState, ...]:
        """The plugins that were taken out, by name."""
        return tuple(each for each in self.states.values() if each.state == "quarantined")
