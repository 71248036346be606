"""The two markers: `hookimpl` for plugins, `hook` for the specifications."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import pluggy

PROJECT = "kontora"
F = TypeVar("F", bound=Callable[..., Any])

Kind = Literal["declare", "collect", "notify"]
Failure = Literal["abort", "skip", "quarantine"]
Transaction = Literal["none", "read", "in", "own"]
Stability = Literal["provisional", "stable"]

hookimpl = pluggy.HookimplMarker(PROJECT)
_hookspec = pluggy.HookspecMarker(PROJECT)
_ATTRIBUTE = "kontora_hook"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookMeta:
    """What a caller, a plugin author and the generated reference need to know about a hook.

    kind     declare: asked once at start, gives declarations; collect: asked at run time, gives
             values; notify: told at run time, gives nothing.
    failure  what an exception does. abort: it reaches the caller, whose transaction rolls back;
             skip: it is logged and counted, the others go on; quarantine: the plugin is taken out.
    tx       none: no database; read: reads in the caller's transaction; in: may also write
             there; own: opens its own session.
    returns  the annotation of the result, as it is written.
    """

    name: str
    kind: Kind
    failure: Failure
    tx: Transaction
    since: str
    stability: Stability
    arguments: tuple[str, ...]
    returns: str
    module: str
    doc: str


def hook(
    *,
    kind: Kind,
    failure: Failure,
    tx: Transaction,
    since: str = "0.1",
    stability: Stability = "provisional",
) -> Callable[[F], F]:
    """Mark a function as the specification of a hook and keep what pluggy has no place for."""

    def mark(function: F) -> F:
        details = HookMeta(
            name=function.__name__,
            kind=kind,
            failure=failure,
            tx=tx,
            since=since,
            stability=stability,
            arguments=tuple(inspect.signature(function).parameters),
            returns=str(function.__annotations__.get("return", "")),
            module=function.__module__,
            doc=inspect.getdoc(function) or "",
        )
        setattr(function, _ATTRIBUTE, details)
        return _hookspec(function)

    return mark


def meta(function: object) -> HookMeta | None:
    """The details that `hook` kept on a specification; None for anything else."""
    return cast("HookMeta | None", getattr(function, _ATTRIBUTE, None))
