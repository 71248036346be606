"""Which rows a principal may reach: one expression per class and verb, the same everywhere."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true

from kontora.access.guard import Guard
from kontora.access.principal import Principal
from kontora.access.rights import Rights, Scope
from kontora.access.scope_table import PartyScope
from kontora.access.statements import rule


def guard_of(model: type) -> Guard | None:
    """The guard that a mapped class declares."""
    return getattr(model, "__guard__", None)


@lru_cache(maxsize=2000)
def _alias(table: Any, number: int) -> Any:
    """The aliases of a table, each always the same: to make the columns of a new one costs more
    than all the rest of a rule."""
    return table.alias()


class Predicates:
    """Build the row predicates of one principal over the guarded models of a site."""

    def __init__(self, principal: Principal, models: dict[str, type]) -> None:
        self.principal = principal
        self.rights: Rights = principal.rights
        self._aliases: Counter[Any] = Counter()
        self.by_entity = {
            guard.entity: model
            for model in models.values()
            if (guard := guard_of(model)) is not None and guard.mode in ("record", "open")
        }

    def rows(self, model: type, verb: str = "view") -> ColumnElement[bool]:
        """The rows of `model` on which the principal may do `verb`."""
        guard = guard_of(model)
        if guard is None:
            return false()
        return self._rows(guard, model, verb)

    def within(self, entity: str, column: Any) -> Any:
        """That a reference leads to a record of `entity` which may be seen; None when any may."""
        if entity not in self.by_entity:
            return None
        found = self._with_parent(column, entity, "view")
        return None if _is_true(found) else found

    def alive(self, model: Any) -> Any:
        """That no record on which a child row hangs lies in the bin; None for other classes, and
        for the system, which keeps what lies there in order."""
        guard = guard_of(model)
        if guard is None or guard.mode != "child" or self.rights.everything:
            return None
        found = []
        for attribute, entity in guard.parents:
            parent: Any = self.by_entity.get(entity)
            deleted = getattr(guard_of(parent), "deleted", None)
            if deleted is None:
                continue
            table, column = self._alias(parent), getattr(model, attribute)
            here = rule(
                select(table.c.id).where(table.c.id == column, table.c[deleted].is_(None))
            ).exists()
            found.append(or_(column.is_(None), here) if column.expression.nullable else here)
        return and_(*found) if found else None

    def is_open(self, model: type, verb: str = "view") -> bool:
        """Whether the predicate is simply true, so that no statement needs it."""
        return _is_true(self.rows(model, verb))

    def _rows(self, guard: Guard, columns: Any, verb: str) -> ColumnElement[bool]:
        """`columns` is the mapped class, or the columns of an alias of its table within a
        subquery: there the plain table is right, since the session adds rules to classes."""
        if self.rights.everything or guard.mode == "open":
            return true()
        if guard.mode == "system":
            return false()
        if guard.mode == "child":
            (attribute, entity), *others = guard.parents
            found = [self._with_parent(getattr(columns, attribute), entity, verb)]
            found += [self._of_other(getattr(columns, a), e, verb) for a, e in others]
            if guard.holder is not None:
                found.append(
                    or_(
                        self._attached(guard.holder, columns, "view"),
                        self._of_company(guard.holder, columns),
                    )
                )
            return and_(true(), *found)
        if guard.holder is not None:
            return self._attached(guard.holder, columns, verb)
        if guard.scoped_by_table:
            return self._by_table(guard, columns, verb)
        scope = self.rights.scope(guard.entity, verb)
        if scope is None:
            return false()
        if scope is Scope.ALL:
            return true()
        ways = [self._by_columns(guard, columns, scope)]
        if verb == "view":
            ways += [self._through(guard, columns, via) for via in guard.via]
            if guard.shared:
                ways.append(getattr(columns, guard.shared).is_(True))
        return or_(*ways)

    def _alias(self, model: Any) -> Any:
        """An alias that no other rule of this session has: rules stand within one another."""
        table = model.__table__
        self._aliases[table] += 1
        return _alias(table, self._aliases[table])

    def _of_company(self, holder: tuple[str, str], columns: Any) -> ColumnElement[bool]:
        """The rows that speak of our own company, which everybody sees."""
        guards = ((name, guard_of(model)) for name, model in self.by_entity.items())
        seen = [name for name, guard in guards if guard is not None and guard.mode == "open"]
        about: ColumnElement[bool] = getattr(columns, holder[0]).in_(seen)
        return about

    def _attached(
        self, holder: tuple[str, str], columns: Any, verb: str, but: str = ""
    ) -> ColumnElement[bool]:
        """The rows whose record, of whatever type, is within reach: one way for each type."""
        entity, record_id = (getattr(columns, each) for each in holder)
        ways = [
            and_(entity == name, self._with_parent(record_id, name, verb))
            for name, model in self.by_entity.items()
            if (guard := guard_of(model)) is not None and guard.mode == "record" and name != but
        ]
        return or_(false(), *ways)

    def _of_other(self, column: Any, entity: str, verb: str) -> Any:
        """A further parent; one that may be absent hides nothing when it is."""
        found = self._with_parent(column, entity, verb)
        return or_(column.is_(None), found) if column.expression.nullable else found

    def _with_parent(self, column: Any, entity: str, verb: str) -> Any:
        """The rows whose parent, another record, is within reach."""
        parent: Any = self.by_entity[entity]
        guard = guard_of(parent)
        assert guard is not None
        if guard.scoped_by_table and len(self._table_scopes(guard, verb)) == 1:
            scope = next(iter(self._table_scopes(guard, verb)))
            return true() if scope is Scope.ALL else self._reaches(column, scope, verb)
        table = self._alias(parent)
        rows = self._rows(guard, table.c, verb)
        if _is_true(rows):
            return true()
        return rule(select(table.c.id).where(table.c.id == column, rows)).exists()

    def _by_columns(self, guard: Guard, columns: Any, scope: Scope) -> ColumnElement[bool]:
        owners, branches = self.reach(scope)
        ways: list[ColumnElement[bool]] = []
        if guard.owner:
            ways.append(getattr(columns, guard.owner).in_(owners))
        if guard.branch and branches:
            ways.append(getattr(columns, guard.branch).in_(branches))
        return or_(false(), *ways)

    def _through(self, guard: Guard, columns: Any, via: Any) -> ColumnElement[bool]:
        link = self._alias(via.link)
        if via.holder is None:
            parents = self._with_parent(getattr(link.c, via.parent), via.entity, "view")
        else:  # but not through records of the same type, which would go round in circles
            parents = self._attached((via.holder, via.parent), link.c, "view", guard.entity)
        here = getattr(link.c, via.record) == columns.id
        return rule(select(getattr(link.c, via.record)).where(here, parents)).exists()

    def reach(self, scope: Scope) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The users and the branches whose records lie within a scope below ALL."""
        me = self.principal
        own = (me.user_id,) if me.user_id else ()
        if scope is Scope.OWN:
            return own, ()
        owners = tuple(dict.fromkeys(own + me.team_mates))
        if scope is Scope.TEAM:
            return owners, ()
        if scope is Scope.BRANCH:
            return owners, (me.branch_id,) if me.branch_id else ()
        return owners, me.branches_below

    # Parties: by the maintained table, so that rights cost nothing at size.

    def _table_scopes(self, guard: Guard, verb: str) -> set[Scope | None]:
        return {self.rights.scope(key, verb) for key in guard.grant_keys()}

    def _by_table(self, guard: Guard, columns: Any, verb: str) -> ColumnElement[bool]:
        scopes = self._table_scopes(guard, verb)
        if scopes == {Scope.ALL}:
            return true()
        if scopes == {None}:
            return false()
        if len(scopes) == 1:
            return self._reaches(columns.id, scopes.pop(), verb)
        kind = getattr(columns, guard.kind or "")
        ways: list[ColumnElement[bool]] = []
        for value, key in guard.kinds.items():
            scope = self.rights.scope(key, verb)
            if scope is Scope.ALL:
                ways.append(kind == value)
            elif scope is not None:
                ways.append(and_(kind == value, self._of_kind(guard, columns.id, value, verb)))
        return or_(false(), *ways)

    def scope_ids(self, scope: Scope) -> tuple[Any, ...]:
        """The keys of the maintained table within a scope below ALL."""
        owners, branches = self.reach(scope)
        return owners + branches

    def single_scope(self, model: type) -> Scope | None:
        """The one scope below ALL in which all kinds of `model` are seen, or None: then a page
        can be read straight from the maintained table."""
        guard = guard_of(model)
        if guard is None or not guard.scoped_by_table or self.rights.everything:
            return None
        scopes = self._table_scopes(guard, "view")
        scope = scopes.pop() if len(scopes) == 1 else None
        return None if scope is Scope.ALL else scope

    def _reaches(
        self, party: Any, scope: Scope | None, verb: str, way: str = ""
    ) -> ColumnElement[bool]:
        """That the maintained table has a row for the party within a scope; any row for ALL.

        It asks for each party in turn, by the primary key. A list of all ids within reach, made
        for each statement, took 200 ms of each at 50,000 visible parties.
        """
        table = self._alias(PartyScope)
        found = select(table.c.party_id).where(table.c.party_id == party)
        if scope is not Scope.ALL:
            keys = self.scope_ids(scope) if scope is not None else ()
            found = found.where(table.c.scope_id.in_(keys))
        # Only seeing goes on from an organisation to its people; changing needs a row of one's own.
        if way or verb != "view":
            found = found.where(table.c[way or "own"].is_(True))
        return rule(found).exists()

    def _of_kind(self, guard: Guard, party: Any, kind: str, verb: str) -> ColumnElement[bool]:
        """When the kinds have different scopes: people also by their organisation's scope."""
        own = self.rights.scope(guard.kinds[kind], verb)
        if kind != "person" or verb != "view":
            return self._reaches(party, own, verb)
        firms = self.rights.scope(guard.kinds["organisation"], verb)
        direct = self._reaches(party, own, verb, "own")
        return or_(direct, self._reaches(party, firms, verb, "inherited"))


def _is_true(predicate: Any) -> bool:
    return bool(predicate.compare(true()))
