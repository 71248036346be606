"""From a row of the administrators' catalogue to a field like all others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from kontora.records.models import CustomField
from kontora.registry.fields import Choice, Field, FieldType

PREFIX = "custom."
GROUP = "custom"
FIRST_ORDER = 1_000
TYPES = frozenset(
    {
        FieldType.TEXT,
        FieldType.LONGTEXT,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.MONEY,
        FieldType.DATE,
        FieldType.CHOICE,
        FieldType.CHOICES,
        FieldType.BOOLEAN,
        FieldType.REFERENCE,
        FieldType.URL,
    }
)
SEARCHED = frozenset({FieldType.TEXT, FieldType.LONGTEXT, FieldType.URL})
# Several values cannot be put into an order; a long text makes no key.
UNSORTED = frozenset({FieldType.CHOICES, FieldType.LONGTEXT})
# What may be unique: of the others a value is expected to stand at many records.
UNIQUE = frozenset(
    {
        FieldType.TEXT,
        FieldType.INTEGER,
        FieldType.DECIMAL,
        FieldType.DATE,
        FieldType.URL,
        FieldType.REFERENCE,
    }
)
INDEXED = TYPES - {FieldType.CHOICES, FieldType.LONGTEXT}
# SQLite compares numbers as floats, which tell all numbers of so many digits apart.
MOST_DIGITS = 15
MOST_PLACES = 6
TEXT_LENGTH = 4_000
UNIQUE_LENGTH = 255
_KEY = re.compile(r"[a-z][a-z0-9_]{0,47}")


def is_key(text: str) -> bool:
    """Whether a key can be given to a new field."""
    return _KEY.fullmatch(text) is not None


def type_of(row: CustomField) -> FieldType:
    """The type of a field; one that nobody knows is a text, as a choice without choices is."""
    kind = FieldType(row.type) if row.type in TYPES else FieldType.TEXT
    if kind in (FieldType.CHOICE, FieldType.CHOICES) and not row.options:
        return FieldType.TEXT
    if kind is FieldType.REFERENCE and not (row.settings or {}).get("target"):
        return FieldType.TEXT
    return kind


def field_of(row: CustomField) -> Field:
    """The field that a row of the catalogue declares, named `custom.<key>`."""
    kind = type_of(row)
    settings: Mapping[str, Any] = row.settings or {}
    return Field(
        name=PREFIX + row.key,
        json_key=row.key,
        label=row.label or row.key,
        type=kind,
        help=row.help or "",
        choices=tuple(choices_of(row.options or ())),
        target=settings.get("target") if kind is FieldType.REFERENCE else None,
        target_kind=settings.get("target_kind") if kind is FieldType.REFERENCE else None,
        kinds=tuple(row.kinds or ()),
        roles=tuple(row.roles or ()),
        group=row.section or GROUP,
        order=FIRST_ORDER + row.sort,
        required=bool(row.required),
        unique=bool(row.is_unique),
        profile=bool(row.profile),
        places=settings.get("places"),
        default=row.default_value,
        max_length=UNIQUE_LENGTH if row.is_unique else TEXT_LENGTH,
        in_list=bool(row.in_list),
        sortable=kind not in UNSORTED,
        searchable=1 if kind in SEARCHED else 0,
    )


def choices_of(options: Iterable[Any]) -> list[Choice]:
    """An option is a word, or a value with its label."""
    found = []
    for each in options:
        if isinstance(each, Mapping):
            value = str(each.get("value", ""))
            label = str(each.get("label") or value)
            found.append(Choice(value=value, label=label, retired=bool(each.get("retired"))))
        else:
            found.append(Choice(value=str(each), label=str(each)))
    return found
