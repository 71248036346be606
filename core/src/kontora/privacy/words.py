"""The search index after an erasure: records that named the person, and words nobody else uses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, select

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.records import search
from kontora.records.models import SearchPart, SearchPosting, SearchWord
from kontora.records.read import serialise

_posting: Any = SearchPosting.__table__
_word: Any = SearchWord.__table__
_part: Any = SearchPart.__table__
CHUNK = 500


def folded(name: str) -> str:
    """The name as lists are sorted by it."""
    return fold(name)[:200]


def of_records(connection: Connection, records: Iterable[tuple[str, UUID]]) -> set[int]:
    """The words under which these records are found."""
    found: set[int] = set()
    for entity, record_id in records:
        here = (_posting.c.entity == entity, _posting.c.record_id == record_id)
        found |= set(connection.execute(select(_posting.c.word_id).where(*here)).scalars())
    return found


def of_ids(connection: Connection, ids: Iterable[UUID]) -> set[int]:
    """The words under which records of whatever type are found."""
    wanted, found = list(ids), set[int]()
    for start in range(0, len(wanted), CHUNK):
        here = _posting.c.record_id.in_(wanted[start : start + CHUNK])
        found |= set(connection.execute(select(_posting.c.word_id).where(here)).scalars())
    return found


def of_texts(connection: Connection, texts: Iterable[str]) -> set[int]:
    """The words of the index that stand in these texts."""
    wanted = sorted({word for each in texts for word in search.words_of(each)})
    wanted += sorted({word for each in texts for word in search.digits_of(each)})
    found: set[int] = set()
    for start in range(0, len(wanted), CHUNK):
        some = select(_word.c.id).where(_word.c.word.in_(wanted[start : start + CHUNK]))
        found |= set(connection.execute(some).scalars())
    return found


def forget(connection: Connection, ids: Iterable[UUID]) -> dict[str, set[UUID]]:
    """Take records out of the index, of plugins that are off as well; return them by entity."""
    here = _posting.c.record_id.in_(list(ids))
    found: dict[str, set[UUID]] = {}
    pairs = select(_posting.c.entity, _posting.c.record_id).where(here).distinct()
    for entity, record_id in connection.execute(pairs).all():
        found.setdefault(entity, set()).add(record_id)
    connection.execute(sa.delete(_posting).where(here))
    return found


def forget_unused(connection: Connection, words: Iterable[int]) -> int:
    """Delete those of the words that no record uses any more, with their endings."""
    wanted, gone = sorted(words), 0
    for start in range(0, len(wanted), CHUNK):
        some = wanted[start : start + CHUNK]
        used = select(_posting.c.word_id).where(_posting.c.word_id.in_(some))
        unused = sorted(set(some) - set(connection.execute(used).scalars()))
        connection.execute(sa.delete(_part).where(_part.c.word_id.in_(unused)))
        gone += connection.execute(sa.delete(_word).where(_word.c.id.in_(unused))).rowcount
    return gone


def index_again(session: ScopedSession, entity: str, ids: Iterable[UUID]) -> None:
    """Write the entries of records anew from what they say now."""
    session.info.pop(search.KEPT, None)
    for record_id in ids:
        rtype: Any = session.registry.of_entity(entity)
        if rtype is None:
            continue
        model: Any = rtype.model
        record = session.scalars(select(model).where(model.id == record_id)).one_or_none()
        if record is None:
            continue
        kind = getattr(record, "kind", None) if rtype.kinds else None
        rtype = session.registry.of_entity(entity, kind) or rtype
        fields = [each for each in rtype.fields if each.searchable and each.applies_to(kind)]
        shown = serialise(session, rtype, [record], fields, custom=False)[0]
        search.index(session, entity, record_id, search.document(rtype, shown))
