"""The order of a list, and the place of a row in it: what a cursor says."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Select, and_, literal, or_, select
from sqlalchemy.orm import aliased

from kontora.access.session import ScopedSession
from kontora.db.fold import fold_sql
from kontora.db.types import as_number
from kontora.errors import Invalid
from kontora.records import search_match
from kontora.records.custom.columns import JsonColumn
from kontora.records.filters import TEXTUAL
from kontora.records.read import part_key, title_column
from kontora.records.schema import readable_fields
from kontora.records.values import to_json
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

# What the order takes from a record as it stands there.
PLAIN = frozenset({FieldType.DATE, FieldType.DATETIME, FieldType.INTEGER, FieldType.BOOLEAN})


@dataclass(slots=True)
class _Key:
    """One part of the order: an expression, its direction, and how to read it from a row."""

    expression: Any
    descending: bool
    nullable: bool
    kind: FieldType
    raw: Any = None
    attribute: str | None = None  # of the record itself, when the expression is just that


class Order:
    """The order of a list: the fields asked for, then the id, so that it is total."""

    def __init__(
        self, session: ScopedSession, rtype: RecordType, names: Sequence[str], q: str | None = None
    ) -> None:
        self.session, self.rtype, self.names, self.q = session, rtype, tuple(names), q
        self.model: Any = rtype.model
        self.points: Any = None
        self.joins: list[tuple[Any, Any]] = []
        readable = readable_fields(rtype, session.principal.rights)
        self.fields = {each.name: each for each in readable}
        if len(names) > 5:
            raise Invalid({"sort": [_("Sort by at most five fields.")]})
        self.keys = [self._key(name) for name in names]

    @property
    def is_default(self) -> bool:
        return self.names == (self.rtype.sort,) and self.rtype.sort == "display_name"

    def _key(self, name: str) -> _Key:
        descending, bare = name.startswith("-"), name.lstrip("-")
        if bare in ("created_at", "updated_at"):
            moment = getattr(self.model, bare)
            return _Key(moment, descending, False, FieldType.DATETIME, attribute=bare)
        if name == search_match.RELEVANCE and self.q:
            self.points = search_match.points(self.session, self.rtype, self.q)
            return _Key(self.points.c.points, descending, False, FieldType.INTEGER)
        field = self.fields.get(bare)
        if field is None or not field.sortable or field.collection or field.shortcut:
            raise Invalid({"sort": [_("“%(name)s” cannot be sorted by.") % {"name": bare}]})
        if field.sort_column and field.model is None:
            column: Any = getattr(self.model, field.sort_column)
            shown = getattr(self.model, field.attribute)
            return _Key(column, descending, False, FieldType.JSON, shown, field.sort_column)
        return self._column_key(field, descending)

    def _column_key(self, field: Field, descending: bool) -> _Key:
        source = self.model
        if field.json_key:
            return self._json_key(field, descending)
        if field.model is not None:
            source = aliased(field.model)
            self.joins.append((source, getattr(source, part_key(field.model)) == self.model.id))
            if field.sort_column:
                raw = getattr(source, field.attribute)
                rank = getattr(source, field.sort_column)
                return _Key(rank, descending, True, FieldType.INTEGER, raw)
        return self._key_of(field, getattr(source, field.attribute), descending)

    def _json_key(self, field: Field, descending: bool) -> _Key:
        dialect = self.session.get_bind().dialect.name
        column = JsonColumn(dialect, self.model, field).value()
        kind = FieldType.DECIMAL if field.type is FieldType.MONEY else field.type
        return self._key_of(replace(field, type=kind), column, descending)

    def _key_of(self, field: Field, column: Any, descending: bool) -> _Key:
        if field.type is FieldType.REFERENCE:
            target: Any = aliased(self.session.predicates.by_entity[field.target or ""])
            self.joins.append((target, target.id == column))
            column = title_column(self.session, field.target or "", target)
        if field.type in TEXTUAL or field.type in (FieldType.REFERENCE, FieldType.CHOICE):
            # Byte order on both engines, or two servers would sort the same list differently.
            folded: Any = fold_sql(column)
            if self.session.get_bind().dialect.name == "postgresql":
                folded = folded.collate("C")
            return _Key(folded, descending, True, FieldType.TEXT, column)
        if field.type is FieldType.DECIMAL and field.json_key is None:
            column = as_number(column, self.session.get_bind().dialect.name)
        own = field.model is None and field.json_key is None and field.type in PLAIN
        attribute = field.attribute if own else None
        return _Key(column, descending, True, field.type, column, attribute)

    def join(self, statement: Select[Any]) -> Select[Any]:
        if self.points is not None:
            statement = statement.join(self.points, self.points.c.record_id == self.model.id)
        for target, condition in self.joins:
            statement = statement.outerjoin(target, condition)
        return statement

    def clauses(self) -> list[Any]:
        found: list[Any] = []
        for key in self.keys:
            by = key.expression.desc() if key.descending else key.expression.asc()
            # An index gives this order; “IS NULL” before the column would be a sort of all rows.
            found.append(by.nulls_last() if key.nullable else by)
        return [*found, self.model.id]

    # Cursors

    def cursor(self, row: Any) -> str:
        """The place after a row, as an opaque text."""
        own = [key.attribute for key in self.keys if key.attribute]
        found: Any = [getattr(row, name) for name in own]
        if len(own) < len(self.keys):
            columns = [key.expression for key in self.keys]
            found = self.session.execute(
                self.join(select(*columns).select_from(self.model)).where(self.model.id == row.id),
                execution_options={"beside": "search"},
            ).first()
        values = [to_json(value) for value in (found or ())]
        text = json.dumps([self.names, values, str(row.id)], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    def _decode(self, cursor: str) -> tuple[list[Any], UUID]:
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            names, values, last = json.loads(base64.urlsafe_b64decode(padded.encode()))
            if tuple(names) != self.names or len(values) != len(self.keys):
                raise ValueError
            return [self._typed(k, v) for k, v in zip(self.keys, values, strict=True)], UUID(last)
        except (ValueError, TypeError, KeyError, RecursionError, AttributeError, ValidationError):
            raise Invalid({"cursor": [_("This cursor does not belong to this list.")]}) from None

    def _typed(self, key: _Key, value: Any) -> Any:
        if value is None and not key.nullable:
            raise ValueError
        if value is None or key.kind in (FieldType.TEXT, FieldType.JSON, FieldType.BOOLEAN):
            expected = bool if key.kind is FieldType.BOOLEAN else str
            if value is not None and not isinstance(value, expected):
                raise ValueError
            if isinstance(value, str) and "\x00" in value.encode().decode():
                raise ValueError  # as a lone surrogate is, which cannot be encoded
            return value
        from kontora.records.values import input_field

        return input_field(Field(name="x", label="x", type=key.kind), required=False).deserialize(
            value
        )

    def position(self, cursor: str) -> tuple[Any, UUID]:
        """The sort key and id after which a default list goes on."""
        values, last = self._decode(cursor)
        return values[0], last

    def after(self, cursor: str) -> ColumnElement[bool]:
        """The rows behind the cursor, in this very order."""
        values, last = self._decode(cursor)
        ways: list[ColumnElement[bool]] = []
        equal: list[ColumnElement[bool]] = []
        for key, value in zip(self.keys, values, strict=True):
            behind = _behind(key, value)
            if behind is not None:
                ways.append(and_(*equal, behind))
            same = key.expression.is_(None) if value is None else key.expression == value
            equal.append(same)
        ways.append(and_(*equal, self.model.id > last))
        first, value = self.keys[0], values[0]
        if first.nullable:
            return or_(*ways)
        # Says nothing new, but is a range of an index, which an OR is not.
        edge = first.expression <= value if first.descending else first.expression >= value
        return and_(edge, or_(*ways))


def _behind(key: _Key, value: Any) -> ColumnElement[bool] | None:
    """Rows behind a value in the order of one key; rows without a value come last."""
    if value is None:
        return None
    value = literal(value) if isinstance(value, bool) else value  # a bare one knows only “=”
    later = key.expression < value if key.descending else key.expression > value
    return or_(later, key.expression.is_(None)) if key.nullable else later
