"""What a plugin shows: menu entries, panels, widgets, reports; and what it may and can be set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kontora.registry.fields import Field, FieldType
from kontora.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """An entry of the side bar. `group` is one of work, clients, sales, service, marketing,
    analysis, administration; `url` is a path; without `permission` everyone signed in sees it."""

    id: str
    label: Text
    url: str
    icon: str = "circle"
    group: str = "work"
    order: int = 100
    permission: str | None = None
    view_entity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A box on a record page, loaded by its own request.

    `load(session, record_id)` returns the context of `template`, or None to leave the box out.
    """

    id: str
    title: Text
    entity: str
    template: str
    load: Callable[[Any, Any], Mapping[str, Any] | None]
    order: int = 100
    permission: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """A box on the home page. `load(session)` returns the context of `template`."""

    id: str
    title: Text
    template: str
    load: Callable[[Any], Mapping[str, Any]]
    order: int = 100
    permission: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """A column of a report. A money column names its currency in `currency`."""

    name: str
    label: Text
    type: FieldType = FieldType.TEXT
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: `run(session, params)` yields rows, each a sequence in the order of `columns`."""

    id: str
    label: Text
    columns: tuple[ReportColumn, ...]
    run: Callable[[Any, Mapping[str, Any]], Iterable[Sequence[Any]]]
    help: Text = ""
    params: tuple[Field, ...] = ()
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """A right beyond the record grants, for example `hello.greet`. `roles` get it at enabling."""

    name: str
    label: Text
    roles: tuple[str, ...] = ("administrator",)


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantTemplate:
    """A grant that shipped roles get for a plugin's record type when it is enabled."""

    role: str
    entity: str
    verbs: tuple[str, ...]
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of the site, changed on the administration page, read with `site.setting`."""

    name: str
    label: Text
    type: FieldType = FieldType.TEXT
    default: Any = None
    help: Text = ""
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of `kontora doctor`: what was looked at, whether it is well, and what to do."""

    name: str
    ok: bool
    message: str
    remedy: str = ""
