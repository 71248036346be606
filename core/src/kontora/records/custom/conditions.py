"""Conditions on custom fields, and figures over them, by their types."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from sqlalchemy import ColumnElement, and_, false, not_, or_

from kontora import limits
from kontora.access.session import ScopedSession
from kontora.db.types import to_json
from kontora.errors import Invalid
from kontora.records.custom.columns import JsonColumn
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

_COUNTED = frozenset({FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY})


class Compiler(Protocol):
    """What compiles the rest of the filter."""

    @property
    def session(self) -> ScopedSession: ...
    @property
    def rtype(self) -> RecordType: ...
    def compare(self, column: Any, field: Field, op: str, value: Any) -> ColumnElement[bool]: ...


class Conditions:
    """Conditions on one field of administrators."""

    def __init__(self, compiler: Compiler, field: Field) -> None:
        self.compiler, self.field = compiler, field
        dialect = compiler.session.get_bind().dialect.name
        self.column = JsonColumn(dialect, compiler.rtype.model, field)

    def made(self, op: str, value: Any) -> ColumnElement[bool]:
        """The condition as an expression. Raises Invalid."""
        if self.field.type is FieldType.CHOICES:
            return self._among(op, value)
        if self.field.type is FieldType.MONEY and op != "empty":
            return self._money(op, value)
        return self.compiler.compare(self.column.value(), self.field, op, value)

    def _among(self, op: str, value: Any) -> ColumnElement[bool]:
        """A multiple choice has a value: its JSON holds it between quotes."""
        column = self.column.json()
        if op == "empty":
            return self.compiler.compare(column, self.field, op, value)
        given = self._several(value) if op in ("in", "nin") else [value]
        found = or_(false(), *(_holds(column, str(each)) for each in given))
        return or_(column.is_(None), not_(found)) if op in ("ne", "nin") else found

    def _money(self, op: str, value: Any) -> ColumnElement[bool]:
        """`100` compares amounts of any currency, `100 EUR` or an object only euros."""
        if op in ("in", "nin"):
            found = or_(false(), *(self._money("eq", each) for each in self._several(value)))
        else:
            amount, currency = _amount(value)
            plain = replace(self.field, type=FieldType.DECIMAL)
            column = self.column.value()
            found = self.compiler.compare(column, plain, "eq" if op == "ne" else op, amount)
            if currency:
                found = and_(found, self.column.currency() == currency)
        if op in ("ne", "nin"):
            return or_(self.column.value().is_(None), not_(found))
        return found

    def _several(self, value: Any) -> Sequence[Any]:
        several = value if isinstance(value, list) else str(value).split(",")
        if len(several) > limits.current().list_items:
            raise Invalid({self.field.name: [_("The list is too long.")]})
        return several


def _holds(column: Any, value: str) -> ColumnElement[bool]:
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        return false()
    quoted = to_json(value)
    for special in ("\\", "%", "_"):
        quoted = quoted.replace(special, "\\" + special)
    found: ColumnElement[bool] = column.like(f"%{quoted}%", escape="\\")
    return found


def _amount(value: Any) -> tuple[Any, str]:
    """An amount and its currency, if one is named."""
    if isinstance(value, Mapping):
        return value.get("amount"), str(value.get("currency") or "")
    matched = re.fullmatch(r"\s*(\S+?)\s*([A-Za-z]{3})?\s*", str(value))
    return (matched[1], (matched[2] or "").upper()) if matched else (value, "")


def figure(
    session: ScopedSession, rtype: RecordType, field: Field, function: Any, measure: str
) -> Any:
    """A figure over a custom field: exact decimals on both engines, money of one currency, as
    in `sum:custom.budget:EUR`. Raises Invalid."""
    name, _colon, path = measure.partition(":")
    currency = path.partition(":")[2]
    able = _COUNTED if name in ("sum", "avg") else _COUNTED | {FieldType.DATE}
    if field.type not in able or (field.type is FieldType.MONEY) is not bool(currency):
        raise Invalid({measure: [_("This figure cannot be computed.")]})
    column = JsonColumn(session.get_bind().dialect.name, rtype.model, field)
    return column.measured(function, name, currency)
