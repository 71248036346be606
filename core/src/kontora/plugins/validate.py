"""Check the hook implementations of a module before pluggy sees them.

pluggy would check some of this too, but says less, and not on whose account.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from kontora.errors import PluginError
from kontora.hookspecs.markers import PROJECT, HookMeta

_REFUSED = {
    "wrapper": "Wrappers hide whose error it was.",
    "hookwrapper": "Wrappers hide whose error it was.",
    "tryfirst": "The order is that of the plugins; use `order` of what you declare.",
    "trylast": "The order is that of the plugins; use `order` of what you declare.",
}


def implementations(module: ModuleType) -> Iterator[tuple[str, FunctionType, Mapping[str, Any]]]:
    """The marked functions that are written in this module, not those that it imports."""
    for name, function in vars(module).items():
        options = getattr(function, f"{PROJECT}_impl", None) if callable(function) else None
        written_here = getattr(function, "__module__", None) == module.__name__
        if options is not None and written_here and isinstance(function, FunctionType):
            yield options.get("specname") or name, function, options


def check(plugin: str, module: ModuleType, known: Mapping[str, HookMeta]) -> None:
    """Raise PluginError at the first implementation that does not fit its specification."""
    for name, function, options in implementations(module):
        where = f"{module.__name__}.{function.__name__}"
        for option, why in _REFUSED.items():
            if options.get(option):
                raise PluginError(plugin, f"{where} uses `{option}`, which is not allowed.", why)
        if name in known:
            _check_signature(plugin, where, function, known[name])
        elif not options.get("optionalhook"):
            near = difflib.get_close_matches(name, known, n=1)
            remedy = f"Did you mean “{near[0]}”?" if near else "See the reference of hooks."
            raise PluginError(plugin, f"{where}: there is no hook “{name}”.", remedy)


def _check_signature(plugin: str, where: str, function: FunctionType, spec: HookMeta) -> None:
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise PluginError(plugin, f"{where} is asynchronous.", "Write a plain function.")
    if inspect.isgeneratorfunction(function) and spec.kind == "notify":
        raise PluginError(plugin, f"{where} is a generator and would never run.", "Remove `yield`.")
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in spec.arguments:
            offered = ", ".join(spec.arguments) or "no arguments"
            raise PluginError(
                plugin,
                f"{where} asks for “{parameter.name}”, which the hook does not give.",
                f"The hook “{spec.name}” gives: {offered}.",
            )
        if parameter.default is not parameter.empty or parameter.kind is not (
            parameter.POSITIONAL_OR_KEYWORD
        ):
            # pluggy passes plain arguments only: the others would silently keep their default.
            raise PluginError(
                plugin,
                f"{where} takes “{parameter.name}” in a way that the caller cannot fill.",
                "Take it as a plain argument, without a default or a star.",
            )


def forgotten(module: ModuleType, known: Mapping[str, HookMeta]) -> list[str]:
    """Functions with the name of a hook and without the marker: most likely a slip."""
    return [
        name
        for name, function in vars(module).items()
        if name in known
        and isinstance(function, FunctionType)
        and function.__module__ == module.__name__
        and not hasattr(function, f"{PROJECT}_impl")
    ]
