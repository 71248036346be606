"""Write the search index anew, in slices so short that other writers hardly notice.

First the words get the endings and keys of this version, then each record its entries. What stands
there stays until it is found to differ, so nothing is missing meanwhile. How far it is, is written
with each slice: when it is ended, by whatever, the next run goes on from there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update

from kontora.access.models import SiteState
from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.records import search, search_texts
from kontora.records.models import SearchWord
from kontora.records.read import serialise
from kontora.registry.build import Registry
from kontora.registry.records import RecordType

SLICE_SECONDS = 0.035
PAUSE_SECONDS = 0.005
BATCH, BATCH_OF_WORDS = 4, 40
WORDS = "words"
Open = Callable[[Principal], AbstractContextManager[ScopedSession]]
OnProgress = Callable[[int, int | None], None]
_word: Any = SearchWord.__table__
_state: Any = SiteState.__table__


def paths(registry: Registry) -> list[str]:
    """The record types that have something to search."""
    return [
        path
        for path, rtype in registry.record_types.items()
        if any(each.searchable for each in rtype.fields)
    ]


def reindex(open_session: Open, principal: Principal, rtype: RecordType, report: OnProgress) -> int:
    """Index all records of a type anew, those in the bin too; return how many this run did.

    `open_session` opens a session that commits at the end of its block. May be ended at any
    moment; the next run goes on behind the last slice.
    """
    done, total = 0, None
    while True:
        with open_session(principal) as session, session.with_deleted():
            last = _place(session, rtype.path)
            after = UUID(last) if last else None
            if total is None:
                total = session.scalar(
                    select(func.count()).select_from(_chosen(rtype, after).subquery())
                )
            ids, ended = _slice(session, rtype, after)
            if ids:
                _keep(session, rtype.path, str(ids[-1]))
        for record_id in ids:
            _index_texts(open_session, principal, rtype, record_id)
        done += len(ids)
        if ended:
            with open_session(principal) as session:
                _keep(session, rtype.path, None)
        report(done, total)
        if ended:
            return done
        time.sleep(PAUSE_SECONDS)


def reindex_words(open_session: Open, principal: Principal, report: OnProgress) -> int:
    """Give all words of the dictionary the endings and keys of this version; return how many."""
    done, total = 0, None
    while True:
        with open_session(principal) as session:
            last = int(_place(session, WORDS) or 0)
            if total is None:
                left = select(func.count()).where(_word.c.id > last)
                total = session.scalar(left, execution_options=search.DOOR)
            number, last = _slice_of_words(session, last)
            ended = number == 0
            _keep(session, WORDS, None if ended else str(last))
        done += number
        report(done, total)
        if ended:
            return done
        time.sleep(PAUSE_SECONDS)


def _slice_of_words(session: ScopedSession, last: int) -> tuple[int, int]:
    began, done = time.monotonic(), 0
    while time.monotonic() - began < SLICE_SECONDS or not done:
        some = select(_word.c.word, _word.c.id).where(_word.c.id > last).order_by(_word.c.id)
        rows = session.execute(some.limit(BATCH_OF_WORDS), execution_options=search.DOOR).all()
        if not rows:
            break
        search.add_parts(session, {row[0]: row[1] for row in rows})
        done, last = done + len(rows), rows[-1][1]
    return done, last


def _chosen(rtype: RecordType, after: UUID | None) -> Any:
    model: Any = rtype.model
    statement = select(model.id)
    if rtype.condition is not None:
        statement = statement.where(rtype.condition())
    return statement if after is None else statement.where(model.id > after)


def _slice(
    session: ScopedSession, rtype: RecordType, after: UUID | None
) -> tuple[Sequence[UUID], bool]:
    """Index records after one for a while: which, and whether these were the last."""
    model: Any = rtype.model
    began, done = time.monotonic(), list[UUID]()
    while time.monotonic() - began < SLICE_SECONDS or not done:
        last = done[-1] if done else after
        chosen = _chosen(rtype, last).order_by(model.id).limit(BATCH)
        records = session.scalars(
            select(model).where(model.id.in_(list(session.scalars(chosen)))).order_by(model.id)
        ).all()
        for record in records:
            _index(session, rtype, record)
        done += [record.id for record in records]
        if len(records) < BATCH:
            return done, True
    return done, False


def _index(session: ScopedSession, rtype: RecordType, record: Any) -> None:
    rtype = session.registry.effective(rtype)
    kind = getattr(record, "kind", None) if rtype.kinds else None
    fields = [each for each in rtype.fields if each.searchable and each.applies_to(kind)]
    shown = serialise(session, rtype, [record], fields, custom=False)[0]
    search.index(session, rtype.entity, record.id, search.document(rtype, shown))


def _index_texts(
    open_session: Open, principal: Principal, rtype: RecordType, record_id: UUID
) -> None:
    """The texts of a record, each in a transaction of its own: they may be long."""
    for field, read in search_texts.sources().items():
        with open_session(principal) as session, session.with_deleted():
            texts = list(read(session, rtype.entity, [record_id]))
        for each in texts:
            with open_session(principal) as session:
                search.index_text(
                    session, rtype.entity, each.record_id, field, each.text, each.part
                )


# How far it is


def _key(name: str) -> str:
    return f"search.reindex.{name}"


def _place(session: ScopedSession, name: str) -> str | None:
    found = select(_state.c.value).where(_state.c.key == _key(name))
    value: str | None = session.scalar(found, execution_options=search.DOOR)
    return value


def _keep(session: ScopedSession, name: str, value: str | None) -> None:
    here = _state.c.key == _key(name)
    if value is None:
        session.execute(delete(_state).where(here), execution_options=search.DOOR)
        return
    changed: Any = session.execute(
        update(_state).where(here).values(value=value), execution_options=search.DOOR
    )
    if changed.rowcount == 0:
        row = {"key": _key(name), "value": value}
        session.execute(_state.insert(), [row], execution_options=search.DOOR)
