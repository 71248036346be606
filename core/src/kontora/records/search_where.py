"""In which file of a record the words of a query stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from kontora.access.session import ScopedSession
from kontora.records import search_texts
from kontora.records.files.holders import FIELD
from kontora.records.files.models import File
from kontora.records.models import SearchPosting
from kontora.records.search import DOOR, terms_of
from kontora.records.search_match import words_near

_posting: Any = SearchPosting.__table__


def files_with(
    session: ScopedSession, entity: str, record_ids: Sequence[UUID], query: str
) -> dict[UUID, str]:
    """The name of a file in which a word of the query stands, by record; the names come through
    the scope of the files."""
    terms = terms_of(query)
    if not terms or not record_ids or session.principal.rights.hides(entity, FIELD):
        return {}
    ways = (_posting.c.word_id.in_(words_near(term)) for term in terms)
    found = select(_posting.c.record_id, _posting.c.field).where(
        _posting.c.record_id.in_(list(record_ids)),
        _posting.c.entity == entity,
        search_texts.is_of(_posting.c.field, FIELD),
        or_(*ways),
    )
    rows = session.execute(found.distinct(), execution_options=DOOR)
    parts = {UUID(row.field.partition(search_texts.MARK)[2]): row.record_id for row in rows}
    if not parts:
        return {}
    named = select(File.id, File.name).where(File.id.in_(parts)).order_by(File.name.desc())
    return {parts[row.id]: row.name for row in session.execute(named)}
