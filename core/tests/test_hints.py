"""Every field and every page says what it is for, in words that its label does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from kontora import text
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.registry.build import Registry
from kontora.registry.fields import Field
from kontora.text import Text
from kontora_sdk.testing.sites import SiteMaker

LONGEST = 140  # in every language
NEW_WORDS = 2
STOP = {
    "en": "a an and are as at be by for from in is it its of on or that the this to what which who",
    "ru": "а без в во для до и из или как к на не о об он она от по с со то у чем что это",
    "uk": "а без в для до з за і із або як й на не о про він вона від по та те у чим що це",
}

Hint = tuple[str, Text, Text]


def declared(site: Site) -> Iterator[Hint]:
    """Where it stands, its label and its hint: of fields, pages, settings, reports and widgets."""
    registry: Registry = site.registry
    for rtype in registry.record_types.values():
        yield rtype.path, rtype.label_plural, rtype.help
        for field in rtype.fields:
            yield from _of_field(f"{rtype.path}: {field.name}", field)
    for item in registry.menu:
        rtype_there = registry.record_types.get(item.url.strip("/"))
        yield item.url, item.label, item.help or (rtype_there.help if rtype_there else "")
    for setting in registry.settings.values():
        yield setting.name, setting.label, setting.help
    for report in registry.reports.values():
        yield f"report {report.id}", report.label, report.help
    for widget in registry.widgets:
        yield f"widget {widget.id}", widget.title, widget.help


def _of_field(where: str, field: Field) -> Iterator[Hint]:
    yield where, field.label, field.help
    for each in field.collection.fields if field.collection else ():
        yield f"{where}.{each.name}", each.label, each.help


def fault(label: Text, hint: Text, language: str) -> str | None:
    """What is wrong with a hint in this language; None if nothing is."""
    with text.use_locale(language):
        said, called = str(hint).strip(), str(label)
    if not said:
        return "has no hint"
    if len(said) > LONGEST:
        return f"has {len(said)} characters: {said}"
    stems = {each[:4] for each in _words(called, language)}
    new = {each for each in _words(said, language) if each[:4] not in stems}
    if len(new) < NEW_WORDS:
        return f"only repeats “{called}”: {said}"
    return None


def _words(said: str, language: str) -> set[str]:
    return set(re.findall(r"\w+", said.casefold())) - set(STOP[language].split())


@pytest.fixture(scope="module")
def hints(
    kontora_site_maker: SiteMaker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Hint]]:
    """Those of core and of hello."""
    home = tmp_path_factory.mktemp("hints")
    with kontora_site_maker.site("sqlite", ("hello",), home) as site, site.read(system("test")):
        yield list(declared(site))


@pytest.mark.parametrize("language", text.LANGUAGES)
def test_all_say_more_than_their_label(hints: list[Hint], language: str) -> None:
    found = [(where, fault(label, hint, language)) for where, label, hint in hints]
    wrong = [f"{where} {what}" for where, what in found if what]
    assert not wrong, "\n".join(wrong)


def test_the_list_is_not_empty(hints: list[Hint]) -> None:
    places = {where for where, _label, _hint in hints}
    assert {"contacts: given", "contacts: points.value", "/admin/users", "hello/greetings"} < places
    assert {"hello/greetings: occasion", "company.name", "widget hello.count"} < places


@pytest.mark.parametrize(
    ("label", "hint", "what"),
    [
        ("Given name", "", "has no hint"),
        ("Given name", "The given name.", "only repeats"),
        ("Tags", "What the tag is.", "only repeats"),
        ("Notes", "a word " * 30, "has 209 characters"),
    ],
)
def test_a_bad_hint_is_found(label: str, hint: str, what: str) -> None:
    assert (fault(label, hint, "en") or "").startswith(what)
    assert fault(label, "The first one, as the person writes it.", "en") is None
