"""An event is there exactly when its change is, and each subscriber gets it once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from work_ledger import effects

from kontora.access.principal import Principal
from kontora.access.rights import ALL_RIGHTS
from kontora.db.engine import Database
from kontora.ids import new_id
from kontora.registry.work import Event, Subscriber
from kontora.work import jobs, outbox


def nothing(session: Any, event: Event) -> None:
    """A handler that is never called here."""


def subscriber(name: str, pattern: str) -> Subscriber:
    return Subscriber(name=name, pattern=pattern, handler=nothing)


def counts(database: Database) -> tuple[int, int, int]:
    with database.read_engine.connect() as connection:
        tables = (effects, outbox.OUTBOX, jobs.JOB)
        numbers = [connection.scalar(select(func.count()).select_from(t)) or 0 for t in tables]
    return numbers[0], numbers[1], numbers[2]


def test_change_event_and_job_are_kept_together(database: Database) -> None:
    with Session(database.write_engine) as session, session.begin():
        session.execute(effects.insert().values(key="change"))
        outbox.emit(session, "party.changed", "party", new_id(), {"fields": ["family"]})
        jobs.enqueue(session, "hello.greet", {"name": "Олена"})
    assert counts(database) == (1, 1, 1)


def test_a_rollback_takes_the_event_and_the_job_back(database: Database) -> None:
    with Session(database.write_engine) as session:
        session.execute(effects.insert().values(key="change"))
        outbox.emit(session, "party.changed", "party", new_id())
        jobs.enqueue(session, "hello.greet")
        session.rollback()
    assert counts(database) == (0, 0, 0)


def test_nothing_is_left_to_be_written_after_the_commit(database: Database) -> None:
    """A process may end with its commit, so event and job stand in the transaction itself."""
    with Session(database.write_engine) as session, session.begin():
        outbox.emit(session, "party.changed", "party", new_id())
        jobs.enqueue(session, "hello.greet")
        tables = (outbox.OUTBOX, jobs.JOB)
        written = [session.scalar(select(func.count()).select_from(table)) for table in tables]
        assert written == [1, 1]


def test_each_subscriber_that_wants_an_event_gets_one_job(database: Database) -> None:
    record = new_id()
    with database.write_engine.begin() as connection:
        outbox.emit(connection, "party.changed", "party", record, {"fields": ["family"]})
        outbox.emit(connection, "activity.done", "activity", None)
    listeners = [
        subscriber("a.all", "*"),
        subscriber("b.party", "party.*"),
        subscriber("c.exact", "party.changed"),
        subscriber("d.other", "party.created"),
    ]
    for _again in range(2):
        with database.write_engine.begin() as connection:
            outbox.dispatch(connection, listeners)
    with database.read_engine.connect() as connection:
        rows = connection.execute(select(jobs.JOB.c.name, jobs.JOB.c.args)).all()
        assert not outbox.pending(connection)
    assert sorted(row.name for row in rows) == ["on:a.all", "on:a.all", "on:b.party", "on:c.exact"]
    args = next(row.args for row in rows if row.name == "on:c.exact")
    event = outbox.event_of(args, "system", None)
    assert (event.record_id, event.payload) == (record, {"fields": ["family"]})


def test_an_event_that_commits_late_is_not_lost(database: Database) -> None:
    """The smaller id becomes visible after the bigger one was dispatched."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has one writer: ids are given out in the order of commits")
    with database.write_engine.connect() as slow, slow.begin() as transaction:
        outbox.emit(slow, "party.changed", "party", new_id())
        with database.write_engine.begin() as quick:
            outbox.emit(quick, "party.changed", "party", new_id())
        with database.write_engine.begin() as connection:
            assert outbox.dispatch(connection, [subscriber("a.all", "*")]) == 1
        transaction.commit()
    with database.write_engine.begin() as connection:
        assert outbox.dispatch(connection, [subscriber("a.all", "*")]) == 1
    assert counts(database)[2] == 2


def test_work_acts_for_the_one_who_asked_for_it(database: Database) -> None:
    person = Principal(kind="user", name="Olena", rights=ALL_RIGHTS, user_id=new_id())
    token = replace(person, kind="token", token_id=new_id())
    with database.write_engine.begin() as connection:
        outbox.emit(connection, "party.changed", "party", None, principal=person)
        outbox.dispatch(connection, [subscriber("a.all", "*")])
        jobs.enqueue(connection, "on:a.all", principal=token)
        jobs.enqueue(connection, "on:a.all")
    claimed = [jobs.claim(database, "worker", ["on:a.all"]) for _each in range(3)]
    assert [(job.principal_kind, job.principal_id) for job in claimed if job] == [
        ("user", person.user_id),
        ("token", token.token_id),
        ("system", None),
    ]
