"""Values of custom fields: checked when they come in, in JSON as they are kept and shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from marshmallow import ValidationError, fields

from kontora.records.custom.definition import MOST_DIGITS, MOST_PLACES
from kontora.records.values import CustomValues, input_field, to_json
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

_ADDRESS = re.compile(r"https?://[\w.-]+(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE)


class CustomInput(CustomValues):
    """The member `custom` of a body: declared values by their fields, others as they are.

    `allowed` are the custom fields that the sender may write.
    """

    def __init__(self, rtype: RecordType, allowed: Mapping[str, Field], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.allowed = allowed
        self.declared = {each.json_key for each in rtype.fields if each.json_key}
        self.archived = rtype.archived
        self.inner = {key: input_of(each) for key, each in allowed.items()}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, Mapping):
            return super()._deserialize(value, attr, data, **kwargs)
        loose = {key: each for key, each in value.items() if key not in self.declared}
        found: dict[str, Any] = super()._deserialize(loose, attr, data, **kwargs)
        errors: dict[str, list[Any]] = {}
        for key in loose.keys() & self.archived:
            errors[key] = [_("This field is archived.")]
        for key in value.keys() & self.declared:
            if key not in self.inner:
                errors[key] = [_("Unknown field.")]
                continue
            try:
                found[key] = stored(self.allowed[key], self.inner[key].deserialize(value[key]))
            except ValidationError as error:
                errors[key] = _flat(error.messages)
        if errors:
            raise ValidationError(errors)
        return found


def _flat(messages: Any) -> list[Any]:
    """The messages of a value of several parts (money, choices) as one list."""
    if isinstance(messages, Mapping):
        return list(dict.fromkeys(text for inner in messages.values() for text in _flat(inner)))
    return list(messages) if isinstance(messages, list) else [messages]


def input_of(field: Field) -> fields.Field[Any]:
    """The marshmallow field that checks a value; required ones take no null."""
    found = input_field(field, required=field.required and not field.roles)
    found.required = False  # a missing one is looked for once the whole record is known
    return found


def stored(field: Field, value: Any) -> Any:
    """A checked value as it is kept in JSON. Raises ValidationError for what types cannot say."""
    if value is None:
        return None
    if field.type is FieldType.DECIMAL:
        return format(_bounded(value, field.places), "f")
    if field.type is FieldType.MONEY:
        amount = _bounded(value["amount"], field.places if field.places is not None else 2)
        return {"amount": format(amount, "f"), "currency": value["currency"]}
    if field.type is FieldType.CHOICES:
        return list(dict.fromkeys(value)) or None
    if field.type is FieldType.URL:
        return _address(value)
    return to_json(value)


def _bounded(value: Decimal, places: int | None) -> Decimal:
    """The number with its decimals: `12.5` with two places is `12.50`."""
    places = MOST_PLACES if places is None else places
    exact = value.quantize(Decimal(1).scaleb(-places))
    if exact != value:
        text = _("At most %(n)s decimals.")
        raise ValidationError(str(text % {"n": places}))
    if len(exact.as_tuple().digits) > MOST_DIGITS:
        raise ValidationError(str(_("At most %(n)s digits.") % {"n": MOST_DIGITS}))
    return exact


def _address(value: str) -> str:
    """A web address with its scheme; other schemes could run something."""
    whole = value if value.startswith(("http://", "https://")) else f"https://{value}"
    if _ADDRESS.fullmatch(whole) is None:
        raise ValidationError(str(_("This is not a web address.")))
    return whole


# What goes out


def shown(field: Field, value: Any) -> Any:
    """A kept value as its field shows it; None for one that does not fit (any more)."""
    make = _SHOWN.get(field.type)
    if value is None:
        return None
    try:
        return make(value) if make is not None else _text(value)
    except (ValueError, TypeError, InvalidOperation, KeyError, AttributeError):
        return None


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str | list) else str(value)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: Any) -> str | None:
    if isinstance(value, bool):
        return None
    number = Decimal(str(value))
    return format(number, "f") if number.is_finite() else None


def _day(value: Any) -> str:
    return date.fromisoformat(value).isoformat()


def _money(value: Any) -> dict[str, str] | None:
    amount, currency = _number(value["amount"]), str(value["currency"])
    return {"amount": amount, "currency": currency} if amount is not None else None


def _words(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def _id(value: Any) -> UUID:
    return UUID(str(value["id"] if isinstance(value, Mapping) else value))


_SHOWN: Mapping[FieldType, Callable[[Any], Any]] = {
    FieldType.INTEGER: _whole,
    FieldType.DECIMAL: _number,
    FieldType.DATE: _day,
    FieldType.MONEY: _money,
    FieldType.BOOLEAN: lambda value: value if isinstance(value, bool) else None,
    FieldType.CHOICE: str,
    FieldType.CHOICES: _words,
    FieldType.REFERENCE: _id,
}


# Records


def fields_of(rtype: RecordType) -> dict[str, Field]:
    """The custom fields of a record type by key."""
    return {each.json_key: each for each in rtype.fields if each.json_key}


def loose(rtype: RecordType, values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values that no field declares."""
    known = fields_of(rtype).keys() | rtype.archived
    return {key: value for key, value in (values or {}).items() if key not in known}


def complete(
    rtype: RecordType, allowed: Mapping[str, Field], loaded: dict[str, Any], kind: str | None
) -> dict[str, list[object]]:
    """Put defaults into the input of a new record; return what is still missing, by path."""
    own = {key: each for key, each in fields_of(rtype).items() if each.applies_to(kind)}
    given: dict[str, Any] = dict(loaded.get("custom") or {})
    for key, each in own.items():
        if key not in given and each.default is not None and _is_for(each, loaded):
            given[key] = each.default
    if given or "custom" in loaded:
        loaded["custom"] = given
    return {
        each.name: [_("A value is needed.")]
        for key, each in allowed.items()
        if each.required and given.get(key) is None and _is_for(each, loaded)
    }


def _is_for(field: Field, loaded: Mapping[str, Any]) -> bool:
    """Whether a record with this input shows a field that belongs to some roles only."""
    held = {row.get("role") for row in loaded.get("roles") or () if isinstance(row, Mapping)}
    return not field.roles or bool(held & set(field.roles))
