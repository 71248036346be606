"""What users read is marked, and translated into Russian and Ukrainian, down to the last text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

from kontora_sdk import texts
from kontora_sdk.texts import Entry, Texts
from tests.architecture.sources import members, name

ALLOWED = Path(__file__).parent
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_SENTENCE = re.compile(r"[A-Z][a-z]+([ ,][^/]*)?")
_READ_ATTRIBUTES = {"title", "alt", "placeholder", "aria-label", "data-confirm", "label"}
_READ_ARGUMENTS = {"label", "label_plural", "help", "title", "hint", "summary", "remedy"}
_MARKS = {"_", "_h", "n_", "_hn"}
# They speak English: commands, what programs and plugin authors read, invented records.
_ENGLISH = ("/cli/", "/rest/", "/db/migrations/", "/lifecycle/sample", "kontora/measures.py")


def _allowed(file: str) -> frozenset[str]:
    lines = (ALLOWED / file).read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


SAME = _allowed("texts_same.txt")
BARE = _allowed("texts_bare.txt")


_marked = cache(texts.marked)


@cache
def packages() -> tuple[Path, ...]:
    """Every package of the repository that marks texts."""
    found = (texts.find_package(member) for member in members() if (member / "src").is_dir())
    return tuple(package for package in found if _marked(package))


def faults(found: Texts, marks: Mapping[str, str], language: str) -> Iterator[str]:
    """Everything that is wrong with a catalogue, in words."""
    for one in sorted(set(marks) - set(found.used)):
        yield f"not in the catalogue: {one!r}"
    for one in sorted(set(found.used) - set(marks)):
        yield f"stale: {one!r}"
    plurals = texts.Texts(used=dict(found.used))
    expected = texts.merge(plurals, marks, language)
    for one, entry in sorted(found.used.items()):
        if one in marks:
            yield from _wrong(entry, len(expected.used[one].forms), marks[one])


def _wrong(entry: Entry, forms: int, many: str) -> Iterator[str]:
    text = repr(entry.one)
    if entry.missing:
        yield f"no translation: {text}"
        return
    if len(entry.forms) != forms or entry.many != many:
        yield f"{len(entry.forms)} plural forms in place of {forms}: {text}"
    wanted = sorted(_PLACE.findall(many or entry.one))
    for form in entry.forms:
        if sorted(_PLACE.findall(form)) != wanted:
            yield f"other placeholders: {text} → {form!r}"
        if form == entry.one and form not in SAME:
            yield f"still English: {text}"


@pytest.mark.parametrize("language", texts.TRANSLATIONS)
@pytest.mark.parametrize("package", packages(), ids=lambda each: each.name)
def test_every_text_is_translated(package: Path, language: str) -> None:
    path = texts.po_path(package, texts.find_domain(package), language)
    wrong = list(faults(texts.read(path, language), _marked(package), language))
    assert not wrong, f"run `make texts` and fill in {name(path)}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("language", texts.TRANSLATIONS)
@pytest.mark.parametrize("package", packages(), ids=lambda each: each.name)
def test_catalogues_are_as_the_tool_writes_them(package: Path, language: str) -> None:
    path = texts.po_path(package, texts.find_domain(package), language)
    assert path.read_text(encoding="utf-8") == texts.render(texts.read(path, language), language)


GOOD = Entry(one="%(n)s row", many="%(n)s rows", forms=("%(n)s а", "%(n)s б", "%(n)s в"))


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        (None, "not in the catalogue"),
        (replace(GOOD, forms=("%(n)s а", "", "%(n)s в")), "no translation"),
        (replace(GOOD, forms=("%(n)s а", "%(n)s б")), "2 plural forms in place of 3"),
        (replace(GOOD, forms=("%(n)s а", "%(m)s б", "%(n)s в")), "other placeholders"),
        (replace(GOOD, forms=("%(n)s row", "%(n)s б", "%(n)s в")), "still English"),
        (replace(GOOD, one="%(n)s line"), "stale"),
    ],
)
def test_a_fault_is_found(entry: Entry | None, fault: str) -> None:
    found = Texts(used={entry.one: entry} if entry else {})
    assert any(text.startswith(fault) for text in faults(found, {GOOD.one: GOOD.many}, "uk"))
    assert not list(faults(Texts(used={GOOD.one: GOOD}), {GOOD.one: GOOD.many}, "uk"))


class _Reader(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in ("code", "kbd", "script", "style")
        self.seen += [value or "" for key, value in attrs if key in _READ_ATTRIBUTES]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("code", "kbd", "script", "style")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.seen.append(data)


def bare_in_template(source: str) -> list[str]:
    """Latin words in a template that no `_()` surrounds: in the markup, or given to macros."""
    tree = Environment(autoescape=True).parse(source)
    reader = _Reader()
    reader.feed("".join(each.data for each in tree.find_all(nodes.TemplateData)))
    # What is only a part of a tag is parsed as text; it has attributes.
    seen = (" ".join(text.split()) for text in reader.seen if '="' not in text)
    found = [text for text in seen if _LATIN.search(text)]
    marked = {
        id(inner)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in _MARKS
        for inner in call.find_all(nodes.Const)
    }
    words = (each.value for each in tree.find_all(nodes.Const) if id(each) not in marked)
    return found + [word for word in words if isinstance(word, str) and _SENTENCE.fullmatch(word)]


def test_templates_hold_no_bare_words() -> None:
    wrong = [
        f"{name(path)}: {text!r}"
        for package in packages()
        for path in sorted(package.rglob("templates/**/*.html"))
        # The page of examples shows invented people and firms.
        if not path.name.startswith("gallery")
        for text in bare_in_template(path.read_text(encoding="utf-8"))
        if text not in BARE
    ]
    assert not wrong, "mark them with _():\n" + "\n".join(wrong)


def test_bare_words_are_found() -> None:
    assert bare_in_template("<p>Saved {{ _('Save') }}</p>") == ["Saved"]
    assert bare_in_template("{{ ui.button('Save it', '/x') }}") == ["Save it"]
    assert bare_in_template("<a title='Go on'>{{ name }}</a>") == ["Go on"]
    assert not bare_in_template("<code>pip install x</code>{{ n_('Row', 'Rows', 1) }}")


def bare_in_python(module: ast.AST) -> Iterator[str]:
    """Labels, helps, remedies and the like that are plain English strings."""
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            for each in node.keywords:
                if each.arg in _READ_ARGUMENTS:
                    for part in ast.walk(each.value):
                        if _is_sentence(part) and not _inside_mark(part, each.value):
                            yield str(getattr(part, "value", ""))


def _is_sentence(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and _SENTENCE.fullmatch(node.value) is not None
    )


def _inside_mark(part: ast.AST, value: ast.expr) -> bool:
    return any(
        part is inner
        for call in ast.walk(value)
        if isinstance(call, ast.Call)
        for inner in ast.walk(call)
    )


def test_declarations_hold_no_bare_words() -> None:
    wrong = [
        f"{name(path)}: {text!r}"
        for package in packages()
        for path in sorted(package.rglob("*.py"))
        if not any(part in name(path) for part in _ENGLISH)
        for text in bare_in_python(ast.parse(path.read_text(encoding="utf-8")))
        if text not in BARE
    ]
    assert not wrong, "mark them with _():\n" + "\n".join(wrong)


def test_bare_declarations_are_found() -> None:
    assert list(bare_in_python(ast.parse('Field(label="Given name")'))) == ["Given name"]
    assert not list(bare_in_python(ast.parse('Field(label=_("Given name"))')))
