"""What a plugin shows: menu entries, panels, widgets, reports; and what it may and can be set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from kontora.registry.fields import Field, FieldType
from kontora.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """An entry of the side bar. `group` is one of work, clients, sales, service, marketing,
    analysis, administration; `url` is a path; without `permission` everyone signed in sees it.
    `help` says in at most 140 characters what the page is for; the page shows it under its title,
    unless it has a hint of its own, and in its help."""

    id: str
    label: Text
    url: str
    help: Text = ""
    icon: str = "circle"
    group: str = "work"
    order: int = 100
    permission: str | None = None
    view_entity: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that the command palette offers: a verb first, for example “Log a call with…”.

    `url` is a path of the site. With `asks` (the path of a record type, or `parties`) the palette
    asks for a record first, and `{id}`, `{path}` and `{label}` in `url` are filled in from it.
    `words` are further words by which it is found. `create_entity`: whoever may create records
    of that entity; with `permission`, whoever holds it.
    """

    id: str
    label: Text
    url: str
    icon: str = "bolt"
    order: int = 100
    permission: str | None = None
    create_entity: str | None = None
    asks: str | None = None
    words: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeKind:
    """A kind of notice. A user says for each whether it comes by the bell alone, also by mail
    (`default`: bell, mail), or not at all. `name` is `<plugin>.<what happened>`; a notice of a
    kind that begins with `name` and a point belongs to it too."""

    name: str
    label: Text
    default: str = "bell"
    icon: str = "bell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A box on a record page, loaded by its own request.

    `load(session, record_id)` returns the context of `template`, or None to leave the box out.
    With `*` as its entity it stands on every record page, and `load` is told the entity too.
    """

    id: str
    title: Text
    entity: str
    template: str
    load: Callable[..., Mapping[str, Any] | None]
    order: int = 100
    permission: str | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewKind:
    """A way to see a list: a table, cards, a board, a calendar, a map.

    `needs` are names of fields, or types of fields (`date`), that the record type must have;
    `entities` narrows it further. `load(session, rtype, query)` returns the context of `template`
    for the list that is asked for: `records.list_records(session, rtype, query)` reads it. Core's
    own kinds have no `load`: their template gets the rows.
    """

    key: str
    label: Text
    template: str
    icon: str = "list"
    load: Callable[[Any, Any, Any], Mapping[str, Any] | None] | None = None
    needs: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    permission: str | None = None
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Widget:
    """A box on the home page. `load(session)` returns the context of `template`, or None when it
    has nothing to show.

    `help` says what it shows to whoever chooses it. It stands there at first for the holders of
    `roles` (none: for everybody) in its `size`: half or full.
    """

    id: str
    title: Text
    template: str
    load: Callable[[Any], Mapping[str, Any] | None]
    order: int = 100
    permission: str | None = None
    help: Text = ""
    roles: tuple[str, ...] = ()
    size: Literal["half", "full"] = "half"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportColumn:
    """A column of a report. A money column names its currency in `currency`."""

    name: str
    label: Text
    type: FieldType = FieldType.TEXT
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """How the rows of a report are drawn. `label` is the column that names each bar or moment,
    `values` the columns of numbers, `unit` what they count.

    `kind`: bars (one a row), stacked (the values of a row one after the other), columns (moments
    from left to right, values one on the other) or lines (moments from left to right).
    """

    kind: Literal["bars", "stacked", "columns", "lines"]
    label: str
    values: tuple[str, ...]
    unit: Text


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A row whose cells lead somewhere: `links` is the path of a list of exactly what a cell
    counts, by the name of the column."""

    cells: Sequence[Any]
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a report may return in place of rows, when its columns depend on its parameters."""

    rows: Iterable[Sequence[Any] | ReportRow]
    columns: tuple[ReportColumn, ...] | None = None
    chart: Chart | None = None
    note: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report: `run(session, params)` yields rows, each a sequence in the order of `columns` or a
    `ReportRow`; or returns an `Outcome`.

    `params_of(session)` gives parameters that depend on what is declared and on who asks.
    `group` is the heading under which the page of reports shows it: base, activity, quality,
    other. One that is not `listed` runs, but another one does the same and more.
    """

    id: str
    label: Text
    columns: tuple[ReportColumn, ...]
    run: Callable[[Any, Mapping[str, Any]], Iterable[Sequence[Any] | ReportRow] | Outcome]
    help: Text = ""
    params: tuple[Field, ...] = ()
    params_of: Callable[[Any], tuple[Field, ...]] | None = None
    chart: Chart | None = None
    permission: str | None = None
    group: str = "other"
    listed: bool = True
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
    """One line of `kontora doctor`: what was looked at, whether it is well, and what to do.

    A line that is well and has a remedy all the same is a warning.
    """

    name: str
    ok: bool
    message: str
    remedy: str = ""
