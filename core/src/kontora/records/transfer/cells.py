"""Cells as values of fields: one cleaning for each type, and what there is to say about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from kontora.records.transfer.clean import (
    DateGuess,
    clean_block,
    clean_boolean,
    clean_date,
    clean_datetime,
    clean_decimal,
    clean_integer,
    clean_money,
    clean_text,
)
from kontora.records.transfer.cleaned import Cleaned
from kontora.records.transfer.table import Cell
from kontora.records.values import LONG
from kontora.registry.fields import Field, FieldType
from kontora.text import _, use_locale

LANGUAGES = ("en", "ru", "uk")
SEPARATOR = " ::: "
# What people write for a gender, beside the labels of the field.
_GENDERS = {
    "female": ("f", "fem", "w", "woman", "mrs", "ms", "ж", "жен", "женский", "жін", "жіноча"),
    "male": ("m", "man", "mr", "м", "муж", "мужской", "ч", "чол", "чоловіча"),
}


def text_of(cell: Cell) -> str:
    """A cell as text: dates in ISO form, true and false in words."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return str(cell)


def clean_value(field: Field, cell: Cell, dates: DateGuess | None = None) -> Cleaned[Any]:
    """The value of a field, in the JSON form of the API, that a cell holds."""
    kind = field.type
    if kind is FieldType.DATE:
        return _json(clean_date(cell, dates, past=field.name == "birth_date"))
    if kind is FieldType.DATETIME:
        return _json(clean_datetime(cell, dates))
    if kind is FieldType.INTEGER:
        return _bounded(clean_integer(cell))
    if kind is FieldType.DECIMAL:
        found = clean_decimal(cell)
        return _with(found, None if found.value is None else format(found.value, "f"))
    if kind is FieldType.BOOLEAN:
        return clean_boolean(cell)
    if kind is FieldType.MONEY:
        return _money(cell)
    text = text_of(cell)
    if kind is FieldType.CHOICE:
        return choose(field, text)
    if kind is FieldType.CHOICES:
        return _choose_all(field, text)
    cleaned = clean_block(text) if kind is FieldType.LONGTEXT else clean_text(text)
    return _not_too_long(field, cleaned)


def _not_too_long(field: Field, cleaned: Cleaned[str]) -> Cleaned[Any]:
    limit = LONG if field.type is FieldType.LONGTEXT else field.max_length
    if cleaned.value is not None and len(cleaned.value) > limit:
        text = _("The text has %(n)s characters; the field holds %(limit)s.")
        return Cleaned(None, problem=text % {"n": len(cleaned.value), "limit": limit})
    return cleaned


def _json(cleaned: Cleaned[Any]) -> Cleaned[Any]:
    value = cleaned.value
    return _with(cleaned, None if value is None else value.isoformat())


def _with(cleaned: Cleaned[Any], value: Any) -> Cleaned[Any]:
    return Cleaned(value, cleaned.changed, cleaned.problem, cleaned.suggestion)


def _bounded(cleaned: Cleaned[int]) -> Cleaned[Any]:
    if cleaned.value is not None and not -(2**31) <= cleaned.value < 2**31:
        return Cleaned(None, problem=_("The number is too large."))
    return cleaned


def _money(cell: Cell) -> Cleaned[Any]:
    found = clean_money(cell)
    if found.value is None:
        return _with(found, None)
    if not found.value.currency:
        return Cleaned(None, problem=_("The currency is missing."))
    value = {"amount": format(found.value.number, "f"), "currency": found.value.currency}
    return _with(found, value)


def choose(field: Field, text: str) -> Cleaned[Any]:
    """The value of a choice that a text means: itself, or its label in any language."""
    value = _words(field).get(text.strip().casefold().rstrip("."))
    if value is not None:
        return Cleaned(value, value != text)
    known = ", ".join(choice.value for choice in field.choices)
    problem = _("“%(value)s” is none of the known values: %(known)s.")
    return Cleaned(None, problem=problem % {"value": text[:60], "known": known})


def _choose_all(field: Field, text: str) -> Cleaned[Any]:
    """The values of a multiple choice; one that is unknown spoils none of the others."""
    found = [choose(field, word) for word in split_words(text)]
    values = list(dict.fromkeys(each.value for each in found if each.value is not None))
    problem = next((each.problem for each in found if each.value is None), "")
    return Cleaned(values or None, any(each.changed for each in found), problem)


class _ByIdentity:
    """A field as a key of a cache; declarations are frozen but hold dictionaries."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def __hash__(self) -> int:
        return hash(id(self.field))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.field is self.field


def _words(field: Field) -> Mapping[str, str]:
    return _words_of(_ByIdentity(field))


@lru_cache(maxsize=256)
def _words_of(key: _ByIdentity) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for choice in key.field.choices:
        found[choice.value.casefold()] = choice.value
        for language in LANGUAGES:
            with use_locale(language):
                found.setdefault(str(choice.label).casefold(), choice.value)
        if key.field.name == "gender":
            for word in _GENDERS.get(choice.value, ()):
                found.setdefault(word, choice.value)
    return found


def split_words(text: str) -> list[str]:
    """The words of a cell of tags or roles: parted by commas, semicolons, bars or `:::`."""
    if SEPARATOR.strip() in text:
        parts = text.split(SEPARATOR.strip())
    else:
        for mark in (";", "|", "\n"):
            text = text.replace(mark, ",")
        parts = text.split(",")
    return list(dict.fromkeys(word for part in parts if (word := " ".join(part.split()))))
