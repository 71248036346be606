"""The scoped session: the one door to the data.

A session is opened for a principal and adds the principal's row rules to every statement, in
whatever place a guarded class stands in it: subqueries, joins, unions, aggregates. What it
cannot scope it refuses: text, statements on bare tables of guarded classes, bulk UPDATE, DELETE
and INSERT, and the raw connection. Work that needs such a statement goes through a named door
(`kontora.access.doors`), which is counted, logged and tested.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from sqlalchemy.orm.util import LoaderCriteriaOption

from kontora import clock
from kontora.access import door_log
from kontora.access.doors import DOORS, count
from kontora.access.predicates import Predicates, guard_of
from kontora.access.principal import Principal
from kontora.access.statements import Findings, examine
from kontora.errors import Unscoped


class _RowRule(LoaderCriteriaOption):
    """A row rule that also follows an alias into the ON clause of a join.

    SQLAlchemy 2.1 adapts the rule to an alias in WHERE, but not in a join: there it would speak
    of the plain table and leave the alias open. `test_rules_follow_an_alias_into_a_join` guards
    this override of a private method.
    """

    __slots__ = ()
    _traverse_internals = LoaderCriteriaOption._traverse_internals

    def _resolve_where_criteria(self, ext_info: Any) -> Any:
        rule = super()._resolve_where_criteria(ext_info)
        adapter = ext_info._adapter if ext_info.is_aliased_class else None
        return adapter.traverse(rule) if adapter else rule


class ScopedSession(Session):
    """A session that acts for `principal` and shows only what he may see."""

    def __init__(
        self, engine: Engine | Connection, principal: Principal, registry: Any, site: Any = None
    ):
        if not isinstance(principal, Principal):
            raise Unscoped("A session needs a principal.", "Open it with site.read or site.write.")
        super().__init__(engine, expire_on_commit=False, autoflush=False)
        self.principal = principal
        self.site = site
        self._registry = registry
        self._current_registry: Any = None
        self.predicates = Predicates(principal, dict(registry.models))
        self.include_deleted = False
        self._tables = {model.__table__.name: model for model in registry.models.values()}
        self._criteria: dict[tuple[type, bool], Any] = {}
        self._remembered: dict[Any, Any] = {}
        self._permits: set[int] = set()
        self._permitted: list[Any] = []

    @property
    def registry(self) -> Any:
        """What is declared now: by plugins, and by administrators while the site runs."""
        if self._current_registry is None:
            current = getattr(self.site, "current_registry", None)
            self._current_registry = current(self) if current else self._registry
        return self._current_registry

    def forget_registry(self) -> None:
        """Ask anew what is declared: this session has changed it, or took a change back."""
        self._current_registry = None

    @property
    def remembered(self) -> dict[Any, Any]:
        """What was read in this transaction, for whoever would read the very same again. A session
        that writes remembers nothing."""
        return {} if self.info.get("writing") else self._remembered

    @property
    def now(self) -> datetime:
        """The present moment (UTC), stopped in tests."""
        return clock.now()

    @contextmanager
    def with_deleted(self) -> Iterator[None]:
        """Within the block, rows in the bin are seen too (still only those within scope)."""
        before, self.include_deleted = self.include_deleted, True
        try:
            yield
        finally:
            self.include_deleted = before

    def permit(self, *records: object) -> None:
        """Note that the right to write these very objects was checked; `flush` asks for it."""
        self._permits.update(id(record) for record in records)
        self._permitted.extend(records)

    @contextmanager
    def permitting(self) -> Iterator[None]:
        """Permits given within the block end with it, so that none outlives its save. After an
        exception the session forgets what was about to be written."""
        before = len(self._permitted)
        try:
            yield
        except BaseException:
            self._forget(self._permitted[before:])
            raise
        finally:
            ended, self._permitted = self._permitted[before:], self._permitted[:before]
            self._permits -= {id(record) for record in ended}
            self._permits |= {id(record) for record in self._permitted}

    def _forget(self, records: Iterable[Any]) -> None:
        for record in records:
            if record in self.new:
                self.expunge(record)
            elif record in self:
                self.expire(record)

    def is_permitted(self, record: object) -> bool:
        return self.principal.is_system or id(record) in self._permits

    def connection(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: a raw connection knows no principal."""
        raise Unscoped("The raw connection of a session is closed.", "Use the record service.")

    def bulk_save_objects(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: it would skip the checks of a flush."""
        raise Unscoped("Bulk writing past the record service is closed.", "Use change_many.")

    bulk_insert_mappings = bulk_update_mappings = bulk_save_objects

    # What a statement touches

    def criteria(self, model: type) -> Any:
        """The loader option that adds the rules for `model`, or None when there are none."""
        key = (model, self.include_deleted)
        if key not in self._criteria:
            self._criteria[key] = self._make_criteria(model)
        return self._criteria[key]

    def _make_criteria(self, model: Any) -> Any:
        guard = guard_of(model)
        if guard is None:
            raise Unscoped(
                f"The class {model.__name__} declares no __guard__.",
                "Give it one of kontora.access.guard.",
            )
        rows = self.predicates.rows(model)
        if guard.deleted and not self.include_deleted:
            rows = getattr(model, guard.deleted).is_(None) & rows
        elif not self.include_deleted and (alive := self.predicates.alive(model)) is not None:
            rows = alive & rows
        elif self.predicates.is_open(model):
            return None
        return _RowRule(model, rows, include_aliases=True)

    def models_in(self, tables: Iterable[str]) -> set[type]:
        """The mapped classes of these tables and all that their relationships could load."""
        todo = [self._tables[name] for name in tables if name in self._tables]
        found: set[type] = set()
        while todo:
            model = todo.pop()
            if model not in found:
                found.add(model)
                relationships = model.__mapper__.relationships
                todo += [each.mapper.class_ for each in relationships]
        return found


@event.listens_for(ScopedSession, "do_orm_execute")
def _examine_and_scope(state: ORMExecuteState) -> None:
    session: Any = state.session
    found = examine(state.statement)
    try:
        _scope(session, found, state)
    except Unscoped:
        door_log.refused(
            session.principal, state.execution_options.get("door"), state, found.tables
        )
        raise


def _scope(session: Any, found: Findings, state: ORMExecuteState) -> None:
    if found.refusal is not None:
        raise Unscoped(
            f"The statement holds {found.refusal}, which no rule can be added to.",
            "Write it with mapped classes and their columns.",
        )
    if (door := state.execution_options.get("door")) is not None:
        _through_door(session, door, found, state)
        return
    if state.is_insert or state.is_update or state.is_delete:
        raise Unscoped(
            "Bulk INSERT, UPDATE and DELETE go round history and rights.",
            "Use the record service, or a named door.",
        )
    if not state.is_select or not (state.is_orm_statement or state.is_column_load):
        raise Unscoped(
            "A statement that is no SELECT over mapped classes cannot be scoped.",
            "Select through the classes, or use a named door.",
        )
    if unknown := sorted(found.tables - session._tables.keys()):
        raise Unscoped(
            f"Nobody has registered a class for the table “{', '.join(unknown)}”.",
            "Return it from register_models; a plugin that is off has no tables to read.",
        )
    if wrong := sorted(found.bare - _beside(session, state, found)):
        raise Unscoped(
            f"The statement uses the bare table “{', '.join(wrong)}”.",
            "Select through the mapped class, so that the rules can be added.",
        )
    options = [session.criteria(model) for model in session.models_in(found.tables)]
    state.statement = state.statement.options(*(each for each in options if each is not None))


def _beside(session: Any, state: ORMExecuteState, found: Findings) -> frozenset[str]:
    """The index tables that may stand beside scoped classes: they narrow, and show nothing."""
    door = DOORS.get(state.execution_options.get("beside", ""))
    if door is None:
        return frozenset()
    count(door.name)
    door_log.used(session.principal, door, state, found.tables)
    return door.indexes - found.shown


def _through_door(session: Any, name: str, found: Findings, state: ORMExecuteState) -> None:
    door = DOORS.get(name)
    if door is None:
        raise Unscoped(f"There is no door “{name}”.", f"Known: {', '.join(sorted(DOORS))}.")
    if foreign := sorted(table for table in found.tables if not door.opens(table)):
        raise Unscoped(f"The door “{name}” does not lead to {', '.join(foreign)}.")
    if state.is_select and state.is_orm_statement:
        for description in state.statement.column_descriptions:  # type: ignore[attr-defined]
            model = description.get("entity")
            guard = guard_of(model) if model is description.get("type") else None
            if guard is not None and guard.mode in ("record", "child", "attached"):
                raise Unscoped(f"The door “{name}” gives columns, not objects of {model}.")
    count(name)
    door_log.used(session.principal, door, state, found.tables)


@event.listens_for(ScopedSession, "after_soft_rollback")
def _take_back(session: Any, _previous: Any) -> None:
    if session.info.get("catalogue_changed"):
        session.forget_registry()


@event.listens_for(ScopedSession, "after_transaction_end")
def _end(session: Any, transaction: Any) -> None:
    if transaction.parent is None:  # what is declared is asked anew in each transaction
        session.forget_registry()
        session._remembered.clear()


@event.listens_for(ScopedSession, "before_flush")
def _check_permits(session: Any, context: UOWTransaction, instances: Any) -> None:
    if session.principal.is_system:
        return
    for record in [*session.new, *session.deleted, *session.dirty]:
        guard = guard_of(type(record))
        if record in session.dirty and not session.is_modified(record):
            continue
        if guard is None or not session.is_permitted(record):
            door_log.refused(session.principal, None, None, [record.__tablename__])
            raise Unscoped(
                f"{type(record).__name__} was changed past the record service.",
                "Change records through it: it checks the right and keeps the history.",
            )
