"""The kit of pages: it renders, keeps the content policy, and names only icons that exist."""

from __future__ import annotations

import gzip
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jinja2
import pytest

import kontora.web
from kontora.text import _, n_
from kontora.web import drawing

WEB = Path(kontora.web.__file__).parent
TEMPLATES = WEB / "templates"
STATIC = WEB / "static"
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|hx-on|javascript:|hx-trigger=\"[^\"]*\["
)


@pytest.fixture
def environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    made = jinja2.Environment(loader=loader, autoescape=True)
    made.globals.update(
        {"_": _, "n_": n_, "csrf_token": lambda: "token", "static_url": lambda path: f"/s/{path}"}
    )
    names = ("date", "datetime", "day", "number", "money", "file_type", "file_size", "file_problem")
    for name in names:
        made.filters[name] = str
    drawing.register(made)
    return made


def context(part: str) -> dict[str, object]:
    entry = {"label": "Contacts", "url": "/contacts", "icon": "user", "active": True, "key": "p"}
    return {
        "part": part,
        "page": {"title": "Page", "hint": "Hint"},
        "now": datetime(2026, 11, 21, 12, 0, tzinfo=UTC),
        "timedelta": timedelta,
        "user": {"name": "Anna Petrova", "email": "anna@example.org"},
        "nav": [{"label": "Clients", "items": [entry]}],
        "create_items": [{"label": "Contact", "url": "/contacts/new", "icon": "plus"}],
        "languages": [{"code": "en", "label": "English"}],
        "flashes": [("neutral", "Saved", "/undo")],
    }


@pytest.mark.parametrize("part", ["list", "record", "form", "states"])
def test_gallery_keeps_the_content_policy(environment: jinja2.Environment, part: str) -> None:
    page = environment.get_template("core/gallery.html").render(context(part))
    assert "</html>" in page
    assert INLINE.findall(page) == []
    words = re.sub(r"<[^>]+>", " ", page).replace("None of these", "")
    assert "None" not in words


def test_every_template_compiles(environment: jinja2.Environment) -> None:
    for name in environment.list_templates(extensions=["html"]):
        environment.get_template(name)


@pytest.mark.parametrize("part", ["list", "record", "form", "states"])
def test_ids_are_unique(environment: jinja2.Environment, part: str) -> None:
    page = environment.get_template("core/gallery.html").render(context(part))
    page = re.sub(r"<template.*?</template>", "", page, flags=re.DOTALL)
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("part", ["list", "record", "form", "states"])
def test_icons_are_in_the_sprite(environment: jinja2.Environment, part: str) -> None:
    sprite = set(re.findall(r'<symbol id="([^"]+)"', (STATIC / "vendor/icons.svg").read_text()))
    page = environment.get_template("core/gallery.html").render(context(part))
    assert set(re.findall(r'icons\.svg#([^"]+)"', page)) - sprite == set()


def test_text_is_escaped(environment: jinja2.Environment) -> None:
    source = "{% from 'core/macros/ui.html' import who, badge, avatar %}{{ who(x) }}{{ badge(x) }}"
    page = environment.from_string(source).render(x='<b onclick="x">')
    assert "<b" not in page


def test_packed_assets_are_the_plain_ones() -> None:
    packed = sorted(STATIC.glob("vendor/*.gz"))
    assert packed
    for path in packed:
        assert gzip.decompress(path.read_bytes()) == path.with_suffix("").read_bytes()


def test_modules_import_only_what_is_there() -> None:
    for path in STATIC.glob("js/*.js"):
        source = path.read_text()
        assert not re.search(r"\beval\(|new Function|https?://(?!www\.w3\.org)", source), path.name
        for name in re.findall(r"from '\./([^']+)'|import '\./([^']+)'", source):
            assert (path.parent / (name[0] or name[1])).is_file()


# Pages of their own name these.
OF_ONE_PAGE = {"codes.js", "offline.js", "passkeys.js", "worker.js"}


def test_head_names_every_module(environment: jinja2.Environment) -> None:
    page = environment.get_template("core/gallery.html").render(context("list"))
    named = set(re.findall(r"/s/js/([^\"]+)\"", page))
    assert named == {path.name for path in STATIC.glob("js/*.js")} - OF_ONE_PAGE
    pages = "".join(each.read_text() for each in TEMPLATES.rglob("*.html"))
    assert all(f"js/{name}" in pages for name in OF_ONE_PAGE)
