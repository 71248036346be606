"""Keep the catalogues of a package: `python -m kontora_sdk.texts PACKAGE_DIR`.

What Python files and templates mark with `_()` or `n_()` goes into
`locale/<language>/LC_MESSAGES/<domain>.po`, sorted and without line numbers or dates, so that a
change of code changes only the lines of its own texts. Translations are kept; those of texts that
are gone stay as `#~` lines until `--prune`, because a text often comes back.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import click
from babel.messages import Catalog
from babel.messages.extract import extract, extract_python
from babel.messages.pofile import normalize, read_po
from jinja2.ext import babel_extract

from kontora.text import LANGUAGES

TRANSLATIONS = tuple(language for language in LANGUAGES if language != "en")
# `_h` is what a plugin's template calls its own `_` when the plain one speaks core's language.
_MARKS: Mapping[str, tuple[int, ...] | None] = {
    "_": None,
    "_h": None,
    "n_": (1, 2),
    "_hn": (1, 2),
}
_SKIPPED = {"vendor", "node_modules", "__pycache__", "tests"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A text and its translation: `forms` holds one form, or one per plural form."""

    one: str
    many: str = ""
    forms: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether a form has no words yet."""
        return not self.forms or not all(self.forms)


@dataclass(frozen=True, kw_only=True)
class Texts:
    """A catalogue by msgid: the texts in use, and translations of texts that are gone."""

    used: dict[str, Entry] = field(default_factory=dict)
    gone: dict[str, Entry] = field(default_factory=dict)


def find_package(folder: Path) -> Path:
    """The package in a distribution's folder (`src/<one package>`), or the folder itself."""
    if (folder / "__init__.py").is_file():
        return folder
    packages = sorted(path.parent for path in folder.glob("src/*/__init__.py"))
    if len(packages) != 1:
        raise click.UsageError(f"{folder} is no package and has no src/ folder with exactly one.")
    return packages[0]


def find_domain(package: Path) -> str:
    """The domain that catalogues are named by; a new package's own name without `kontora_`."""
    for path in sorted(package.glob("locale/*/LC_MESSAGES/*.po")):
        return path.stem
    return package.name.removeprefix("kontora_")


def po_path(package: Path, domain: str, language: str) -> Path:
    """Where `kontora.text` looks for the catalogue."""
    return package / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def marked(package: Path) -> dict[str, str]:
    """The marked texts of a package: msgid to plural msgid, which is empty when there is none.

    Raises `ValueError` with the file's name when a template or module cannot be parsed.
    """
    found: dict[str, str] = {}
    for path in sorted(package.rglob("*")):
        if path.suffix not in {".py", ".html"} or _SKIPPED & set(path.parts[len(package.parts) :]):
            continue
        for one, many in _in_file(path):
            found[one] = many or found.get(one, "")
    return found


def _in_file(path: Path) -> Iterator[tuple[str, str]]:
    method: Callable[..., Any] = extract_python if path.suffix == ".py" else babel_extract
    options: dict[str, Any] = {} if path.suffix == ".py" else {"silent": "false"}
    try:
        for _line, message, _comments, _context in extract(
            method, BytesIO(path.read_bytes()), keywords=_MARKS, options=options
        ):
            if isinstance(message, str):
                yield message, ""
            else:
                yield message[0], message[1]
    except Exception as problem:
        raise ValueError(f"{path}: {problem}") from problem


def read(path: Path, language: str) -> Texts:
    """Read a catalogue; a file that does not exist is an empty one."""
    if not path.is_file():
        return Texts()
    catalogue = read_po(BytesIO(path.read_bytes()), locale=language)
    texts = Texts()
    for messages, place in ((catalogue, texts.used), (catalogue.obsolete.values(), texts.gone)):
        for message in messages:
            if not message.id:
                continue
            one, many = (message.id, "") if isinstance(message.id, str) else tuple(message.id)[:2]
            words = message.string
            forms = (words,) if isinstance(words, str) else tuple(words or ())
            comments = tuple(message.user_comments)
            place[one] = Entry(one=one, many=many, forms=forms, comments=comments)
    return texts


def merge(known: Texts, marks: Mapping[str, str], language: str) -> Texts:
    """Bring a catalogue up to date with the marked texts, keeping every translation."""
    former = {**known.gone, **known.used}
    plurals = Catalog(locale=language).num_plurals
    used: dict[str, Entry] = {}
    for one, many in marks.items():
        old = former.pop(one, Entry(one=one))
        count = plurals if many else 1
        # A singular that became a plural (or back) needs new words: the old ones would be wrong.
        forms = old.forms if len(old.forms) == count else ("",) * count
        used[one] = Entry(one=one, many=many, forms=forms, comments=old.comments)
    gone = {one: entry for one, entry in former.items() if not entry.missing}
    return Texts(used=used, gone=gone)


def render(texts: Texts, language: str) -> str:
    """The text of the .po file: sorted by msgid, gone ones last."""
    rule = Catalog(locale=language).plural_forms
    header = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        '"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {rule}\\n"\n'
    )
    parts = [header]
    for entries, prefix in ((texts.used, ""), (texts.gone, "#~ ")):
        parts.extend(_block(entries[one], prefix) for one in sorted(entries))
    return "\n".join(parts)


def _block(entry: Entry, prefix: str) -> str:
    lines = [f"# {comment}" for comment in entry.comments]
    lines.append(f"{prefix}msgid {_quoted(entry.one, prefix)}")
    if entry.many:
        lines.append(f"{prefix}msgid_plural {_quoted(entry.many, prefix)}")
        for number, form in enumerate(entry.forms):
            lines.append(f"{prefix}msgstr[{number}] {_quoted(form, prefix)}")
    else:
        lines.append(f"{prefix}msgstr {_quoted(entry.forms[0], prefix)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str, prefix: str) -> str:
    return normalize(text, prefix, width=98)


def update(package: Path, domain: str, language: str, *, prune: bool = False) -> Texts:
    """Write one catalogue anew from the marked texts and return it."""
    path = po_path(package, domain, language)
    texts = merge(read(path, language), marked(package), language)
    if prune:
        texts = Texts(used=texts.used)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(texts, language), encoding="utf-8", newline="\n")
    return texts


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--domain", help="Domain of a new catalogue; else its files or the package say it.")
@click.option("--prune", is_flag=True, help="Forget the translations of texts that are gone.")
@click.option("--list", "listing", is_flag=True, help="Print the msgids that have no translation.")
def main(folders: tuple[Path, ...], domain: str | None, prune: bool, listing: bool) -> None:
    """Write the Russian and Ukrainian catalogues of packages anew; fail when words are missing."""
    lacking = 0
    for folder in folders:
        package = find_package(folder)
        own = domain or find_domain(package)
        for language in TRANSLATIONS:
            texts = update(package, own, language, prune=prune)
            missing = sorted(one for one, entry in texts.used.items() if entry.missing)
            lacking += len(missing)
            click.echo(f"{own} {language}: {len(texts.used)} texts, {len(missing)} missing")
            if listing:
                click.echo("".join(f"  {text!r}\n" for text in missing), nl=False)
    sys.exit(1 if lacking else 0)


if __name__ == "__main__":
    main()
