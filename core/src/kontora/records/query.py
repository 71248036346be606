"""Lists: filter, search, order, pages by key; and figures over a list."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from marshmallow import ValidationError
from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import aliased

from kontora.access.scope_table import PartyScope
from kontora.access.session import ScopedSession
from kontora.db.fold import fold_sql
from kontora.errors import Forbidden, Invalid
from kontora.records import search
from kontora.records.filters import ORDERED, TEXTUAL, FilterCompiler
from kontora.records.read import choose, part_key, serialise
from kontora.records.schema import readable_fields
from kontora.records.values import to_json
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

MAX_LIMIT = 200
MAX_MERGED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to list. `sort` names fields, a leading minus turns the order round."""

    filter: Mapping[str, Any] | None = None
    q: str | None = None
    sort: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    expand: tuple[str, ...] = ()
    limit: int = 50
    cursor: str | None = None
    total: bool = False
    bin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list; `next` is the cursor of the following one."""

    items: list[dict[str, Any]]
    next: str | None = None
    total: int | None = None
    versions: Mapping[str, int] = field(default_factory=dict)


def require(session: ScopedSession, rtype: RecordType, verb: str, kind: str | None = None) -> None:
    """Raise Forbidden when the principal has `verb` on no record of this type at all."""
    keys = grant_keys(session, rtype, kind)
    if not any(session.principal.rights.scope(key, verb) for key in keys):
        raise Forbidden(
            f"{'/'.join(keys)}.{verb}",
            remedy=_("An administrator can grant it to one of your roles."),
        )


def grant_keys(session: ScopedSession, rtype: RecordType, kind: str | None) -> tuple[str, ...]:
    """Under which names grants speak of records of this type (and kind)."""
    guard = rtype.model.__guard__  # type: ignore[attr-defined]
    kinds: Mapping[str, str] = guard.kinds
    if not kinds:
        return (guard.entity,)
    return tuple(kinds[each] for each in ((kind,) if kind else rtype.kinds))


def list_records(session: ScopedSession, rtype: RecordType, query: Query) -> Page:
    """Return a page of records that the principal may see."""
    require(session, rtype, "view")
    limit = max(1, min(query.limit, MAX_LIMIT))
    shown = choose(rtype, session, query.fields, query.expand)
    if query.bin:
        with session.with_deleted():
            return _page(session, rtype, query, limit, shown)
    return _page(session, rtype, query, limit, shown)


def _page(
    session: ScopedSession, rtype: RecordType, query: Query, limit: int, shown: list[Field]
) -> Page:
    lister = _Lister(session, rtype, query)
    rows = lister.rows(limit + 1)
    more = len(rows) > limit
    rows = rows[:limit]
    items = serialise(session, rtype, rows, shown, custom=_wants_custom(query))
    return Page(
        items=items,
        next=lister.cursor_after(rows[-1]) if more and rows else None,
        total=lister.total() if query.total else None,
        versions={str(row.id): row.version for row in rows},
    )


def _wants_custom(query: Query) -> bool:
    return query.fields is None or "custom" in query.fields


def matching(session: ScopedSession, rtype: RecordType, query: Query) -> list[UUID]:
    """The ids of all records that match, in list order: the “all that match” of bulk work."""
    require(session, rtype, "view")
    lister = _Lister(session, rtype, replace(query, cursor=None))
    return lister.ids()


class _Lister:
    """Builds the statements of one list."""

    def __init__(self, session: ScopedSession, rtype: RecordType, query: Query) -> None:
        self.session, self.rtype, self.query = session, rtype, query
        self.model: Any = rtype.model
        self.order = _Order(session, rtype, query.sort or (rtype.sort,))
        self.beside = "search" if query.q else "scope"
        self.conditions = self._conditions()

    def _conditions(self) -> list[ColumnElement[bool]]:
        found: list[ColumnElement[bool]] = []
        if self.rtype.condition is not None:
            found.append(self.rtype.condition())
        if self.query.bin:
            found.append(self.model.deleted_at.is_not(None))
        compiler = FilterCompiler(self.session, self.rtype)
        found.append(compiler.compile(self.query.filter))
        if self.query.q:
            found.append(search.matches(self.session, self.rtype, self.query.q))
        return found

    def _options(self) -> dict[str, Any]:
        return {"beside": self.beside}

    def rows(self, limit: int) -> Sequence[Any]:
        if (merged := self._merged(limit)) is not None:
            return merged
        statement = self.order.join(select(self.model)).where(*self.conditions)
        if self.query.cursor:
            statement = statement.where(self.order.after(self.query.cursor))
        statement = statement.order_by(*self.order.clauses()).limit(limit)
        return self.session.scalars(statement, execution_options=self._options()).all()

    def _merged(self, limit: int) -> Sequence[Any] | None:
        """Read a default page straight from the maintained table: the first rows of each way to
        reach a party, merged. The cost is ways × rows, whatever the size of the base."""
        scope = self.session.predicates.single_scope(self.model)
        if scope is None or self.query.q or self.query.bin or not self.order.is_default:
            return None
        keys = self.session.predicates.scope_ids(scope)
        if not keys or len(keys) > MAX_MERGED:
            return None
        table = PartyScope.__table__
        after = self.order.position(self.query.cursor) if self.query.cursor else None
        arms = []
        for key in keys:
            way = table.alias()
            arm = (
                select(self.model.id.label("id"))
                .join(way, way.c.party_id == self.model.id)
                .where(way.c.scope_id == key, *self.conditions)
                .order_by(way.c.sort_key, way.c.party_id)
                .limit(limit)
            )
            if after is not None:
                name, last = after
                # The first condition alone is a range of the index; an OR is none.
                arm = arm.where(
                    way.c.sort_key >= name,
                    or_(
                        way.c.sort_key > name,
                        and_(way.c.sort_key == name, way.c.party_id > last),
                    ),
                )
            arms.append(select(arm.subquery().c.id))
        found = self.session.scalars(union_all(*arms), execution_options=self._options()).all()
        statement = (
            select(self.model)
            .where(self.model.id.in_(set(found)))
            .order_by(*self.order.clauses())
            .limit(limit)
        )
        return self.session.scalars(statement).all()

    def total(self) -> int:
        statement = select(func.count(self.model.id)).where(*self.conditions)
        return self.session.scalar(statement, execution_options=self._options()) or 0

    def ids(self) -> list[UUID]:
        statement = self.order.join(select(self.model.id)).where(*self.conditions)
        statement = statement.order_by(*self.order.clauses())
        return list(self.session.scalars(statement, execution_options=self._options()))

    def cursor_after(self, row: Any) -> str:
        return self.order.cursor(row)


@dataclass(slots=True)
class _Key:
    """One part of the order: an expression, its direction, and how to read it from a row."""

    expression: Any
    descending: bool
    nullable: bool
    kind: FieldType
    raw: Any = None


class _Order:
    """The order of a list: the fields asked for, then the id, so that it is total."""

    def __init__(self, session: ScopedSession, rtype: RecordType, names: Sequence[str]) -> None:
        self.session, self.rtype, self.names = session, rtype, tuple(names)
        self.model: Any = rtype.model
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
            return _Key(getattr(self.model, bare), descending, False, FieldType.DATETIME)
        field = self.fields.get(bare)
        if field is None or not field.sortable or field.collection or field.shortcut:
            raise Invalid({"sort": [_("“%(name)s” cannot be sorted by.") % {"name": bare}]})
        if field.sort_column:
            column: Any = getattr(self.model, field.sort_column)
            shown = getattr(self.model, field.attribute)
            return _Key(column, descending, False, FieldType.JSON, shown)
        return self._column_key(field, descending)

    def _column_key(self, field: Field, descending: bool) -> _Key:
        source = self.model
        if field.model is not None:
            source = aliased(field.model)
            self.joins.append((source, getattr(source, part_key(field.model)) == self.model.id))
        column: Any = getattr(source, field.attribute)
        if field.type is FieldType.REFERENCE:
            target: Any = aliased(self.session.predicates.by_entity[field.target or ""])
            title = "display_name" if hasattr(target, "display_name") else "name"
            self.joins.append((target, target.id == column))
            column = getattr(target, title)
        if field.type in TEXTUAL or field.type in (FieldType.REFERENCE, FieldType.CHOICE):
            # Byte order on both engines, or two servers would sort the same list differently.
            folded: Any = fold_sql(column)
            if self.session.get_bind().dialect.name == "postgresql":
                folded = folded.collate("C")
            return _Key(folded, descending, True, FieldType.TEXT, column)
        return _Key(column, descending, True, field.type, column)

    def join(self, statement: Select[Any]) -> Select[Any]:
        for target, condition in self.joins:
            statement = statement.outerjoin(target, condition)
        return statement

    def clauses(self) -> list[Any]:
        found: list[Any] = []
        for key in self.keys:
            if key.nullable:
                found.append(key.expression.is_(None))
            found.append(key.expression.desc() if key.descending else key.expression)
        return [*found, self.model.id]

    # Cursors

    def cursor(self, row: Any) -> str:
        """The place after a row, as an opaque text."""
        columns = [key.expression for key in self.keys]
        found = self.session.execute(
            self.join(select(*columns).select_from(self.model)).where(self.model.id == row.id)
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
    later = key.expression < value if key.descending else key.expression > value
    return or_(later, key.expression.is_(None)) if key.nullable else later


def aggregate(
    session: ScopedSession,
    rtype: RecordType,
    query: Query,
    group_by: str | None = None,
    measures: Sequence[str] = ("count",),
) -> list[dict[str, Any]]:
    """Figures over a list: `count`, `sum:<field>`, `min:<field>`, `max:<field>`, `avg:<field>`,
    by the values of one field. Rows are `{"group": value, "count": n, …}`, largest first."""
    require(session, rtype, "view")
    lister = _Lister(session, rtype, replace(query, sort=()))
    columns: list[Any] = []
    order = _Order(session, rtype, (group_by,)) if group_by else None
    for measure in measures:
        columns.append(_measure(session, rtype, measure).label(measure))
    if order is None:
        statement = select(*columns).select_from(rtype.model).where(*lister.conditions)
        row = session.execute(statement, execution_options=lister._options()).one()
        return [dict(row._mapping)]
    key = order.keys[0]
    group = key.expression if key.raw is None else key.raw
    statement = order.join(select(group.label("group"), *columns).select_from(rtype.model))
    statement = statement.where(*lister.conditions).group_by(group)
    rows = session.execute(statement, execution_options=lister._options())
    found = [{k: to_json(v) for k, v in row._mapping.items()} for row in rows]
    return sorted(found, key=lambda row: (-(row.get("count") or 0), str(row["group"])))


def _measure(session: ScopedSession, rtype: RecordType, measure: str) -> Any:
    name, _colon, field_name = measure.partition(":")
    model: Any = rtype.model
    if name == "count":
        return func.count(model.id)
    field = rtype.field_named(field_name)
    functions: dict[str, Any] = {"sum": func.sum, "min": func.min, "max": func.max, "avg": func.avg}
    if field is None or field not in readable_fields(rtype, session.principal.rights):
        raise Invalid({measure: [_("There is no such field.")]})
    able = {FieldType.INTEGER} if name in ("sum", "avg") else ORDERED
    if name not in functions or field.model is not None or field.type not in able:
        raise Invalid({measure: [_("This figure cannot be computed.")]})
    return functions[name](getattr(model, field.attribute))
