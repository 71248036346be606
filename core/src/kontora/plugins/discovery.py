"""Which plugins are installed: names and metadata only, nothing of them is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import importlib_metadata
import structlog

GROUP = "kontora.plugins"
CORE_DISTRIBUTION = "kontora"
log = structlog.get_logger("kontora.plugins")


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
    unreadable: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all installed plugins, sorted."""
        return tuple(sorted({*self.found, *self.duplicates}))


def discover() -> Discovery:
    """Scan the installed distributions for entry points of group `kontora.plugins`.

    A distribution whose metadata cannot be read (pip was interrupted, say) is passed over and
    named in `unreadable`: it must not keep the others from starting.
    """
    claims: dict[str, list[Found]] = {}
    unreadable: list[str] = []
    seen: set[str] = set()
    for distribution in importlib_metadata.Distribution.discover():
        try:
            described = _describe(distribution)
        except Exception as error:
            place = f"{distribution.locate_file('')}: {type(error).__name__}: {error}"
            unreadable.append(place)
            log.warning("plugin.unreadable_distribution", place=place)
            continue
        # The first on the path is the one that gets imported; a second is an old copy of it.
        if described and described[0].distribution not in seen:
            seen.add(described[0].distribution)
            for each in described:
                claims.setdefault(each.name, []).append(each)
    for found in claims.values():
        found.sort(key=lambda one: (one.distribution, one.entry_point))
    return Discovery(
        found={name: each[0] for name, each in sorted(claims.items()) if len(each) == 1},
        duplicates={name: tuple(each) for name, each in sorted(claims.items()) if len(each) > 1},
        unreadable=tuple(unreadable),
    )


def _describe(distribution: importlib_metadata.Distribution) -> list[Found]:
    """The plugins of a distribution. Only one that has some gets its metadata read: that costs."""
    return [
        Found(
            name=entry_point.name,
            distribution=str(distribution.name),
            version=str(distribution.version),
            entry_point=entry_point.value,
            requires_dist=tuple(distribution.requires or ()),
        )
        for entry_point in distribution.entry_points.select(group=GROUP)
    ]


def core_version() -> str:
    """The version of the installed core, from its own metadata."""
    return str(importlib_metadata.version(CORE_DISTRIBUTION))
