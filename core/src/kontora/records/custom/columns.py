"""Custom values in SQL: typed expressions over the JSON column, equal on both engines.

The keys stand in the statement as literals, because an index on the same expression is used only
then. Whatever lies under a key, no expression raises: what does not fit the type is NULL.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Dialect,
    Double,
    Integer,
    Numeric,
    String,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, TEXT
from sqlalchemy.dialects.postgresql import UUID as PostgreSQLUUID
from sqlalchemy.types import TypeDecorator, TypeEngine

from kontora.db.types import UUIDType
from kontora.records.custom.definition import MOST_PLACES
from kontora.registry.fields import Field, FieldType

WHOLE = r"^-?[0-9]{1,15}$"
NUMBER = r"^-?[0-9]{1,24}(\.[0-9]{1,10})?$"
DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
ID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_DAY_GLOB = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"


class TextDate(TypeDecorator[date]):
    """A date as JSON has it: a text in ISO form, whose order is that of dates."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: date | str | None, dialect: Dialect) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return None if value is None else date.fromisoformat(value)


class Exactly(TypeDecorator[Decimal]):
    """A number that SQLite counted in units of its last decimal, as an exact decimal."""

    impl = Numeric
    cache_ok = True

    def __init__(self, shift: int, places: int) -> None:
        super().__init__()
        self.shift, self.places = shift, places

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Integer() if self.shift else Numeric())

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-self.shift).quantize(Decimal(1).scaleb(-self.places))


class JsonColumn:
    """The value of one custom field of `model`, for the dialect of a session."""

    def __init__(self, dialect: str, model: Any, field: Field) -> None:
        self.sqlite = dialect == "sqlite"
        self.whole: Any = model.custom
        self.key, self.type = str(field.json_key), field.type
        self.field = field

    def value(self) -> Any:
        """What is compared and sorted by; of money the amount."""
        kind = self.type
        if kind is FieldType.INTEGER or kind is FieldType.DECIMAL:
            return self._number(self._text(), self._kind())
        if kind is FieldType.MONEY:
            return self._number(self._text("amount"), self._kind("amount"))
        if kind is FieldType.DATE:
            return self._date()
        if kind is FieldType.BOOLEAN:
            return self._boolean()
        if kind is FieldType.REFERENCE:
            return self._id()
        if kind is FieldType.CHOICES:
            return self.json()
        return self._text()

    def currency(self) -> Any:
        """The currency of money."""
        return self._text("currency")

    def json(self) -> Any:
        """The value as JSON text, without blanks around its parts on SQLite."""
        if self.sqlite:
            return func.json_extract(self.whole, self._path(), type_=String())
        return cast(self.whole.op("->")(_plain(self.key)), TEXT)

    def measured(self, function: Any, name: str, currency: str) -> Any:
        """`function` over the value, of money in one currency; sums are exact on both engines:
        SQLite counts whole units of the last decimal."""
        value = self.value()
        if currency:
            value = case((self.currency() == currency, value))
        if self.type is FieldType.INTEGER and name == "sum":
            return cast(function(value), BigInteger)
        if name == "avg" or self.type in (FieldType.INTEGER, FieldType.DATE):
            return function(value)
        places = MOST_PLACES if self.field.places is None else self.field.places
        if self.sqlite:
            value = cast(func.round(value * _plain(10**places)), Integer)
        return type_coerce(function(value), Exactly(places if self.sqlite else 0, places))

    def _path(self, part: str = "") -> Any:
        return _plain(f'$."{self.key}"' + (f".{part}" if part else ""))

    def _text(self, part: str = "") -> Any:
        """The text of a value; yes and no are `true` and `false`, also on SQLite."""
        if self.sqlite:
            found = func.json_extract(self.whole, self._path(part))
            kind = self._kind(part)
            if self.type in (FieldType.TEXT, FieldType.LONGTEXT):
                return case((kind.in_(_plains("true", "false")), kind), else_=cast(found, String))
            return type_coerce(found, String())
        if part:
            inner = self.whole.op("->", return_type=JSONB())(_plain(self.key))
            return inner.op("->>", return_type=TEXT())(_plain(part))
        return self.whole.op("->>", return_type=TEXT())(_plain(self.key))

    def _kind(self, part: str = "") -> Any:
        return func.json_type(self.whole, self._path(part), type_=String())

    def _number(self, text: Any, kind: Any) -> Any:
        if self.sqlite:
            # The text of a decimal begins with a sign or a digit: nothing else was ever kept.
            text = type_coerce(text, String())
            fits = kind.in_(_plains("integer", "real"))
            written = and_(kind == _plain("text"), text.op("GLOB")(_plain("[-0-9]*")))
            number = cast(text, Double if self.type is not FieldType.INTEGER else Integer)
            return case((fits, number), (written, number))
        if self.type is FieldType.INTEGER:
            return case((text.op("~")(_plain(WHOLE)), cast(text, BigInteger)))
        return case((text.op("~")(_plain(NUMBER)), cast(text, Numeric)))

    def _date(self) -> Any:
        """ISO dates order as texts do."""
        text = self._text()
        if self.sqlite:
            return type_coerce(case((text.op("GLOB")(_plain(_DAY_GLOB)), text)), TextDate())
        return type_coerce(case((text.op("~")(_plain(DAY)), text)), TextDate())

    def _boolean(self) -> Any:
        if self.sqlite:
            kind = self._kind()
            return type_coerce(
                case((kind == _plain("true"), _plain(1)), (kind == _plain("false"), _plain(0))),
                Boolean(),
            )
        text = self._text()
        return case((text == _plain("true"), true()), (text == _plain("false"), false()))

    def _id(self) -> Any:
        text = self._text()
        if self.sqlite:
            return type_coerce(func.unhex(func.replace(text, _plain("-"), _plain(""))), UUIDType())
        known = text.op("~")(_plain(ID))
        return type_coerce(case((known, cast(text, PostgreSQLUUID(as_uuid=True)))), UUIDType())


def _plain(value: Any) -> Any:
    """A literal that stands in the statement itself: it is ours, never somebody's input."""
    return literal(value, literal_execute=True)


def _plains(*values: str) -> list[Any]:
    return [_plain(value) for value in values]
