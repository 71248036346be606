"""Parts drawn by functions: nothing of a record gets out of its place in the markup."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import jinja2
import pytest

from kontora.web import drawing, drawn_rows

EVIL = "\"'><script>alert(1)</script>&"
TYPES = ("text", "date", "datetime", "money", "integer", "email", "phone", "url", "tags", "choice")


@pytest.fixture(scope="module")
def environment() -> jinja2.Environment:
    made = jinja2.Environment(autoescape=True)
    made.globals.update(csrf_token=lambda: EVIL, static_url=lambda path: f"/s/{EVIL}")
    for name in ("date", "datetime", "number", "money"):
        made.filters[name] = str
    drawing.register(made)
    return made


class Elements(HTMLParser):
    """The names of all elements, and of all their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen |= {tag, *(name for name, _value in attrs)}


def row(**more: Any) -> dict[str, Any]:
    items = [
        {"label": EVIL, "url": EVIL, "icon": EVIL, "attrs": {"data-a": EVIL}, "key": EVIL},
        {"label": EVIL, "url": EVIL, "method": "post", "confirm": EVIL, "danger": True},
        {"label": EVIL, "attrs": {"data-b": EVIL}},
        {"heading": EVIL},
    ]
    cells = dict.fromkeys(TYPES, EVIL)
    quick = [{"label": EVIL, "icon": EVIL, "url": EVIL}]
    base = {"id": EVIL, "url": EVIL, "name": EVIL, "hint": EVIL, "quick": quick, "actions": items}
    return {**base, "cells": cells, "editable": set(TYPES), **more}


COLUMNS = [{"name": each, "type": each, "label": EVIL, "width": 9} for each in TYPES]
VALUES: tuple[Any, ...] = (
    *(EVIL, [EVIL] * 3, [{"label": EVIL, "tone": EVIL}], {"label": EVIL, "tone": EVIL}),
    *({"name": EVIL, "url": EVIL}, {"name": EVIL, "url": EVIL, "kind": "user"}, {"name": EVIL}),
)
PARTS: dict[str, Callable[[jinja2.Environment], str]] = {
    "icon": lambda e: drawing.icon(e, EVIL, 18, EVIL),
    "badge": lambda e: drawing.badge(e, EVIL, EVIL, EVIL),
    "avatar": lambda _e: drawing.avatar(EVIL, EVIL),
    "who": lambda _e: drawing.who(EVIL, EVIL, EVIL, 24, EVIL),
    "when": lambda e: drawing.when(e, EVIL),
    "attributes": lambda _e: drawing.attributes({"data-x": EVIL, "hidden": True, "gone": None}),
    "menu": lambda e: drawing.menu(e, EVIL, EVIL, row()["actions"], EVIL, text=True),
    "rows": lambda e: drawn_rows.table_rows(e, COLUMNS, [row(), row(kind="person")], EVIL, EVIL),
    "cells": lambda e: "".join(
        drawn_rows.cell(e, {"type": kind}, value) for kind in ("text", "tags") for value in VALUES
    ),
}
OURS = {
    *("a", "button", "form", "input", "kbd", "li", "small", "span", "svg", "td", "th", "time"),
    *("tr", "ul", "use", "action", "aria-haspopup", "aria-hidden", "aria-label", "class"),
    *("data-a", "data-b", "data-cell", "data-confirm", "data-edits", "data-href", "data-initials"),
    *("data-label", "data-menu", "data-quick", "data-relative", "data-row-id", "data-select"),
    *("datetime", "focusable", "href", "id", "method", "name", "popover", "popovertarget", "rel"),
    *("role", "scope", "tabindex", "target", "title", "type", "value"),
}


@pytest.mark.parametrize("name", PARTS)
def test_what_records_hold_stays_in_its_place(environment: jinja2.Environment, name: str) -> None:
    drawn = str(PARTS[name](environment))
    assert "<script" not in drawn and "&lt;script" in drawn
    found = Elements()
    if name == "attributes":
        found.feed(f"<p{drawn}>")
        assert found.seen == {"p", "data-x", "hidden"}
    else:
        found.feed(drawn)
        assert found.seen <= OURS


def test_a_row_is_drawn_whole(environment: jinja2.Environment) -> None:
    columns = [{"name": "n", "label": "Name"}, {"name": "d", "label": "Sum", "type": "decimal"}]
    one = {"id": "7", "url": "/c/7", "cells": {"n": "Anna", "d": 5}, "hint": "boss", "muted": True}
    drawn = str(drawn_rows.table_rows(environment, columns, [one]))
    assert '<tr data-row-id="7" data-href="/c/7" class="is-muted">' in drawn
    assert '<a href="/c/7">Anna</a><small>boss</small>' in drawn
    assert '<td data-label="Sum" class="k-num">5</td>' in drawn
    blank = str(drawn_rows.table_rows(environment, columns, [{**one, "cells": {"n": ""}}]))
    assert "no name" in blank and 'class="k-num is-blank"' in blank


def test_initials_are_those_of_first_and_last_word() -> None:
    assert [drawing.initials(each) for each in ("anna m petrova", "«Заря»", "")] == ["AP", "З", "?"]
