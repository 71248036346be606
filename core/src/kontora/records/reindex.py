"""Write the search index anew, in slices so short that other writers hardly notice."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.records import search
from kontora.records.read import serialise
from kontora.registry.build import Registry
from kontora.registry.records import RecordType

SLICE_SECONDS = 0.045
PAUSE_SECONDS = 0.005
BATCH = 20
Open = Callable[[Principal], AbstractContextManager[ScopedSession]]
OnProgress = Callable[[int, int | None], None]


def paths(registry: Registry) -> list[str]:
    """The record types that have something to search."""
    return [
        path
        for path, rtype in registry.record_types.items()
        if any(each.searchable for each in rtype.fields)
    ]


def reindex(open_session: Open, principal: Principal, rtype: RecordType, report: OnProgress) -> int:
    """Index all records of a type anew, those in the bin too; return their number.

    `open_session` opens a session that commits at the end of its block. May be ended and begun
    again at any moment.
    """
    last: UUID | None = None
    done, total = 0, None
    while True:
        with open_session(principal) as session, session.with_deleted():
            if total is None:
                total = session.scalar(select(func.count()).select_from(_chosen(rtype).subquery()))
            count, last = _slice(session, rtype, last)
        done += count
        report(done, total)
        if last is None:
            return done
        time.sleep(PAUSE_SECONDS)


def _chosen(rtype: RecordType) -> Any:
    model: Any = rtype.model
    statement = select(model.id)
    return statement if rtype.condition is None else statement.where(rtype.condition())


def _slice(session: ScopedSession, rtype: RecordType, last: UUID | None) -> tuple[int, UUID | None]:
    """Index records after `last` for a while: how many, and the last one; None at the end."""
    model: Any = rtype.model
    began, done = time.monotonic(), 0
    while time.monotonic() - began < SLICE_SECONDS:
        statement = select(model).order_by(model.id).limit(BATCH)
        if rtype.condition is not None:
            statement = statement.where(rtype.condition())
        if last is not None:
            statement = statement.where(model.id > last)
        records = list(session.scalars(statement))
        for record in records:
            _index(session, rtype, record)
        done += len(records)
        if len(records) < BATCH:
            return done, None
        last = records[-1].id
    return done, last


def _index(session: ScopedSession, rtype: RecordType, record: Any) -> None:
    kind = getattr(record, "kind", None) if rtype.kinds else None
    fields = [each for each in rtype.fields if each.searchable and each.applies_to(kind)]
    shown = serialise(session, rtype, [record], fields, custom=False)[0]
    search.index(session, rtype.entity, record.id, search.document(rtype, shown))
