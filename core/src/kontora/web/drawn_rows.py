"""Rows of lists: a page holds hundreds of cells, so they are drawn here and not by macros.

Columns are `{name, label, type, width}`, rows `{id, url, name, kind, hint, muted, cells, late,
editable, quick, actions}`: templates/README.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jinja2 import Environment, pass_environment
from markupsafe import Markup, escape

from kontora.text import _
from kontora.web.drawing import badge, icon, menu, when, who

NUMBERS = frozenset({"integer", "decimal", "money"})
AVATARS = frozenset({"person", "organisation", "user"})
Mapped = Mapping[str, Any]
_BLANK = Markup("")


@pass_environment
def cell(
    environment: Environment, column: Any, value: Any, most: int = 2, late: bool = False
) -> Markup:
    """One value in words, by the type of its column. Markup stays as it is."""
    if value is None or value == "" or value == []:
        return _BLANK
    if value is True:
        return icon(environment, "check", 18, _("yes"))
    if value is False:
        return Markup(f'<span class="k-faint">{escape(_("no"))}</span>')
    if hasattr(value, "__html__"):
        return escape(value)
    draw = _BY_TYPE.get(str(_of(column, "type") or "text"))
    if draw is not None:
        return draw(environment, value, late)
    if isinstance(value, Mapping):
        return _named(environment, value)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return _several(environment, list(value), most)
    return escape(value)


def _of(thing: Any, name: str) -> Any:
    """What a template means by `thing.name`: columns may be declarations, too."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def _date(environment: Environment, value: Any, _late: bool) -> Markup:
    if isinstance(value, str):
        return escape(environment.filters["date"](value))
    return when(environment, value, day=True)


def _datetime(environment: Environment, value: Any, late: bool) -> Markup:
    if isinstance(value, str):
        return escape(environment.filters["datetime"](value))
    shown = when(environment, value)
    if not late:
        return shown
    return Markup(f'<span class="k-late" title="{escape(_("late"))}">{shown}</span>')


def _filtered(name: str) -> Callable[[Environment, Any, bool], Markup]:
    def draw(environment: Environment, value: Any, _late: bool) -> Markup:
        return escape(environment.filters[name](value))

    return draw


def _email(_environment: Environment, value: Any, _late: bool) -> Markup:
    text = escape(value)
    return Markup(f'<a href="mailto:{text}" title="{text}">{text}</a>')


def _phone(_environment: Environment, value: Any, _late: bool) -> Markup:
    text = escape(value)
    return Markup(f'<a href="tel:{text.replace(" ", "")}" class="k-nowrap">{text}</a>')


def _url(_environment: Environment, value: Any, _late: bool) -> Markup:
    text = escape(value)
    short = text.replace("https://", "").replace("http://", "")
    rest = f'rel="noopener noreferrer" target="_blank" title="{text}"'
    return Markup(f'<a href="{text}" {rest}>{short}</a>')


_BY_TYPE: dict[str, Callable[[Environment, Any, bool], Markup]] = {
    "date": _date,
    "datetime": _datetime,
    "money": _filtered("money"),
    "integer": _filtered("number"),
    "decimal": _filtered("number"),
    "email": _email,
    "phone": _phone,
    "url": _url,
}


def _named(environment: Environment, value: Mapped) -> Markup:
    label = value.get("label") or value.get("name") or value.get("display_name") or ""
    kind, url = value.get("kind"), value.get("url")
    if kind in AVATARS:
        return who(label, url, "person" if kind == "user" else kind, 20)
    if tone := value.get("tone"):
        return badge(environment, label, tone, value.get("icon"))
    if url:
        return Markup(f'<a href="{escape(url)}">{escape(label)}</a>')
    return escape(label)


def _several(environment: Environment, values: Sequence[Any], most: int) -> Markup:
    shown = "".join(_badge(environment, each) for each in values[:most])
    if len(values) > most:
        shown += f'<span class="k-faint">+{len(values) - most}</span>'
    return Markup(f'<span class="k-badges">{shown}</span>')


def _badge(environment: Environment, value: Any) -> Markup:
    if not isinstance(value, Mapping):
        return badge(environment, value)
    return badge(
        environment, value.get("label") or value.get("name"), value.get("tone") or "neutral"
    )


