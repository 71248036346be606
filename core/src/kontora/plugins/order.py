"""The one order for everything: what is required comes first, then the name decides."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter

from kontora.text import Text, _


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The names that can be loaded, in order, and the sentence for each that cannot."""

    names: tuple[str, ...]
    failed: Mapping[str, Text] = field(default_factory=dict)


def arrange(
    requires: Mapping[str, tuple[str, ...]],
    optional: Mapping[str, tuple[str, ...]] | None = None,
    absent: Mapping[str, Text] | None = None,
) -> Order:
    """Order the plugins that are keys of `requires`.

    `optional` are dependencies that only order, and only if they close no cycle. `absent` says,
    as a sentence, why a name that is no key is not there. A plugin that needs a missing or
    failed one fails too.
    """
    left = {name: set(needs) for name, needs in requires.items()}
    failed: dict[str, Text] = {}
    _drop_unmet(left, failed, absent or {})
    while cycle := _cycle(left):
        way = " → ".join(cycle)
        for name in set(cycle):
            failed[name] = _(
                "It requires itself in a circle: %(way)s. One of them must let go of the next."
            ) % {"way": way}
            del left[name]
        _drop_unmet(left, failed, absent or {})
    wishes = {name: needs & left.keys() for name, needs in _sets(optional).items() if name in left}
    return Order(names=_sorted(_with_wishes(left, wishes)), failed=failed)


def _sets(optional: Mapping[str, tuple[str, ...]] | None) -> dict[str, set[str]]:
    return {name: set(needs) for name, needs in (optional or {}).items()}


def _drop_unmet(
    left: dict[str, set[str]], failed: dict[str, Text], absent: Mapping[str, Text]
) -> None:
    """Move plugins whose needs are not met from `left` to `failed`, until all others' are."""
    while unmet := {
        name: min(needs - left.keys()) for name, needs in left.items() if needs - left.keys()
    }:
        for name, missing in sorted(unmet.items()):
            failed[name] = _needs(missing, failed, absent)
            del left[name]


def _needs(missing: str, failed: Mapping[str, Text], absent: Mapping[str, Text]) -> Text:
    if missing in failed:
        return _("It needs “%(name)s”, which is quarantined.") % {"name": missing}
    why = absent.get(missing)
    if why is None:
        return _("It needs “%(name)s”, which is not enabled. Enable that first.") % {
            "name": missing
        }
    return _("It needs “%(name)s”. %(why)s") % {"name": missing, "why": why}


def _cycle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle, beginning and ending with the same name; empty if there is none."""
    try:
        TopologicalSorter({name: sorted(needs) for name, needs in sorted(graph.items())}).prepare()
    except CycleError as error:
        # graphlib lists each node before the one that needs it; people read “needs” forwards.
        ring = list(reversed(error.args[1]))[:-1]
        first = ring.index(min(ring))
        return [*ring[first:], *ring[: first + 1]]
    return []


def _with_wishes(graph: dict[str, set[str]], wishes: dict[str, set[str]]) -> dict[str, set[str]]:
    """Add the optional edges one by one, leaving out those that would close a circle."""
    merged = {name: set(needs) for name, needs in graph.items()}
    for name, wanted in sorted(wishes.items()):
        for other in sorted(wanted - merged[name]):
            merged[name].add(other)
            if _cycle(merged):
                merged[name].discard(other)
    return merged


def _sorted(graph: Mapping[str, set[str]]) -> tuple[str, ...]:
    sorter = TopologicalSorter(graph)
    sorter.prepare()
    ready: list[str] = []
    names: list[str] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heapq.heappush(ready, name)
        names.append(heapq.heappop(ready))
        sorter.done(names[-1])
    return tuple(names)
