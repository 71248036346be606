"""An erasure in short transactions, so that nobody waits long for it.

First all that can be many: activities with nobody else, texts in logs, files of imports; each
slice can be the last one for a while, since what is blank already is not found again. Then, in
one transaction, the person himself; last the values in his change log: until then his texts are
there by which the rest is found.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, select

from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.db import traces
from kontora.parties.activities import Activity, ActivityParty
from kontora.privacy import erase, sweep, tables, values, words
from kontora.records.files import erasure
from kontora.records.files.models import File
from kontora.records.models import ChangeRow
from kontora.work import mail_message

BATCH = 25
SLICE_SECONDS = 0.04
Slice = Callable[[], AbstractContextManager[ScopedSession]]
Say = Callable[[int, int | None], None]
_activity: Any = Activity.__table__
_with: Any = ActivityParty.__table__
_change: Any = ChangeRow.__table__
_file: Any = File.__table__


def prepare(site: Any, slice: Slice, party_id: UUID, say: Say) -> tuple[dict[str, int], list[str]]:
    """All but the last transaction; returns what was touched, and the texts of the person."""
    counts = {"activity": 0, "import_file": 0}
    with site.read(system("privacy")) as session:
        total = _left(tables.connection_of(session), party_id)
        texts = erase.subject(session, party_id).texts
    more = True
    while more:
        with slice() as session:
            done = blank_activities(session, party_id)
        counts["activity"] += done
        say(counts["activity"], total)
        more = done > 0
    for path in list(sweep.files(site.settings.home, texts)):
        path.unlink(missing_ok=True)
        counts["import_file"] += 1
    for name, number in clean_logs(site, slice, party_id, texts).items():
        counts[name] = counts.get(name, 0) + number
    return counts, texts


def finish(
    session: ScopedSession, party_id: UUID, by: Principal, before: dict[str, int]
) -> dict[str, int]:
    """The transaction of the person himself. Returns all that was touched."""
    found = erase.erase(session, party_id, by, skip=erase.BY_SLICES)
    names = {*found, *before}
    both = {name: found.get(name, 0) + before.get(name, 0) for name in sorted(names)}
    return {name: number for name, number in both.items() if number}


def is_finished(session: ScopedSession, party_id: UUID, since: datetime) -> bool:
    """Whether `finish` was done since then, so that only the history is left to do."""
    found = select(_change.c.id).where(
        _change.c.entity == "party",
        _change.c.record_id == party_id,
        _change.c.verb == "erase",
        _change.c.at >= since,
    )
    return tables.connection_of(session).execute(found.limit(1)).first() is not None


def blank_history(slice: Slice, party_id: UUID) -> int:
    """Take the values out of his change log, in slices; returns how many lines."""
    number = 0
    after: int | None = 0
    while after is not None:
        with slice() as session:
            done, after = _blank_lines(session, party_id, after)
        number += done
    return number


def _blank_lines(session: ScopedSession, party_id: UUID, after: int) -> tuple[int, int | None]:
    began, done = time.monotonic(), 0
    on = tables.connection_of(session)
    traces.overwrite_deleted(on)
    while not done or time.monotonic() - began < SLICE_SECONDS:
        mine = (_change.c.entity == "party") & (_change.c.record_id == party_id)
        lines = select(_change.c.id, _change.c.diff).where(
            mine, _change.c.diff.is_not(None), _change.c.id > after
        )
        rows = on.execute(lines.order_by(_change.c.id).limit(BATCH)).all()
        if not rows:
            return done, None
        said = {text for row in rows for text in values.said_in(row.diff)}
        found = words.of_texts(on, said)
        erase.blank_log(on, _change.c.id.in_([row.id for row in rows]))
        words.forget_unused(on, found)
        after, done = rows[-1].id, done + len(rows)
    return done, after


def _alone(party_id: UUID) -> Any:
    """The activities with nobody else that say something yet."""
    other = _with.alias()
    shared = select(other.c.party_id).where(
        other.c.activity_id == _with.c.activity_id, other.c.party_id != party_id
    )
    blank = (_activity.c.subject == values.ERASED) & _activity.c.body.is_(None)
    return (
        select(_with.c.activity_id)
        .join(_activity, _activity.c.id == _with.c.activity_id)
        .where(_with.c.party_id == party_id, ~shared.exists(), ~blank)
    )


def _left(connection: Connection, party_id: UUID) -> int:
    found = select(sa.func.count()).select_from(_alone(party_id).subquery())
    return int(connection.execute(found).scalar_one())


def blank_activities(session: ScopedSession, party_id: UUID) -> int:
    """Blank activities of his alone for at most 40 ms, with their log, files and what finds
    them; returns how many."""
    began, done = time.monotonic(), 0
    on = tables.connection_of(session)
    traces.overwrite_deleted(on)
    while not done or time.monotonic() - began < SLICE_SECONDS:
        ids = list(on.execute(_alone(party_id).limit(BATCH)).scalars())
        if not ids:
            break
        found = words.of_ids(on, ids) | words.of_texts(on, values.once_said(on, ids))
        files = select(_file.c.record_id).where(
            _file.c.entity == "activity", _file.c.record_id.in_(ids)
        )
        for each in set(on.execute(files).scalars()):
            erasure.remove_all(session, "activity", each)
        empty: dict[str, Any] = {"subject": values.ERASED, "body": None, "custom": {}}
        on.execute(sa.update(_activity).where(_activity.c.id.in_(ids)).values(**empty))
        erase.blank_log(on, (_change.c.entity == "activity") & _change.c.record_id.in_(ids))
        words.forget(on, ids)
        words.forget_unused(on, found)
        done += len(ids)
    return done


def clean_logs(site: Any, slice: Slice, party_id: UUID, texts: list[str]) -> dict[str, int]:
    """Take him out of rows that name him: looked for without a lock, cleaned in slices. His own
    change log stays for the last transaction."""
    counts: dict[str, int] = {}
    with site.read(system("privacy")) as session:
        connection = tables.connection_of(session)
        known = tables.all_tables(connection, session.registry)
        own = set(erase.own_changes(connection, party_id))
        found = [
            each
            for each in sweep.find(connection, known, party_id, texts)
            if each.table.name != "change" or each.key[0] not in own
            if each.table.name != "party" or each.key[0] != party_id
        ]
    for some in _chunks(found):
        with slice() as session:
            for name in _clean(session, some, party_id, texts):
                counts[name] = counts.get(name, 0) + 1
    return counts


def _clean(
    session: ScopedSession, some: list[sweep.Found], party_id: UUID, texts: list[str]
) -> Iterator[str]:
    on = tables.connection_of(session)
    traces.overwrite_deleted(on)
    again: dict[str, list[UUID]] = {}
    before: set[int] = set()
    for each in some:
        fresh = sweep.read_again(on, each)
        if fresh is None:
            continue
        entity = sweep.SEARCHED.get(each.table.name)
        if entity:
            before |= words.of_records(on, [(entity, each.key[0])])
        if each.table.name == "mail_message":
            mail_message.forget(erase.home_of(session), each.key[0])
        if sweep.clean(on, fresh, party_id, texts):
            yield each.table.name
            if entity:
                again.setdefault(entity, []).append(each.key[0])
    session.expire_all()
    with session.with_deleted():
        for entity, ids in again.items():
            words.index_again(session, entity, ids)
    words.forget_unused(on, before)


def _chunks(found: list[sweep.Found]) -> Iterator[list[sweep.Found]]:
    for start in range(0, len(found), BATCH):
        yield found[start : start + BATCH]
