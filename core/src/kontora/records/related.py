"""Conditions on one row of a collection: a role that is “client, of class A, today”.

Two conditions on `roles.role` and `roles.class` may be met by two rows; `roles[has]` asks for one
row that meets all. Its value is a text: `role:client;class:A;now`. After the colon stands a value
(escaped as in an address), nothing (the row has none), or two days with two points between.
`now`: the dates of the row hold today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol
from urllib.parse import quote, unquote

from sqlalchemy import ColumnElement, or_, select

from kontora.errors import Invalid
from kontora.records.periods import today
from kontora.registry.fields import Collection, Field, FieldType
from kontora.text import _

OP, NOW = "has", "now"
MOST = 10


class Compiler(Protocol):
    """What compiles the rest of the filter."""

    session: Any
    rtype: Any

    def compare(self, column: Any, field: Field, op: str, value: Any) -> ColumnElement[bool]: ...


def text(parts: Mapping[str, Any], *, now: bool = False) -> str:
    """The value of `has`: None means that the row has no value; a pair of days is a range."""
    found = [f"{name}:{_written(value)}" for name, value in parts.items()]
    return ";".join([*found, *([NOW] if now else [])])


def _written(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "..".join("" if each is None else each.isoformat() for each in value)
    return quote(str(value), safe="-_ ")


def parts_of(value: Any) -> tuple[dict[str, str], bool]:
    """The parts of such a text, and whether the row shall hold today. Raises Invalid."""
    pieces = [each for each in str(value).split(";") if each]
    if not pieces or len(pieces) > MOST:
        raise Invalid({"filter": [_("The filter is not a tree of conditions.")]})
    named = [each.partition(":") for each in pieces if each != NOW]
    return {name: raw for name, _colon, raw in named}, NOW in pieces


def condition(compiler: Compiler, field: Field, value: Any) -> ColumnElement[bool]:
    """That the record has a row in the collection `field` of which all parts are true."""
    if field.collection is None or not field.filterable:
        raise Invalid({field.name: [_("The operator “%(op)s” does not fit here.") % {"op": OP}]})
    model: Any = field.collection.model
    given, now = parts_of(value)
    inner = [_part(compiler, field.collection, name, raw) for name, raw in given.items()]
    if now:
        inner += holds(model, today(compiler.session))
    own: Any = compiler.rtype.model
    parent = getattr(model, field.collection.parent)
    found: ColumnElement[bool] = own.id.in_(select(parent).where(*inner))
    return found


def holds(model: Any, day: date) -> list[ColumnElement[bool]]:
    """That the dates of a row hold on a day; both ends are in it, and open when empty."""
    return [
        or_(model.valid_from.is_(None), model.valid_from <= day),
        or_(model.valid_to.is_(None), model.valid_to >= day),
    ]


def _part(compiler: Compiler, collection: Collection, name: str, raw: str) -> ColumnElement[bool]:
    sub = sub_field(collection.fields, name)
    if sub is None:
        raise Invalid({name: [_("There is no such field.")]})
    column = getattr(collection.model, sub.attribute)
    if sub.type is FieldType.DATE and ".." in raw:
        first, _dots, last = raw.partition("..")
        ends = [("ge", first), ("le", last)]
        found = [compiler.compare(column, sub, op, day) for op, day in ends if day]
        if not found:
            raise Invalid({name: [_("A date is expected.")]})
        both: ColumnElement[bool] = found[0] if len(found) == 1 else found[0] & found[1]
        return both
    if raw == "":
        return compiler.compare(column, sub, "empty", True)
    return compiler.compare(column, sub, "eq", unquote(raw))


def sub_field(fields: Sequence[Field], name: str) -> Field | None:
    """The part of a collection of this name."""
    return next((each for each in fields if each.name == name), None)
