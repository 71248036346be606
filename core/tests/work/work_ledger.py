"""A ledger that shows how often each effect happened; shared with the processes of the tests.

Run as a program it is a worker with short leases: `python work_ledger.py <database url>`.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Integer, MetaData, String, Table, func, select
from sqlalchemy.orm import Session

from kontora.db.engine import Database
from kontora.registry.work import Event, JobContext, JobSpec, Subscriber
from kontora.work import jobs
from kontora.work.context import WorkSite
from kontora.work.worker import Worker

SLICES = 10
metadata = MetaData()
# `key` is not unique on purpose: a doubled effect must be seen, not refused.
effects = Table(
    "ledger",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(80), nullable=False),
)


def effect(context: JobContext) -> dict[str, int]:
    context.session.execute(effects.insert().values(key=f"job {context.args['n']}"))
    time.sleep(0.003)
    context.session.execute(effects.insert().values(key=f"second {context.args['n']}"))
    return {"n": context.args["n"]}


def sliced(context: JobContext) -> None:
    """Ten slices; it goes on after those that are in the ledger."""
    mine = f"slice {context.args['n']}"
    while True:
        with context.slice() as session:
            query = select(func.count()).where(effects.c.key.like(f"{mine}.%"))
            done = session.scalar(query)
            if done >= SLICES:
                return
            session.execute(effects.insert().values(key=f"{mine}.{done}"))
            context.progress(done + 1, SLICES)
        time.sleep(0.002)


def heard(session: Any, event: Event) -> None:
    session.execute(effects.insert().values(key=f"event {event.payload['n']}"))


def fails(context: JobContext) -> None:
    context.session.execute(effects.insert().values(key="must not stay"))
    raise RuntimeError("no answer from the other side")


def hangs(context: JobContext) -> None:
    context.progress(1, 2)
    while True:
        time.sleep(0.01)


def spec(name: str, handler: Any, **options: Any) -> JobSpec:
    return JobSpec(name=f"test.{name}", handler=handler, **options)


JOBS = (
    spec("effect", effect, max_attempts=20),
    spec("sliced", sliced, sliced=True, max_attempts=20),
    spec("fails", fails, max_attempts=2),
    spec("hangs", hangs, timeout=0.5),
    spec("slow", hangs, sliced=True),
)
LISTENER = Subscriber(name="test.ear", pattern="test.*", handler=heard, max_attempts=20)


def site(database: Database, *, specs: tuple[JobSpec, ...] = JOBS) -> WorkSite:
    @contextmanager
    def open_session(kind: str, identity: UUID | None) -> Iterator[Session]:
        with Session(database.write_engine) as session, session.begin():
            yield session

    return WorkSite(
        database=database,
        open_session=open_session,
        jobs={each.name: each for each in specs},
        subscribers=(LISTENER,),
    )


def create_site(*, safe_mode: bool) -> WorkSite:
    """The factory of a worker child."""
    return site(Database(os.environ["KONTORA_DATABASE_URL"]))


def work(url: str) -> None:
    # Of a killed worker, jobs come back within a second here.
    jobs._FIRST_DELAY = 0.1
    worker = Worker(site(Database(url)), lease=1.0)
    worker._every = lambda _seconds, step: step()
    signal.signal(signal.SIGTERM, lambda *_arguments: worker.stop())
    worker.run()


if __name__ == "__main__":
    work(sys.argv[1])
