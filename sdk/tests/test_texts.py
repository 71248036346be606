"""Catalogues: what the code marks goes in, translations stay, the file comes out the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from kontora_sdk import texts


@pytest.fixture
def package(tmp_path: Path) -> Path:
    folder = tmp_path / "src" / "kontora_bakery"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").write_text('LABEL = _("Bread")\n', encoding="utf-8")
    page = "{{ n_('%(n)s loaf', '%(n)s loaves', n) }} {{ _h('Bread') }} {{ _('Rye') }}"
    (folder / "templates" / "page.html").write_text(page, encoding="utf-8")
    return folder


def _fill(path: Path, msgid: str, words: str) -> None:
    text = path.read_text(encoding="utf-8")
    empty = f'msgid "{msgid}"\nmsgstr ""\n'
    assert empty in text
    filled = text.replace(empty, f'msgid "{msgid}"\nmsgstr "{words}"\n')
    path.write_text(filled, encoding="utf-8")


def test_python_and_templates_are_read(package: Path) -> None:
    assert texts.marked(package) == {"Bread": "", "Rye": "", "%(n)s loaf": "%(n)s loaves"}


def test_translations_are_kept_also_of_texts_that_are_gone(package: Path) -> None:
    texts.update(package, "bakery", "uk")
    path = texts.po_path(package, "bakery", "uk")
    _fill(path, "Bread", "Хліб")
    _fill(path, "Rye", "Житній")
    (package / "templates" / "page.html").write_text("", encoding="utf-8")
    found = texts.update(package, "bakery", "uk")
    assert found.used["Bread"].forms == ("Хліб",)
    assert list(found.gone) == ["Rye"]
    assert '#~ msgstr "Житній"' in path.read_text(encoding="utf-8")
    (package / "templates" / "page.html").write_text("{{ _('Rye') }}", encoding="utf-8")
    assert texts.update(package, "bakery", "uk").used["Rye"].forms == ("Житній",)
    assert not texts.update(package, "bakery", "uk", prune=True).gone


def test_the_file_depends_on_the_texts_alone(package: Path) -> None:
    texts.update(package, "bakery", "ru")
    path = texts.po_path(package, "bakery", "ru")
    first = path.read_text(encoding="utf-8")
    (package / "__init__.py").write_text('"""New."""\n\nLABEL = _("Bread")\n', encoding="utf-8")
    texts.update(package, "bakery", "ru")
    assert path.read_text(encoding="utf-8") == first
    assert "msgstr[2]" in first


def test_the_command_fails_while_words_are_missing(package: Path) -> None:
    result = CliRunner().invoke(texts.main, [str(package.parents[1]), "--list"])
    assert result.exit_code == 1
    assert "bakery uk: 3 texts, 3 missing" in result.output
    assert "'Rye'" in result.output


def test_a_broken_template_is_named(package: Path) -> None:
    (package / "templates" / "page.html").write_text("{% if %}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"page\.html"):
        texts.marked(package)
