"""Which column means which field: a guess that a person confirms in the preview."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from kontora.records.transfer.countries import clean_country
from kontora.records.transfer.heading_rules import path_within
from kontora.records.transfer.heading_words import HEADINGS, IGNORED, PLACES
from kontora.records.transfer.mapping import is_allowed
from kontora.records.transfer.table import Row
from kontora.text import Text, _

SURE, LIKELY, UNSURE = 1.0, 0.8, 0.6

# Paths that may take several columns; any other takes the best one.
_MANY = frozenset({"email", "phone", "fax", "web", "messenger", "social", "tag", "notes"})
_CAMEL = re.compile(r"(?<=[a-zа-яіїєґ])(?=[A-ZА-ЯІЇЄҐ])")
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$")
_PHONE = re.compile(r"^\+?[\d\s().-]{9,20}$")
_WEB = re.compile(r"^(?:https?://|www\.)\S+$")
_BIRTH_PARTS = ("birth year", "birth month", "birth day")
_HOUSES = ("street number", "house number", "house", "дом", "будинок")
_NAME_PATHS = ("given", "family", "display_name")


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """What a column probably means. `path` is "" when nothing fits; `confidence` is 0 to 1."""

    column: str
    path: str = ""
    confidence: float = 0.0
    reason: Text = ""


def guess_mapping(
    columns: Sequence[str],
    allowed: Iterable[str],
    *,
    sample: Sequence[Row] = (),
    labels: Mapping[str, str] | None = None,
) -> list[Guess]:
    """Guess the field path of each column, in the order of `columns`.

    `allowed` are the paths that the record type takes (`custom.*` allows all beneath it); `labels`
    are the names that fields have in the user's language; `sample` are some rows, whose values
    decide where the heading alone does not.
    """
    known = tuple(allowed)
    texts = {column: _texts(sample, column) for column in columns}
    by_label = _by_label(labels or {})
    guesses = [_one(column, texts[column], known, by_label) for column in columns]
    guesses = _without_prefix_title(guesses)
    guesses = _company_as_name(guesses, known)
    guesses = _one_address(guesses, texts)
    return _one_column_each(guesses)


def _by_label(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels as they stand, and as words; “Level 1” and “Level 2” are the same words, so then
    only the whole label counts."""
    found = {_whole(label): path for path, label in labels.items()}
    shared = Counter(normal(label) for label in found)
    for path, label in labels.items():
        name = normal(label)
        if name and shared[name] == 1:
            found.setdefault(name, path)
    return found


def _whole(label: str) -> str:
    return " ".join(label.split()).casefold()


def mapping_of(guesses: Iterable[Guess]) -> dict[str, str]:
    """The guesses as a mapping column → path, those of too little confidence left out."""
    return {
        guess.column: guess.path for guess in guesses if guess.path and guess.confidence >= UNSURE
    }


def guess_names(
    columns: Sequence[str], allowed: Iterable[str], taken: Mapping[str, str]
) -> dict[str, str]:
    """Columns of a person's names for a type that has one `name`: given names come first."""
    if "name" not in set(allowed) or "name" in taken.values():
        return {}
    meant = {column: HEADINGS.get(normal(column), "") for column in columns}
    for paths in (("given", "middle", "family"), ("display_name",), ("organisation",)):
        found = [c for path in paths for c in columns if meant[c] == path and c not in taken]
        if found:
            return dict.fromkeys(found, "name")
    return {}


def normal(heading: str) -> str:
    """A heading as it is compared: words in small letters, signs and numbers gone."""
    spaced = _CAMEL.sub(" ", heading).lower().replace("ё", "е").replace("\u2019", "'")
    words = re.sub(r"[^\w'’]|_", " ", spaced)
    return " ".join(word for word in words.split() if not word.isdigit())


def label_of(column: str) -> str:
    """The label that a heading gives to a point: work, home, mobile, other or ""."""
    name = normal(column)
    if any(word in name for word in ("mobile", "cell", "моб", "сотов")):
        return "mobile"
    return _place(column)


def _texts(sample: Sequence[Row], column: str) -> list[str]:
    values = (str(row.cells.get(column, "")).strip() for row in sample)
    return [value for value in values if value]


def _one(
    column: str, texts: Sequence[str], allowed: Sequence[str], by_label: Mapping[str, str]
) -> Guess:
    if is_allowed(column, allowed):
        return Guess(column=column, path=column, confidence=SURE, reason=_("It is a field's name."))
    name = normal(column)
    path = by_label.get(_whole(column)) or by_label.get(name, "")
    if path:
        return Guess(column=column, path=path, confidence=SURE, reason=_("It is a field's label."))
    if name not in IGNORED:
        path, confidence = _by_heading(name, texts)
        if path and is_allowed(path, allowed):
            reason = _("The heading says so.")
            return Guess(column=column, path=path, confidence=confidence, reason=reason)
    path = _by_content(texts) if name not in IGNORED else ""
    if path and is_allowed(path, allowed):
        reason = _("The values look like it.")
        return Guess(column=column, path=path, confidence=UNSURE, reason=reason)
    return Guess(column=column)


