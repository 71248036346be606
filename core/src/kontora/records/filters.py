"""Filters: a tree of known fields and operators, compiled to expressions; never text.

A tree is `{"and": [...]}`, `{"or": [...]}`, `{"not": {...}}` or a leaf
`{"field": "family", "op": "contains", "value": "petr"}`. A field that the principal may not see
does not exist here either, so that nobody learns hidden values by asking questions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from marshmallow import ValidationError
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    case,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    true,
)

from kontora import clock, limits
from kontora.access.session import ScopedSession
from kontora.db.fold import fold, fold_sql
from kontora.db.types import as_number
from kontora.errors import Invalid
from kontora.records import day_words, related
from kontora.records.custom.conditions import Conditions
from kontora.records.read import part_key
from kontora.records.schema import readable_fields, sees_custom
from kontora.records.values import input_field
from kontora.registry.fields import Collection, Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

TEXTUAL = {FieldType.TEXT, FieldType.LONGTEXT, FieldType.EMAIL, FieldType.PHONE, FieldType.URL}
ORDERED = {FieldType.INTEGER, FieldType.DATE, FieldType.DATETIME}
DATED = {FieldType.DATE, FieldType.DATETIME}  # understand words: `last_30_days`
EXACT = {FieldType.DECIMAL, FieldType.MONEY}  # of custom fields: they compare on both engines
EVERY = ("eq", "ne", "in", "nin", "empty")
MAX_TEXT = 4_000
MOST_JOINED = 6


def operators(field: Field) -> tuple[str, ...]:
    """The operators that a field understands."""
    if field.type in TEXTUAL:
        return (*EVERY, "contains", "starts")
    if field.type in ORDERED or (field.json_key and field.type in EXACT):
        return (*EVERY, "lt", "le", "gt", "ge")
    if field.type is FieldType.CHOICES:
        return (*EVERY, "contains")
    if field.type in (FieldType.JSON, FieldType.MONEY):
        return ("empty",)
    if field.collection is not None:
        return operators(_main_part(field.collection))
    return EVERY


def _main_part(collection: Collection) -> Field:
    """The sub-field that a condition on the whole collection means."""
    best = max(collection.fields, key=lambda each: each.searchable)
    if best.searchable:
        return best
    key = collection.single or (collection.key or (collection.fields[0].name,))[0]
    return next(each for each in collection.fields if each.name == key)


def _check_operator(field: Field, op: str) -> None:
    if op not in operators(field):
        raise Invalid({field.name: [_("The operator “%(op)s” does not fit here.") % {"op": op}]})


class FilterCompiler:
    """Compile filter trees over one record type for one session."""

    def __init__(self, session: ScopedSession, rtype: RecordType) -> None:
        self.session, self.rtype = session, rtype
        rights = session.principal.rights
        self.fields = {each.name: each for each in readable_fields(rtype, rights)}
        self.nodes = self.inner = 0

    def compile(self, tree: Mapping[str, Any] | None, depth: int = 0) -> ColumnElement[bool]:
        """Return the expression of a tree. Raises Invalid for what it does not know."""
        if not tree:
            return true()
        self.nodes += 1
        most = limits.current()
        if depth > most.filter_depth or self.nodes > most.filter_nodes:
            message = _(
                "The filter is too deep or too long: at most %(depth)s levels and %(nodes)s "
                "conditions. Split it."
            )
            values: dict[str, object] = {"depth": most.filter_depth, "nodes": most.filter_nodes}
            raise Invalid({"filter": [message % values]})
        if not isinstance(tree, Mapping) or not _is_one_condition(tree):
            raise Invalid({"filter": [_("The filter is not a tree of conditions.")]})
        for word, join in (("and", and_), ("or", or_)):
            if word in tree:
                if not isinstance(tree[word], list) or not tree[word]:
                    raise Invalid({"filter": [_("The filter is not a tree of conditions.")]})
                return join(*(self.compile(each, depth + 1) for each in tree[word]))
        if "not" in tree:
            # What is unknown is not so either: a record without a date was not due last week.
            inner = self.compile(tree["not"], depth + 1)
            return not_(func.coalesce(inner, false()))
        name, op = str(tree.get("field", "")), str(tree.get("op", "eq"))
        if op == related.OP:
            return related.condition(self, self._field(name)[0], tree.get("value"))
        return self.leaf(name, op, tree.get("value"))

    def leaf(self, name: str, op: str, value: Any) -> ColumnElement[bool]:
        """One condition; `custom.<key>` compares the text of a custom value. Null among the
        values means empty: a record without a part has no value either."""
        if value is None and op in ("eq", "ne"):
            return self.leaf(name, "empty", op == "eq")
        if op in ("in", "nin") and isinstance(value, list) and None in value:
            rest = self.leaf(name, "in", [each for each in value if each is not None])
            found = or_(rest, self.leaf(name, "empty", True))
            return found if op == "in" else not_(found)
        if name == "id":
            return self._by_id(op, value)
        if name == "kind" and self.rtype.kinds:
            model: Any = self.rtype.model
            kind = Field(name="kind", label="kind", type=FieldType.CHOICE)
            _check_operator(kind, op)
            return self.compare(model.kind, kind, op, value)
        if name in self.fields and self.fields[name].json_key:
            _check_operator(self.fields[name], op)
            return Conditions(self, self.fields[name]).made(op, value)
        if name.startswith("custom.") and hasattr(self.rtype.model, "custom"):
            return self._custom(name.partition(".")[2], op, value)
        field, sub = self._field(name)
        if not field.filterable:
            raise Invalid({name: [_("This field cannot be filtered by.")]})
        if field.collection is not None and sub is None:
            sub = _main_part(field.collection)
        _check_operator(replace(sub or field, name=name), op)
        if field.shortcut is not None:
            return self._shortcut(field, op, value)
        if field.collection is not None:
            assert sub is not None
            return self._children(field, sub, op, value, {})
        if field.model is not None:
            return self._part(field, op, value)
        return self.compare(getattr(self.rtype.model, field.attribute), field, op, value)

    def _field(self, name: str) -> tuple[Field, Field | None]:
        """The field, and for `points.value` the sub-field too."""
        if name in self.fields:
            return self.fields[name], None
        whole, _dot, part = name.rpartition(".")
        field = self.fields.get(whole)
        if field is not None and field.collection is not None:
            sub = next((each for each in field.collection.fields if each.name == part), None)
            if sub is not None:
                return field, sub
        moment = {"created_at", "updated_at"}
        if name in moment:
            return Field(name=name, label=name, type=FieldType.DATETIME), None
        raise Invalid({name: [_("There is no such field.")]})

    def _by_id(self, op: str, value: Any) -> ColumnElement[bool]:
        model: Any = self.rtype.model
        field = Field(name="id", label="id", type=FieldType.REFERENCE)
        _check_operator(field, op)
        return self.compare(model.id, field, op, value)

    # Where the value lives

    def _part(self, field: Field, op: str, value: Any) -> ColumnElement[bool]:
        model: Any = field.model
        own: Any = self.rtype.model
        column = getattr(model, field.attribute)
        key = getattr(model, part_key(model))
        if op in ("ne", "nin") or (op == "empty" and _truth(value)):
            opposite = {"ne": "eq", "nin": "in", "empty": "empty"}[op]
            inner = self.compare(column, field, opposite, False if op == "empty" else value)
            return _among(own.id, self._apart(select(key).where(inner)), negative=True)
        found = self._apart(select(key).where(self.compare(column, field, op, value)))
        return _among(own.id, found)

    def _apart(self, found: Select[Any]) -> Select[Any]:
        """The subquery; from the seventh on one that is run by itself.

        PostgreSQL makes each a join, and looks for the best order of all joins: with 24 of them
        that took it 15 seconds, whatever the number of rows. OFFSET 0 forbids it.
        """
        self.inner += 1
        return found.offset(0) if self.inner > MOST_JOINED else found

    def _shortcut(self, field: Field, op: str, value: Any) -> ColumnElement[bool]:
        short = field.shortcut
        assert short is not None
        if short.collection not in self.fields:
            raise Invalid({field.name: [_("There is no such field.")]})
        whole = self.fields[short.collection]
        assert whole.collection is not None
        sub = next(each for each in whole.collection.fields if each.name == short.value)
        return self._children(whole, sub, op, value, short.where)

    def _children(
        self, field: Field, sub: Field, op: str, value: Any, where: Mapping[str, Any]
    ) -> ColumnElement[bool]:
        assert field.collection is not None
        model: Any = field.collection.model
        own: Any = self.rtype.model
        negative = op in ("ne", "nin") or (op == "empty" and _truth(value))
        positive = {"ne": "eq", "nin": "in"}.get(op, op)
        column = getattr(model, sub.attribute)
        inner = self.compare(column, sub, positive, False if op == "empty" else value)
        names = {each.name: each.attribute for each in field.collection.fields}
        fixed = [getattr(model, names[name]) == each for name, each in where.items()]
        found = self._apart(select(getattr(model, field.collection.parent)).where(inner, *fixed))
        return _among(own.id, found, negative=negative)

    def _custom(self, key: str, op: str, value: Any) -> ColumnElement[bool]:
        if op not in ("eq", "ne", "empty", "contains") or not re.fullmatch(r"\w{1,64}", key):
            raise Invalid({f"custom.{key}": [_("This condition is not possible.")]})
        declared = {each.json_key for each in self.rtype.fields} | self.rtype.archived
        if key in declared or not sees_custom(self.rtype, self.session.principal.rights, key):
            raise Invalid({f"custom.{key}": [_("There is no such field.")]})
        whole: Any = self.rtype.model.custom
        column: Any = whole[key].as_string()
        if self.session.get_bind().dialect.name == "sqlite":
            # There a number comes out as a number, yes and no as 1 and 0; elsewhere all are text.
            kind = func.json_type(whole, f'$."{key}"')
            column = case((kind.in_(("true", "false")), kind), else_=cast(column, String))
        return self.compare(column, Field(name=key, label=key), op, value)

    # Comparisons

    def compare(self, column: Any, field: Field, op: str, value: Any) -> ColumnElement[bool]:
        seen = None
        if field.type is FieldType.REFERENCE and field.target:
            seen = self.session.predicates.within(field.target, column)
        if seen is not None:
            # A reference to what the principal does not see is empty here, as it is in the record.
            if op in ("eq", "in") and value is not None:
                return and_(seen, self._simply(column, field, op, value))
            column = case((seen, column), else_=None)
        return self._simply(column, field, op, value)

    def _simply(self, column: Any, field: Field, op: str, value: Any) -> ColumnElement[bool]:
        if field.type is FieldType.DECIMAL and field.json_key is None:
            column = as_number(column, self.session.get_bind().dialect.name)
        if op == "empty":
            blank: ColumnElement[bool] = column.is_(None)
            if field.type in TEXTUAL:
                blank = or_(blank, column == "")
            return blank if _truth(value) else not_(blank)
        if op in ("contains", "starts"):
            return _like(column, clean("" if value is None else str(value), field), op)
        if op in ("in", "nin"):
            values = value if isinstance(value, list) else str(value).split(",")
            if len(values) > (most := limits.current().list_items):
                message = _("The list is too long: at most %(n)s values. Split it.")
                raise Invalid({field.name: [message % {"n": most}]})
            if field.type in DATED and any(isinstance(e, str) and self._days(e) for e in values):
                each_way = or_(*(self._simply(column, field, "eq", each) for each in values))
                return each_way if op == "in" else _not(column, each_way)
            wanted = [self._value(field, each) for each in values]
            return column.in_(wanted) if op == "in" else _not(column, column.in_(wanted))
        if field.type in DATED and isinstance(value, str) and (days := self._days(value)):
            return self._within(column, field, op, days)
        wanted = self._value(field, value)
        if field.type is FieldType.DATETIME and isinstance(value, str) and _is_day(value):
            return _day(column, op, wanted, self._moment(date.fromisoformat(value), 1))
        return _simple(column, op, wanted)

    def _days(self, word: str) -> tuple[date, date] | None:
        """The days that a word means to the reader today."""
        return day_words.span(word, self.session.now.astimezone(self._zone()).date())

    def _within(
        self, column: Any, field: Field, op: str, days: tuple[date, date]
    ) -> ColumnElement[bool]:
        """Compare with the days of a word: “is not” also holds where there is no date."""
        first, after = days
        if field.type is FieldType.DATE:
            return _day(column, op, first, after)
        return _day(column, op, self._moment(first), self._moment(after))

    def _zone(self) -> ZoneInfo:
        return clock.zone(self.session.principal.timezone)

    def _moment(self, day: date, more: int = 0) -> Any:
        """When a day, or the `more`th after it, begins for the reader; None behind the last."""
        try:
            begin = datetime.combine(day + timedelta(days=more), datetime.min.time(), self._zone())
            return begin.astimezone(UTC)
        except OverflowError:
            return None if more else datetime.combine(day, datetime.min.time(), UTC)

    def _value(self, field: Field, value: Any) -> Any:
        """The value as the column has it. Texts from a URL are understood like JSON values."""
        if field.type is FieldType.REFERENCE and value == "me" and field.target == "user":
            return self.session.principal.user_id
        if value is None:
            return None
        if field.type is FieldType.CHOICE or field.type in TEXTUAL or field.collection:
            return clean(str(value), field)
        if field.type is FieldType.BOOLEAN:
            return _truth(value)
        if field.type is FieldType.INTEGER and isinstance(value, str):
            value = int(value) if re.fullmatch(r"\s*[+-]?\d{1,10}\s*", value) else value
        if field.type is FieldType.DATETIME and isinstance(value, str) and _is_day(value):
            return self._moment(date.fromisoformat(value))
        try:
            return input_field(field, required=False).deserialize(value)
        except ValidationError as error:
            raise Invalid({field.name: list(error.messages)}) from None


def _is_one_condition(tree: Mapping[Any, Any]) -> bool:
    """Either one of and, or, not, or a leaf: of two things at once one would be lost."""
    keys = set(tree)
    return keys in ({"and"}, {"or"}, {"not"}) or keys <= {"field", "op", "value"}


def clean(text: str, field: Field) -> str:
    if len(text) > MAX_TEXT:
        raise Invalid({field.name: [_("The value is too long.")]})
    if "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Invalid({field.name: [_("The value holds characters that no text can have.")]})
    return text


def _simple(column: ColumnElement[Any], op: str, value: Any) -> ColumnElement[bool]:
    if op == "eq":
        return column.is_(None) if value is None else column == value
    if op == "ne":
        return column.is_not(None) if value is None else _not(column, column == value)
    if value is None:
        return false()
    compare: dict[str, ColumnElement[bool]] = {
        "lt": column < value,
        "le": column <= value,
        "gt": column > value,
    }
    at_least: ColumnElement[bool] = column >= value
    return compare.get(op, at_least)


def _day(column: ColumnElement[Any], op: str, start: Any, end: Any) -> ColumnElement[bool]:
    """Compare a date or a moment with whole days. The last day there is has no end."""
    before_end = column < end if end else true()
    from_start: ColumnElement[bool] = column >= start
    inside = and_(from_start, before_end)
    asked: dict[str, ColumnElement[bool]] = {
        "eq": inside,
        "ne": or_(column.is_(None), column < start, column >= end if end else false()),
        "lt": column < start,
        "le": before_end,
        "gt": column >= end if end else false(),
    }
    return asked.get(op, from_start)


def _among(own: Any, found: Any, *, negative: bool = False) -> ColumnElement[bool]:
    """That the key `own` is, or is not, among the rows that a subquery found."""
    among: ColumnElement[bool] = own.not_in(found) if negative else own.in_(found)
    return among


def _not(column: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """“Is not” includes the rows without a value, as a reader expects."""
    return or_(column.is_(None), not_(condition))


def _like(column: Any, text: str, op: str) -> ColumnElement[bool]:
    wanted = fold(text)
    if "\x00" in wanted:
        return false()
    for special in ("\\", "%", "_"):
        wanted = wanted.replace(special, "\\" + special)
    pattern = f"{wanted}%" if op == "starts" else f"%{wanted}%"
    return fold_sql(column).like(pattern, escape="\\")


def _truth(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in ("1", "true", "yes", "on")
    return bool(value)


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def as_ids(values: list[Any]) -> list[UUID]:
    """Turn texts into ids; raises Invalid naming one that is none."""
    found = []
    for each in values:
        try:
            found.append(each if isinstance(each, UUID) else UUID(str(each)))
        except ValueError:
            raise Invalid({"ids": [_("“%(value)s” is not an id.") % {"value": each}]}) from None
    return found
