"""Values of fields: marshmallow fields for what comes in, JSON for what goes out."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from kontora import limits
from kontora.registry.fields import Field, FieldType
from kontora.text import _

# Control characters and lone surrogates cannot be stored by PostgreSQL nor shown by a browser.
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
LONG = limits.current().text_chars


class CleanText(fields.String):
    """Text without control characters, trimmed; an empty one becomes null."""

    def __init__(self, *, limit: int, **kwargs: Any) -> None:
        super().__init__(validate=validate.Length(max=limit), **kwargs)
        self.metadata = {"maxLength": limit, **self.metadata}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        text = _UNSTORABLE.sub("", text.replace("\r\n", "\n")).strip()
        if not text and not self.allow_none:
            raise self.make_error("null")
        return text or None

    def _validate(self, value: Any) -> None:
        if value is not None:
            super()._validate(value)


class Reference(fields.Field[uuid.UUID]):
    """The id of another record, bare or as `{"id": …}`. Whether it exists is asked later,
    through the scoped session."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> uuid.UUID:
        if isinstance(value, Mapping):
            if extra := set(value) - {"id", "name"}:
                raise ValidationError(str(_("Unknown keys: %(keys)s.") % {"keys": sorted(extra)}))
            value = value.get("id")
        try:
            return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
        except ValueError:
            raise ValidationError(str(_("This is not an id."))) from None


class CustomValues(fields.Dict):
    """Values of custom fields by key: texts, numbers, yes or no, null, and lists of these."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        if len(found) > 200:
            raise ValidationError(str(_("These are too many values.")))
        errors = {key: [str(_("This is not a name of a field."))] for key in found if not _key(key)}
        for key, each in found.items():
            several = each if isinstance(each, list) else [each]
            if len(several) > 100 or not all(_is_plain(one) for one in several):
                errors[key] = [str(_("A text, a number or a list of these is expected."))]
        if errors:
            raise ValidationError(errors)
        return {key: _storable(each) for key, each in found.items()}


def _key(key: str) -> bool:
    return re.fullmatch(r"\w{1,64}", key) is not None


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONG
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, int):  # also yes and no
        return abs(value) < 2**63
    return value is None


def _storable(value: Any) -> Any:
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return _UNSTORABLE.sub("", value) if isinstance(value, str) else value


class Whole(fields.Integer):
    """An integer that both engines can hold."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(-(2**31), 2**31 - 1), **kwargs)


class Moment(fields.AwareDateTime):
    """A time with its zone; ISO 8601."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=UTC)
        try:
            return super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError:
            raise ValidationError(str(_("This time is out of range."))) from None


class Day(fields.Date):
    """A date; ISO 8601."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, date):
            return value
        return super()._deserialize(value, attr, data, **kwargs)


class Exact(fields.Decimal):
    """A decimal, sent as a string or a number, kept exactly."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(as_string=True, allow_nan=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        number = super()._deserialize(value, attr, data, **kwargs)
        if number is not None and abs(number) >= Decimal(10) ** 24:
            raise ValidationError(str(_("This number is too large.")))
        return number


def input_field(field: Field, *, required: bool) -> fields.Field[Any]:
    """The marshmallow field that checks input for a declared field."""
    common: dict[str, Any] = {
        "required": required,
        "allow_none": not required,
        "metadata": {"description": str(field.help or field.label)},
    }
    kind = field.type
    if kind is FieldType.COLLECTION or kind is FieldType.TAGS:
        return _collection_field(field)
    if kind is FieldType.REFERENCE:
        return Reference(**common)
    if kind in (FieldType.CHOICE, FieldType.CHOICES):
        values = [choice.value for choice in field.choices if not choice.retired]
        one = fields.String(validate=validate.OneOf(values))
        if kind is FieldType.CHOICES:
            least = validate.Length(min=1 if required else 0, max=100)
            return fields.List(one, validate=least, **common)
        return fields.String(validate=validate.OneOf(values), **common)
    simple: dict[FieldType, type[fields.Field[Any]]] = {
        FieldType.INTEGER: Whole,
        FieldType.DECIMAL: Exact,
        FieldType.DATE: Day,
        FieldType.DATETIME: Moment,
        FieldType.BOOLEAN: fields.Boolean,
        FieldType.JSON: fields.Dict,
    }
    if kind is FieldType.MONEY:
        return fields.Nested(MoneySchema, **common)
    if kind in simple:
        return simple[kind](**common)
    return CleanText(limit=LONG if kind is FieldType.LONGTEXT else field.max_length, **common)


def _collection_field(field: Field) -> fields.Field[Any]:
    assert field.collection is not None
    limit = validate.Length(max=100)
    if field.collection.single:
        return fields.List(input_field(field.collection.fields[0], required=True), validate=limit)
    inner = {
        each.name: input_field(each, required=each.required)
        for each in field.collection.fields
        if each.is_input
    }
    for name, each in inner.items():
        each.data_key = each.attribute = name
    schema = Schema.from_dict(
        {f"f_{name}": each for name, each in inner.items()}, name=f"{field.name.title()}Row"
    )
    return fields.List(fields.Nested(schema), validate=limit)


class MoneySchema(Schema):
    """Money: an exact amount and its ISO 4217 currency."""

    amount = Exact(required=True)
    currency = fields.String(required=True, validate=validate.Regexp(r"^[A-Z]{3}$"))


def to_json(value: Any) -> Any:
    """The JSON form of a stored value: dates and times in ISO 8601, times in UTC with Z."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return value
