"""Lists: filter, search, order, pages by key; and figures over a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all

from kontora import limits
from kontora.access.scope_table import PartyScope
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.records import search_match
from kontora.records.custom.conditions import figure
from kontora.records.filters import ORDERED, FilterCompiler
from kontora.records.order import Order
from kontora.records.read import choose, serialise
from kontora.records.schema import readable_fields
from kontora.records.values import to_json
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

MAX_LIMIT = limits.current().page_size
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
    guard = rtype.model.__guard__
    kinds: Mapping[str, str] = guard.kinds
    if not kinds:
        return (guard.entity,)
    return tuple(kinds[each] for each in ((kind,) if kind else rtype.kinds))


def list_records(session: ScopedSession, rtype: RecordType, query: Query) -> Page:
    """Return a page of records that the principal may see."""
    rtype = session.registry.effective(rtype)
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
        total=_total(lister, query, len(rows), more) if query.total else None,
        versions={str(row.id): row.version for row in rows},
    )


def _total(lister: _Lister, query: Query, shown: int, more: bool) -> int:
    """All that match; counted only when the first page does not hold them all."""
    return lister.total() if more or query.cursor else shown


def _wants_custom(query: Query) -> bool:
    return query.fields is None or "custom" in query.fields


def matching(session: ScopedSession, rtype: RecordType, query: Query) -> list[UUID]:
    """The ids of all records that match, in list order: the “all that match” of bulk work."""
    rtype = session.registry.effective(rtype)
    require(session, rtype, "view")
    lister = _Lister(session, rtype, replace(query, cursor=None))
    return lister.ids()


def conditions_of(session: ScopedSession, rtype: RecordType, query: Query) -> list[Any]:
    """What a query asks of the rows of a record type, as expressions."""
    rtype = session.registry.effective(rtype)
    require(session, rtype, "view")
    return list(_Lister(session, rtype, query)._all_conditions())


class _Lister:
    """Builds the statements of one list."""

    def __init__(self, session: ScopedSession, rtype: RecordType, query: Query) -> None:
        self.session, self.rtype, self.query = session, rtype, query
        self.model: Any = rtype.model
        # What fits best comes first, unless the query names another order.
        default = (search_match.RELEVANCE, rtype.sort) if query.q else (rtype.sort,)
        self.order = Order(session, rtype, query.sort or default, query.q)
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
        return found

    def _all_conditions(self) -> list[ColumnElement[bool]]:
        """Those of a statement without the order: an order by relevance joins what matches."""
        if not self.query.q:
            return self.conditions
        return [
            *self.conditions,
            search_match.matches(self.session, self.rtype, self.query.q),
        ]

    def _ordered_conditions(self) -> list[ColumnElement[bool]]:
        return self._all_conditions() if self.order.points is None else self.conditions

    def _options(self) -> dict[str, Any]:
        return {"beside": self.beside}

    def rows(self, limit: int) -> Sequence[Any]:
        if (merged := self._merged(limit)) is not None:
            return merged
        statement = self.order.join(select(self.model)).where(*self._ordered_conditions())
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
        statement = select(func.count(self.model.id)).where(*self._all_conditions())
        return self.session.scalar(statement, execution_options=self._options()) or 0

    def ids(self) -> list[UUID]:
        statement = self.order.join(select(self.model.id)).where(*self._ordered_conditions())
        statement = statement.order_by(*self.order.clauses())
        return list(self.session.scalars(statement, execution_options=self._options()))

    def cursor_after(self, row: Any) -> str:
        return self.order.cursor(row)


def aggregate(
    session: ScopedSession,
    rtype: RecordType,
    query: Query,
    group_by: str | None = None,
    measures: Sequence[str] = ("count",),
) -> list[dict[str, Any]]:
    """Figures over a list: `count`, `sum:<field>`, `min:<field>`, `max:<field>`, `avg:<field>`,
    by the values of one field; of money in one currency, `sum:custom.budget:EUR`. Rows are
    `{"group": value, "count": n, …}`, largest first."""
    rtype = session.registry.effective(rtype)
    require(session, rtype, "view")
    lister = _Lister(session, rtype, replace(query, sort=()))
    columns: list[Any] = []
    order = Order(session, rtype, (group_by,)) if group_by else None
    for measure in measures:
        columns.append(_measure(session, rtype, measure).label(measure))
    if order is None:
        statement = select(*columns).select_from(rtype.model).where(*lister._all_conditions())
        row = session.execute(statement, execution_options=lister._options()).one()
        return [dict(row._mapping)]
    key = order.keys[0]
    group = key.expression if key.raw is None else key.raw
    statement = order.join(select(group.label("group"), *columns).select_from(rtype.model))
    statement = statement.where(*lister._all_conditions()).group_by(group)
    rows = session.execute(statement, execution_options=lister._options())
    found = [{k: to_json(v) for k, v in row._mapping.items()} for row in rows]
    return sorted(found, key=lambda row: (-(row.get("count") or 0), str(row["group"])))


def _measure(session: ScopedSession, rtype: RecordType, measure: str) -> Any:
    name, _colon, field_name = measure.partition(":")
    field_name = field_name.partition(":")[0]
    model: Any = rtype.model
    if name == "count":
        return func.count(model.id)
    field = rtype.field_named(field_name)
    functions: dict[str, Any] = {"sum": func.sum, "min": func.min, "max": func.max, "avg": func.avg}
    if field is None or field not in readable_fields(rtype, session.principal.rights):
        raise Invalid({measure: [_("There is no such field.")]})
    if field.json_key and name in functions:
        return figure(session, rtype, field, functions[name], measure)
    able = {FieldType.INTEGER} if name in ("sum", "avg") else ORDERED
    if name not in functions or field.model is not None or field.type not in able:
        raise Invalid({measure: [_("This figure cannot be computed.")]})
    return functions[name](getattr(model, field.attribute))
