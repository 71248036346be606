"""All specifications together: for the manager, and for the generated reference."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType, ModuleType
from typing import TYPE_CHECKING

from kontora.hookspecs import permissions, platform, records, web, work
from kontora.hookspecs.markers import HookMeta, meta

if TYPE_CHECKING:
    from collections.abc import Mapping

MODULES: tuple[ModuleType, ...] = (platform, records, permissions, web, work)


@cache
def specifications() -> Mapping[str, HookMeta]:
    """Every hook by name, in the order in which its module writes it down."""
    found = (meta(each) for module in MODULES for each in vars(module).values())
    return MappingProxyType({each.name: each for each in found if each is not None})