@pass_environment
def primary(environment: Environment, column: Any, row: Mapped) -> Markup:
    """The first cell of a row, or the head of a card: the name that leads to the record."""
    value, url = row["cells"].get(_of(column, "name")), row.get("url")
    if row.get("kind"):
        return who(value or _("no name"), url, row["kind"], 24, row.get("hint"))
    shown = cell(environment, column, value)
    if not url or hasattr(value, "__html__"):
        return shown
    hint = f"<small>{escape(row['hint'])}</small>" if row.get("hint") else ""
    return Markup(f'<a href="{escape(url)}">{shown or escape(_("no name"))}</a>{hint}')


def select_box(row: Mapped, name: Any, form: Any) -> Markup:
    """The box that puts a row under the bulk bar `form`."""
    label, of = _("Select %(name)s") % {"name": row.get("name") or name}, escape(row.get("id", ""))
    return Markup(
        f'<input class="form-check-input" type="checkbox" name="ids" value="{of}"'
        f' form="{escape(form)}" aria-label="{escape(label)}" data-select>'
    )


@pass_environment
def quick(environment: Environment, row: Mapped, id: str) -> Markup:
    """What one click does on a row under the mouse; the menu has it all."""
    found = [
        f'<a class="btn btn-icon btn-tiny" href="{escape(each["url"])}" tabindex="-1"'
        f' aria-label="{(label := escape(each["label"]))}" title="{label}"'
        f' data-quick="{escape(each["icon"])}">{icon(environment, each["icon"], 14)}</a>'
        for each in row.get("quick") or ()
    ]
    if actions := row.get("actions"):
        found.append(
            menu(environment, f"{id}-menu-{row.get('id', '')}", _("Actions"), actions, "dots")
        )
    return Markup("".join(found))


def is_number(column: Any) -> str:
    """The class of a column of numbers, or nothing."""
    return "k-num" if str(_of(column, "type") or "") in NUMBERS else ""


def width(column: Any) -> str:
    """The classes of a column that was widened, or nothing."""
    steps = _of(column, "width")
    return f" k-w k-w-{steps}" if steps else ""


@pass_environment
def table_rows(
    environment: Environment,
    columns: Sequence[Any],
    rows: Iterable[Mapped],
    select: Any = None,
    id: str = "list",
) -> Markup:
    """Rows alone, as they are also brought while scrolling."""
    ready = [
        (each, _of(each, "name"), escape(_of(each, "label")), is_number(each) + width(each))
        for each in columns
    ]
    return Markup("\n".join(_row(environment, ready, each, select, id) for each in rows))


def _row(
    environment: Environment,
    columns: Sequence[tuple[Any, Any, Markup, str]],
    row: Mapped,
    select: Any,
    id: str,
) -> str:
    cells, late, editable = row["cells"], row.get("late") or (), row.get("editable")
    url = f' data-href="{escape(row["url"])}"' if row.get("url") else ""
    muted = ' class="is-muted"' if row.get("muted") else ""
    found = [f'<tr data-row-id="{escape(row.get("id", ""))}"{url}{muted}>']
    first = columns[0]
    if select:
        box = select_box(row, cells.get(first[1]), select)
        found.append(f'<td class="k-select">{box}</td>')
    edits = f' data-cell="{first[1]}" data-edits' if first[1] in (editable or ()) else ""
    name = primary(environment, first[0], row)
    found.append(f'<th scope="row" class="k-primary{width(first[0])}"{edits}>{name}</th>')
    for column, key, label, css in columns[1:]:
        shown = cell(environment, column, cells.get(key), late=key in late)
        blank = "" if shown.strip() else " is-blank"
        place = f' data-cell="{key}"' if editable is not None else ""
        edits = " data-edits" if key in (editable or ()) else ""
        found.append(f'<td data-label="{label}" class="{css}{blank}"{place}{edits}>{shown}</td>')
    tools = quick(environment, row, id)
    found.append(f'<td class="k-row-tools"><span class="k-quick">{tools}</span></td>\n</tr>')
    return "\n".join(found)


_PARTS = (cell, primary, select_box, quick, is_number, width, table_rows)
PARTS: dict[str, Callable[..., Any]] = {each.__name__: each for each in _PARTS}
