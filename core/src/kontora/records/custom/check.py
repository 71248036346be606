"""Check what an administrator says about a field, before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.records.custom.definition import (
    INDEXED,
    MOST_PLACES,
    TYPES,
    UNIQUE,
    choices_of,
    field_of,
)
from kontora.records.custom.values import input_of, stored
from kontora.records.models import CustomField
from kontora.registry.fields import FieldType
from kontora.registry.records import RecordType
from kontora.text import _

Errors = dict[str, list[object]]
CHOOSING = (FieldType.CHOICE, FieldType.CHOICES)
MOST_CHOICES = 200
_UNFIT = re.compile(r'["\\\x00-\x1f,]')


def checked(
    session: ScopedSession,
    rtype: RecordType,
    data: Mapping[str, Any],
    before: CustomField | None = None,
) -> dict[str, Any]:
    """The columns of a definition. What `data` does not name stays as it is in `before`.

    Raises Invalid with a message for each member that does not fit.
    """
    errors: Errors = {}
    given = {**(_present(before) if before is not None else {}), **data}
    kind = _type(given, errors)
    values: dict[str, Any] = {
        "label": _text(given, "label", 255, errors, needed=True),
        "help": _text(given, "help", 1_000, errors),
        "section": _text(given, "section", 64, errors),
        "type": str(kind),
        "options": _options(given, kind, errors),
        "settings": _settings(session, given, kind, errors),
        "kinds": _among(given, "kinds", kinds_of(session, rtype), errors),
        "roles": _among(given, "roles", roles_of(rtype), errors),
        **{name: bool(given.get(name)) for name in ("required", "profile", "in_list")},
        "is_unique": bool(given.get("is_unique")),
        "indexed": bool(given.get("indexed")),
    }
    if values["is_unique"] and kind not in UNIQUE:
        errors["is_unique"] = [_("Values of this type cannot be unique.")]
    if values["indexed"] and kind not in INDEXED:
        errors["indexed"] = [_("Values of this type cannot be indexed.")]
    if errors:
        raise Invalid(errors)
    values["default_value"] = _default(rtype, given, values)
    return values


def _present(row: CustomField) -> dict[str, Any]:
    names = ("label", "help", "section", "type", "options", "kinds", "roles", "default_value")
    flags = ("required", "is_unique", "indexed", "profile", "in_list")
    return {**(row.settings or {}), **{name: getattr(row, name) for name in (*names, *flags)}}


def _text(
    given: Mapping[str, Any], name: str, limit: int, errors: Errors, needed: bool = False
) -> str:
    value = given.get(name)
    text = " ".join(str(value).split()) if value is not None else ""
    if needed and not text:
        errors[name] = [_("A value is needed.")]
    if len(text) > limit:
        errors[name] = [_("At most %(n)s characters.") % {"n": limit}]
    if "\x00" in text:
        errors[name] = [_("The value holds characters that no text can have.")]
    return text


def _type(given: Mapping[str, Any], errors: Errors) -> FieldType:
    value = given.get("type")
    if value not in TYPES:
        known = ", ".join(sorted(TYPES))
        errors["type"] = [_("Must be one of: %(k)s.") % {"k": known}]
        return FieldType.TEXT
    return FieldType(value)


def _options(given: Mapping[str, Any], kind: FieldType, errors: Errors) -> list[Any] | None:
    """Choices as rows {"value", "label", "retired"}; without a value the label is it."""
    if kind not in CHOOSING:
        return None
    rows = given.get("options") or ()
    if not isinstance(rows, list | tuple):
        errors["options"] = [_("A list is expected.")]
        return None
    found: dict[str, dict[str, Any]] = {}
    for each in choices_of(rows):
        label = " ".join(str(each.label).split())[:255]
        value = (each.value or label).strip()[:64]
        if not value:
            continue
        if _UNFIT.search(value):
            text = _("“%(value)s”: a value has no quotes, commas or backslashes.")
            errors["options"] = [text % {"value": value}]
        row: dict[str, Any] = {"value": value, "label": label or value}
        found[value] = row | ({"retired": True} if each.retired else {})
    if not 1 <= len(found) <= MOST_CHOICES:
        errors["options"] = [_("Give 1 to %(n)s choices.") % {"n": MOST_CHOICES}]
    return list(found.values())


def _settings(
    session: ScopedSession, given: Mapping[str, Any], kind: FieldType, errors: Errors
) -> dict[str, Any] | None:
    if kind in (FieldType.DECIMAL, FieldType.MONEY):
        places = given.get("places")
        places = 2 if places in (None, "") else places
        if not str(places).isdigit() or not 0 <= int(str(places)) <= MOST_PLACES:
            errors["places"] = [_("A number from 0 to %(n)s.") % {"n": MOST_PLACES}]
            return None
        return {"places": int(str(places))}
    if kind is FieldType.REFERENCE:
        target, target_kind = given.get("target"), given.get("target_kind") or None
        types = [each for each in session.registry.record_types.values() if each.entity == target]
        if not types:
            errors["target"] = [_("Say to which records the link leads.")]
        elif target_kind and not any(target_kind in each.kinds for each in types):
            errors["target"] = [_("There is no such kind of record.")]
        return {"target": target, "target_kind": target_kind}
    return None


def kinds_of(session: ScopedSession, rtype: RecordType) -> tuple[str, ...]:
    """The kinds that records of an entity can be of."""
    types = session.registry.record_types.values()
    mine = (each for each in types if each.entity == rtype.entity)
    return tuple(dict.fromkeys(kind for each in mine for kind in each.kinds))


def roles_of(rtype: RecordType) -> tuple[str, ...]:
    """The roles that a record can hold, of a party."""
    field = rtype.field_named("roles")
    inner = field.collection.fields if field is not None and field.collection else ()
    choices = next((each.choices for each in inner if each.name == "role"), ())
    return tuple(each.value for each in choices)


def _among(
    given: Mapping[str, Any], name: str, known: tuple[str, ...], errors: Errors
) -> list[str] | None:
    values = given.get(name) or []
    if not isinstance(values, list | tuple) or any(each not in known for each in values):
        errors[name] = [_("Must be one of: %(k)s.") % {"k": ", ".join(known)}]
        return None
    return list(dict.fromkeys(values)) or None


def _default(rtype: RecordType, given: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """The default as it is kept. A unique field or a link to a record has none."""
    value = given.get("default_value")
    if value in (None, "", []):
        return None
    if values["is_unique"] or values["type"] == FieldType.REFERENCE:
        raise Invalid({"default_value": [_("A field of this type has no default.")]})
    row = CustomField(entity=rtype.entity, key="x", sort=0, **{**values, "default_value": None})
    field = replace(field_of(row), required=False)
    try:
        return stored(field, input_of(field).deserialize(value))
    except ValidationError as error:
        messages = error.messages
        texts = messages if isinstance(messages, list) else [_("This does not fit the type.")]
        raise Invalid({"default_value": list(texts)}) from None