def _by_heading(name: str, texts: Sequence[str]) -> tuple[str, float]:
    if name in ("office location", "location", "office", "местоположение", "розташування"):
        return _place_of(texts), LIKELY
    if name in HEADINGS:
        return HEADINGS[name], SURE
    if path := path_within(name):
        return path, LIKELY
    words = name.split()
    if words[-1:] == ["id"] and " ".join(words[:-1]) in HEADINGS and len(words) > 2:
        # `SupportRepId` names a person by a key.
        return HEADINGS[" ".join(words[:-1])], UNSURE
    close = difflib.get_close_matches(name, HEADINGS, n=1, cutoff=0.88)
    if close and len(name) > 4:
        return HEADINGS[close[0]], UNSURE
    return "", 0.0


def _place_of(texts: Sequence[str]) -> str:
    """A column of places holds countries or towns; its values tell which."""
    understood = sum(clean_country(text).value is not None for text in texts)
    return "address.country" if understood * 2 > len(texts) else "address.locality"


def _by_content(texts: Sequence[str]) -> str:
    for pattern, path in ((_EMAIL, "email"), (_WEB, "web"), (_PHONE, "phone")):
        fitting = sum(bool(pattern.match(text)) for text in texts)
        if len(texts) >= 2 and fitting >= 0.8 * len(texts) and not _all_digits(texts):
            return path
    return ""


def _all_digits(texts: Sequence[str]) -> bool:
    """A column of bare numbers may be anything."""
    return all(text.isdigit() for text in texts)


def _without_prefix_title(guesses: list[Guess]) -> list[Guess]:
    """Beside “Job Title” a column “Title” is Mr or Ms (Outlook)."""
    if not any(normal(guess.column) in ("job title", "organization title") for guess in guesses):
        return guesses
    return [
        Guess(column=guess.column) if normal(guess.column) == "title" else guess
        for guess in guesses
    ]


def _company_as_name(guesses: list[Guess], allowed: Sequence[str]) -> list[Guess]:
    """Where no column names the record itself, the company is the record."""
    paths = {guess.path for guess in guesses}
    if "organisation" not in paths or paths & set(_NAME_PATHS):
        return guesses
    if not is_allowed("display_name", allowed) or not is_allowed("industry", allowed):
        return guesses
    return [
        replace(guess, path="display_name", confidence=LIKELY)
        if guess.path == "organisation"
        else guess
        for guess in guesses
    ]


def _place(column: str) -> str:
    return next((PLACES[word] for word in normal(column).split() if PLACES.get(word)), "")


def _one_address(guesses: list[Guess], texts: Mapping[str, list[str]]) -> list[Guess]:
    """Of several addresses only one is taken: the first with values, work before home."""
    places = [_place(guess.column) for guess in guesses if guess.path.startswith("address.")]
    if len(set(places)) < 2:
        return guesses
    filled = {
        _place(guess.column)
        for guess in guesses
        if guess.path.startswith("address.") and texts[guess.column]
    }
    order = sorted(set(places), key=("work", "", "home", "other").index)
    chosen = next((place for place in order if place in filled), order[0])
    return [
        Guess(column=guess.column)
        if guess.path.startswith("address.") and _place(guess.column) != chosen
        else guess
        for guess in guesses
    ]


def _one_column_each(guesses: list[Guess]) -> list[Guess]:
    """Keep the best column of each path, but all columns of paths that add or join."""
    best: dict[str, float] = {}
    for guess in guesses:
        best[guess.path] = max(best.get(guess.path, 0.0), guess.confidence)
    result: list[Guess] = []
    taken: set[str] = set()
    for guess in guesses:
        joined = normal(guess.column) in _BIRTH_PARTS or _is_second_line(guess, guesses)
        free = guess.path not in taken and guess.confidence == best[guess.path]
        if guess.path and guess.path not in _MANY and not joined and not free:
            guess = Guess(column=guess.column)
        taken.add(guess.path)
        result.append(guess)
    return result


def _is_second_line(guess: Guess, guesses: Sequence[Guess]) -> bool:
    """`Address 2` goes on where `Address` (or `Address 1`) ends."""
    if guess.path != "address.street":
        return False
    name = normal(guess.column)
    if name in _HOUSES:
        return True
    return sum(normal(other.column) == name for other in guesses if other.path == guess.path) > 1
