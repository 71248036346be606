"""The statements of work pass the scoped session by their own door, for every principal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import select

from kontora.access import doors
from kontora.access.principal import Principal, system
from kontora.access.rights import Rights
from kontora.access.session import ScopedSession
from kontora.db.engine import Database
from kontora.errors import Unscoped
from kontora.ids import new_id
from kontora.registry.build import Registry
from kontora.registry.work import Event, JobContext, JobSpec, Subscriber
from kontora.work import jobs, models, outbox
from kontora.work.context import WorkSite
from kontora.work.runner import run_pending

REGISTRY = Registry(models={"job": models.Job, "outbox": models.OutboxEvent})
PERSON = Principal(kind="user", name="Olena", rights=Rights(), user_id=new_id(), request_id="r-1")


@contextmanager
def opened(database: Database, principal: Principal) -> Iterator[ScopedSession]:
    with ScopedSession(database.write_engine, principal, REGISTRY) as session, session.begin():
        yield session


def test_a_person_without_any_right_causes_work_that_runs_in_his_name(database: Database) -> None:
    seen: list[tuple[str, str, UUID | None, str | None]] = []

    def greet(context: JobContext) -> str:
        context.progress(1, 1)
        seen.append((context.session.principal.name, "job", None, None))
        return "done"

    def hear(session: ScopedSession, event: Event) -> None:
        seen.append((session.principal.name, event.name, event.principal_id, event.request_id))

    @contextmanager
    def open_session(kind: str, identity: UUID | None) -> Iterator[ScopedSession]:
        assert (kind, identity) == ("user", PERSON.user_id)
        with opened(database, PERSON) as session:
            yield session

    with opened(database, PERSON) as session:
        jobs.enqueue(session, "test.greet", unique_key="greet")
        outbox.emit(session, "party.changed", "party", new_id(), {"fields": ["family"]})
    before = doors.uses()["work"]
    site = WorkSite(
        database=database,
        open_session=open_session,
        jobs={"test.greet": JobSpec(name="test.greet", handler=greet)},
        subscribers=[Subscriber(name="test.ear", pattern="party.*", handler=hear)],
    )
    assert run_pending(site) == {"done": 2}
    assert seen == [
        ("Olena", "job", None, None),
        ("Olena", "party.changed", PERSON.user_id, "r-1"),
    ]
    assert doors.uses()["work"] > before


def test_a_person_sees_no_job_without_the_door(database: Database) -> None:
    with opened(database, system()) as session:
        jobs.enqueue(session, "test.greet")
    with opened(database, PERSON) as session:
        assert session.scalars(select(models.Job)).all() == []
        with pytest.raises(Unscoped):
            session.execute(select(jobs.JOB.c.args))
