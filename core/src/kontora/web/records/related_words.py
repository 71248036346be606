"""A condition on one row of a collection in words: “Roles: Client, Class A, today”."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import unquote

from kontora.errors import Invalid
from kontora.records import related
from kontora.records.period_names import days
from kontora.registry.fields import Collection, Field, FieldType
from kontora.text import _
from kontora.web import names


def sentence(session: Any, name: str, value: str) -> str:
    """What `field[has]=…` says; the bare text when it is not understood."""
    named = (each.field_named(name) for each in session.registry.record_types.values())
    field = next((each for each in named if each is not None and each.collection), None)
    if field is None or field.collection is None:
        return value
    try:
        parts, now = related.parts_of(value)
    except Invalid:
        return value
    said = [_part(session, field.collection, part, raw) for part, raw in parts.items()]
    return f"{field.label}: {', '.join([*said, *([str(_('today'))] if now else [])])}"


def _part(session: Any, collection: Collection, name: str, raw: str) -> str:
    sub = related.sub_field(collection.fields, name)
    if sub is None:
        return raw
    if raw == "":
        return str(_("%(field)s is empty") % {"field": sub.label})
    if ".." in raw and sub.type is FieldType.DATE:
        return f"{sub.label} {_days(raw)}"
    found = _value(session, sub, unquote(raw))
    main = collection.key and name == collection.key[0]
    return found if main else f"{sub.label} {found}"


def _days(raw: str) -> str:
    first, _dots, last = raw.partition("..")
    try:
        return days(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return raw


def _value(session: Any, sub: Field, value: str) -> str:
    if sub.type is FieldType.REFERENCE:
        found = names.reference(session, sub.target or "", value)
        return (found or {}).get("name") or str(_("unknown"))
    choices: Sequence[Any] = sub.choices or ()
    if not choices and sub.choices_from is not None:
        choices = sub.choices_from(session)
    return next((str(each.label) for each in choices if each.value == value), value)
