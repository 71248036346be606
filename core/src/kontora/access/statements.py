"""What a statement touches: which tables, which of them bare, and what cannot be examined.

The scoped session decides on these findings. They depend on the shape of a statement only, not
on its values, so they are kept per cache key, as SQLAlchemy keeps compiled statements.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Table
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import ColumnClause, ColumnElement, TextClause
from sqlalchemy.sql.selectable import (
    AliasedReturnsRows,
    CompoundSelect,
    FromClause,
    Select,
    TableClause,
    TextualSelect,
)

S = TypeVar("S", bound=Any)
# Marks what the row rules themselves add: it stands on bare tables on purpose.
RULE = "kontora_rule"
ENTITY = "parententity"
MOST_KEPT = 2_000
_RAW = ("_prefixes", "_suffixes", "_hints", "_statement_hints")
_CORRELATED = ("_correlate", "_correlate_except")


@dataclass(frozen=True, slots=True)
class Findings:
    """The tables of a statement by name.

    `bare` are those used without their mapped class, to which no rule can be added; `shown` are
    bare ones whose columns the statement returns. `refusal` names a part that cannot be examined.
    """

    tables: frozenset[str]
    bare: frozenset[str]
    shown: frozenset[str]
    refusal: str | None


_kept: OrderedDict[Any, Findings] = OrderedDict()


def rule(selectable: S) -> S:
    """Mark a subquery as part of a row rule."""
    marked: S = selectable._annotate({RULE: True})
    return marked


def examine(statement: Any) -> Findings:
    """Return what a statement touches, wherever in it: columns, joins, subqueries, order."""
    key = statement._generate_cache_key()
    if key is None:
        return _examine(statement)
    found = _kept.get(key.key)
    if found is None:
        found = _kept[key.key] = _examine(statement)
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return found


def _examine(statement: Any) -> Findings:
    walk = _Walk(statement)
    walk.run()
    shown = {name for column in _outcome(statement) for name in _base_tables(column)}
    return Findings(
        tables=frozenset(walk.tables),
        bare=frozenset(walk.bare),
        shown=frozenset(shown & walk.bare),
        refusal=walk.refusal,
    )


class _Walk:
    """Visits each element of a statement once, also the sources of columns, which SQLAlchemy
    puts into FROM by itself although they are no child of anything."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement
        self.tables: set[str] = set()
        self.bare: set[str] = set()
        self.refusal: str | None = None
        # Loaders write bare columns of the very classes that they select: one source, with rules.
        self.selected = set(_selected(statement))

    def run(self) -> None:
        todo: list[tuple[Any, bool]] = [(self.statement, False)]
        target = getattr(self.statement, "table", None)
        if target is not None:
            todo.append((target, False))
        met: dict[tuple[int, bool], Any] = {}
        while todo:
            element, nested = todo.pop()
            if (id(element), nested) not in met:
                met[id(element), nested] = element
                inner = nested or (isinstance(element, Select) and element is not self.statement)
                todo += [(each, inner) for each in self._next(element, nested)]

    def _next(self, element: Any, nested: bool) -> Iterable[Any]:
        notes = getattr(element, "_annotations", None) or {}
        if RULE in notes:
            return ()
        self._check(element)
        if isinstance(element, Table):
            self.tables.add(element.name)
            if ENTITY not in notes:
                self.bare.add(element.name)
            return ()
        if isinstance(element, ColumnClause):
            return self._of_column(element, notes, nested)
        if (owner := notes.get("proxy_owner")) is not None:
            found = getattr(owner, "relationships", {}).get(notes.get("proxy_key"))
            if found is not None:  # a join along a relationship: its classes on both sides
                return (found.parent.__clause_element__(), found.mapper.__clause_element__())
        if isinstance(element, AliasedReturnsRows) and ENTITY in notes:
            return self._of_entity(element)
        if isinstance(element, Select):
            # Its own method also gives the sources of its columns, without their classes.
            return super(Select, element).get_children(omit_attrs=_CORRELATED)
        return element.get_children() if hasattr(element, "get_children") else ()

    def _of_column(self, element: Any, notes: Any, nested: bool) -> Iterable[Any]:
        source = element.table
        if source is None:
            return ()
        if not nested and isinstance(source, Table) and source.name in self.selected:
            self.tables.add(source.name)
            return ()
        return self._of_entity(source) if ENTITY in notes else (source,)

    def _check(self, element: Any) -> None:
        if isinstance(element, TextClause | TextualSelect):
            self.refusal = f"text (“{str(element)[:60]}”)"
        elif isinstance(element, TableClause) and not isinstance(element, Table):
            self.refusal = f"the table “{element.name}”, made by name alone"
        elif isinstance(element, ColumnClause) and element.is_literal and element.name != "*":
            self.refusal = f"the literal column “{element.name[:60]}”"
        elif isinstance(element, UpdateBase) and element is not self.statement:
            self.refusal = "a writing statement inside another"
        elif any(getattr(element, name, None) for name in _RAW):
            self.refusal = "a prefix, suffix or hint of its own"

    def _of_entity(self, source: Any) -> Iterable[Any]:
        """The table behind a mapped class or an alias of one: no bare use. An alias of some
        other selectable is visited like any subquery."""
        inner = source
        while isinstance(inner, AliasedReturnsRows):
            inner = inner.element
        if isinstance(inner, Table):
            self.tables.add(inner.name)
            return ()
        return (inner,)


def _selected(statement: Any) -> Iterator[str]:
    """Names of the tables whose classes, or columns of classes, a SELECT itself names."""
    for part in statement._raw_columns if isinstance(statement, Select) else ():
        for element in (part,) if _is_source(part) else visitors.iterate(part):
            if ENTITY in getattr(element, "_annotations", ()):
                table = element if isinstance(element, Table) else getattr(element, "table", None)
                if isinstance(table, Table):
                    yield table.name


def _outcome(statement: Any) -> Iterator[Any]:
    """The columns and classes that a statement returns."""
    if isinstance(statement, CompoundSelect):
        for each in statement.selects:
            yield from _outcome(each)
    elif isinstance(statement, Select):
        yield from statement._raw_columns
    elif hasattr(statement, "element"):
        yield from _outcome(statement.element)


def _is_source(part: Any) -> bool:
    """A table, class or subquery; functions could be FROM clauses too, but stand for a value."""
    return isinstance(part, FromClause) and not isinstance(part, ColumnElement)


def _base_tables(column: Any) -> Iterator[str]:
    if _is_source(column):
        return
    for element in visitors.iterate(column):
        if isinstance(element, ColumnClause):
            for base in element.base_columns:
                table = getattr(base, "table", None)
                while isinstance(table, AliasedReturnsRows):
                    table = table.element
                if isinstance(table, Table) and ENTITY not in base._annotations:
                    yield table.name
