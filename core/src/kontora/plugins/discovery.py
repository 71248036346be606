"""Which plugins are installed: names and metadata only, nothing of them is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import importlib_metadata

GROUP = "kontora.plugins"
CORE_DISTRIBUTION = "kontora"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An installed plugin. `entry_point` is its value, for example `kontora_hello:plugin`."""

    name: str
    distribution: str
    version: str
    entry_point: str
    requires_dist: tuple[str, ...] = ()

    def load(self) -> object:
        """Import what the entry point names; whatever that raises comes through."""
        return importlib_metadata.EntryPoint(self.name, self.entry_point, GROUP).load()


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """All that is installed. A name that two distributions claim stands in `duplicates` only."""

    found: Mapping[str, Found] = field(default_factory=dict)
    duplicates: Mapping[str, tuple[Found, ...]] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all installed plugins, sorted."""
        return tuple(sorted({*self.found, *self.duplicates}))


def discover() -> Discovery:
    """Scan the entry points of group `kontora.plugins` (a millisecond or two)."""
    claims: dict[str, list[Found]] = {}
    for entry_point in importlib_metadata.entry_points(group=GROUP):
        claims.setdefault(entry_point.name, []).append(_describe(entry_point))
    for each in claims.values():
        each.sort(key=lambda one: (one.distribution, one.entry_point))
    return Discovery(
        found={name: each[0] for name, each in sorted(claims.items()) if len(each) == 1},
        duplicates={name: tuple(each) for name, each in sorted(claims.items()) if len(each) > 1},
    )


def _describe(entry_point: importlib_metadata.EntryPoint) -> Found:
    distribution = entry_point.dist
    return Found(
        name=entry_point.name,
        distribution=distribution.name if distribution else "",
        version=distribution.version if distribution else "",
        entry_point=entry_point.value,
        requires_dist=tuple((distribution.requires or ()) if distribution else ()),
    )


def core_version() -> str:
    """The version of the installed core, from its own metadata."""
    return str(importlib_metadata.version(CORE_DISTRIBUTION))
