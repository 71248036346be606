"""Small parts that a page holds hundreds of: icons, badges, names, moments, menus.

They are macros of `core/macros/ui.html` for whoever writes a template, and functions here because a
macro of Jinja takes ten times as long: icons alone were a sixth of the time of a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, pass_environment
from markupsafe import Markup, escape

_QUOTES = str.maketrans(dict.fromkeys('«"“', " "))


@lru_cache(maxsize=2000)
def _icon(address: str, name: str, size: int, label: str) -> Markup:
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(
        f'<svg class="k-icon k-icon-{size}" {told} focusable="false">'
        f'<use href="{escape(address)}#{escape(name)}"/></svg>'
    )


@pass_environment
def icon(environment: Environment, name: Any, size: int = 18, label: Any = None) -> Markup:
    """An icon of the sprite; with a label it speaks, else it is passed over."""
    static_url: Callable[[str], str] = environment.globals["static_url"]  # type: ignore[assignment]
    return _icon(static_url("vendor/icons.svg"), str(name), size, str(label) if label else "")


def attributes(attrs: Mapping[str, Any] | None) -> Markup:
    """More attributes of an element; True stands without a value, None and False not at all."""
    found = [
        f" {escape(name)}" if value is True else f' {escape(name)}="{escape(value)}"'
        for name, value in (attrs or {}).items()
        if value is not None and value is not False
    ]
    return Markup("").join(Markup(each) for each in found) if found else Markup("")


@pass_environment
def badge(
    environment: Environment, text: Any, tone: Any = "neutral", icon_name: Any = None
) -> Markup:
    """A word with a tone: neutral, accent, good, warn, bad."""
    sign = icon(environment, icon_name, 14) if icon_name else ""
    return Markup(f'<span class="k-badge k-tone-{escape(tone)}">{sign}{escape(text)}</span>')


def initials(name: Any) -> str:
    """The first letters of the first and the last word; `?` without any."""
    words = str(name).translate(_QUOTES).split()
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


@lru_cache(maxsize=5000)
def _avatar(name: str, kind: str, size: int) -> Markup:
    hue = sum(name.encode()) * 7 // 5 % 8
    return Markup(
        f'<span class="k-avatar k-avatar-{size} k-avatar-{escape(kind)} k-hue-{hue}"'
        f' data-initials="{escape(initials(name))}" aria-hidden="true"></span>'
    )


def avatar(name: Any, kind: Any = "person", size: int = 24) -> Markup:
    """Initials in a colour of their own: round for a person, square for an organisation."""
    return _avatar(str(name), str(kind), size)


def who(
    name: Any, href: Any = None, kind: Any = "person", size: int = 24, hint: Any = None
) -> Markup:
    """The one way to show a person or a firm in running text or in a cell."""
    shown = escape(name)
    text = f'<a href="{escape(href)}">{shown}</a>' if href else f"<span>{shown}</span>"
    more = f"<small>{escape(hint)}</small>" if hint else ""
    return Markup(
        f'<span class="k-who">{_avatar(str(name), str(kind), size)}'
        f'<span class="k-who-text">{text}{more}</span></span>'
    )


@pass_environment
def when(environment: Environment, value: Any, day: bool = False, style: str = "time") -> Markup:
    """A moment or a day, which the page replaces by “today 14:20”."""
    if not value:
        return Markup("")
    exact = value.isoformat() if isinstance(value, date | datetime) else value
    words = environment.filters["date" if day else "datetime"](value)
    relative = "day" if day else style
    return Markup(
        f'<time datetime="{escape(exact)}" data-relative="{relative}">{escape(words)}</time>'
    )


@pass_environment
def menu_items(environment: Environment, items: Iterable[Mapping[str, Any]]) -> Markup:
    """The entries of a menu; what they may hold: templates/README.md."""
    return Markup("\n".join(_menu_item(environment, each) for each in items))


def _menu_item(environment: Environment, item: Mapping[str, Any]) -> str:
    get = item.get
    if get("divider"):
        return '<li role="separator" class="k-menu-line"></li>'
    if get("heading"):
        return f'<li class="k-menu-heading">{escape(get("heading"))}</li>'
    css = "k-menu-item is-danger" if get("danger") else "k-menu-item"
    sign = icon(environment, get("icon")) if get("icon") else ""
    inner = f"{sign}<span>{escape(get('label'))}</span>"
    attrs, url = attributes(get("attrs")), get("url")
    if get("method") == "post":
        asks = f' data-confirm="{escape(get("confirm"))}"' if get("confirm") else ""
        return (
            f'<li><form method="post" action="{escape(url)}"{asks}>{token(environment)}\n'
            f'<button type="submit" class="{css}"{attrs}>{inner}</button></form></li>'
        )
    inner += f"<kbd>{escape(get('key'))}</kbd>" if get("key") else ""
    if url:
        here = ' aria-current="true"' if get("active") else ""
        return f'<li><a class="{css}" href="{escape(url)}"{here}{attrs}>{inner}</a></li>'
    return f'<li><button type="button" class="{css}"{attrs}>{inner}</button></li>'


def token(environment: Environment) -> str:
    """The hidden input by which a form proves that it is ours."""
    csrf: Callable[[], str] = environment.globals["csrf_token"]  # type: ignore[assignment]
    return f'<input type="hidden" name="csrf_token" value="{escape(csrf())}">'


@pass_environment
def menu(
    environment: Environment,
    id: str,
    label: Any,
    items: Iterable[Mapping[str, Any]],
    icon_name: Any = "dots",
    text: Any = False,
    kind: str = "quiet",
) -> Markup:
    """A button that opens a list of actions. `id` is unique in the page."""
    words, place = escape(label), escape(id)
    css = f"btn-{kind}" if text else "btn-icon"
    told = "" if text else f' aria-label="{words}" title="{words}"'
    inner = str(icon(environment, icon_name)) if icon_name else ""
    inner += f"<span>{words}</span>{icon(environment, 'chevron-down', 14)}" if text else ""
    return Markup(
        f'<button type="button" class="btn {css}" popovertarget="{place}" aria-haspopup="true"'
        f"{told}>{inner}</button>\n"
        f'<ul class="k-menu" id="{place}" popover data-menu>{menu_items(environment, items)}</ul>'
    )


def register(environment: Environment) -> None:
    """Give these to templates; `macros/ui.html` and `macros/lists.html` name them."""
    from kontora.web import drawn_filters, drawn_rows

    parts = (icon, attributes, badge, initials, avatar, who, when, menu_items, menu)
    drawn = {each.__name__: each for each in parts} | drawn_rows.PARTS
    drawn["operators"] = drawn_filters.operators
    environment.globals["drawn"] = drawn
