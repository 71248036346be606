"""Search over record types: how many are found of each, and what else may have been meant.

All of it speaks only of records and fields that the principal may see: totals are counted through
the scope, a typing error is forgiven, and another layout is tried, only towards words with which
he finds something. So neither says anything about what he may not see.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.records import search_layout, search_match, search_typing
from kontora.records.models import SearchPart, SearchWord
from kontora.records.query import grant_keys
from kontora.records.search import DOOR, terms_of
from kontora.records.search_keys import keys_of
from kontora.registry.records import RecordType

EXACTLY = 1_000
CHUNK, ENOUGH, MOST_TRIED = 40, 100, 3
_PLURALS = ("ов", "ев", "ів")
_word: Any = SearchWord.__table__
_part: Any = SearchPart.__table__


@dataclass(frozen=True, slots=True)
class Facet:
    """How many records of a type are found: exact up to 1,000, then 1,001 for “more”."""

    rtype: RecordType
    total: int

    @property
    def more(self) -> bool:
        return self.total > EXACTLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a query finds. `shown` is the query that was looked up: another than `q` when a
    typing error was forgiven. `suggestion` is what may have been meant instead."""

    q: str
    shown: str
    facets: Sequence[Facet]
    suggestion: str | None = None

    @property
    def forgiven(self) -> bool:
        return self.shown != self.q


def searched_types(session: ScopedSession) -> list[RecordType]:
    """The record types with something to search that the principal may see, best known first."""
    company = ("branches", "teams", "users")
    found = [
        rtype
        for rtype in session.registry.record_types.values()
        if any(each.searchable for each in rtype.fields)
        and any(
            session.principal.rights.scope(key, "view") for key in grant_keys(session, rtype, None)
        )
    ]
    return sorted(found, key=lambda each: (each.path in company, each.search_rank))


def find(session: ScopedSession, q: str, types: Sequence[RecordType] | None = None) -> Found:
    """Count what a query finds in some record types, or in all that the principal may see."""
    types = searched_types(session) if types is None else types
    facets = _facets(session, types, q)
    if facets or not terms_of(q):
        return Found(q=q, shown=q, facets=facets)
    if (other := _other_layout(session, types, q)) is not None:
        return Found(q=q, shown=q, facets=[], suggestion=other)
    if (near := forgiven(session, types, q)) is not None:
        return Found(q=q, shown=near, facets=_facets(session, types, near))
    return Found(q=q, shown=q, facets=[], suggestion=_unpronounceable(q))


def suggestion(session: ScopedSession, rtype: RecordType, q: str) -> str | None:
    """What may have been meant by a query that finds nothing in a list."""
    if not terms_of(q):
        return None
    other = _other_layout(session, [rtype], q)
    return other or forgiven(session, [rtype], q) or _unpronounceable(q)


def count(session: ScopedSession, rtype: RecordType, q: str, most: int = EXACTLY + 1) -> int:
    """How many records match, counted no further than `most`."""
    if not all(search_match.known(session, term) for term in terms_of(q)):
        return 0
    model: Any = rtype.model
    points = search_match.points(session, rtype, q)
    matching = select(model.id).join(points, points.c.record_id == model.id)
    if rtype.condition is not None:
        matching = matching.where(rtype.condition())
    few = matching.limit(most).subquery()
    statement = select(func.count()).select_from(few)
    return session.scalar(statement, execution_options={"beside": "search"}) or 0


def _facets(session: ScopedSession, types: Iterable[RecordType], q: str) -> list[Facet]:
    found = [Facet(rtype, count(session, rtype, q)) for rtype in types]
    return [each for each in found if each.total]


def _finds(session: ScopedSession, types: Iterable[RecordType], q: str) -> bool:
    return any(count(session, rtype, q, most=1) for rtype in types)


# Other layouts


def _other_layout(session: ScopedSession, types: Sequence[RecordType], q: str) -> str | None:
    others = search_layout.other_layouts(q)
    return next((each for each in others if _finds(session, types, each)), None)


def _unpronounceable(q: str) -> str | None:
    """The other layout of what is surely no word, even when nothing is found with it either."""
    others = search_layout.other_layouts(q)
    return next((each for each in others if search_layout.looks_mistyped(q, each)), None)


# Typing errors


def forgiven(session: ScopedSession, types: Sequence[RecordType], q: str) -> str | None:
    """The query with one typing error mended in each word that finds nothing, or None."""
    terms = terms_of(q)
    lost = [each for each in terms if not _finds(session, types, each)]
    mended = {term: _mended(session, types, term) for term in lost}
    if lost:
        if not all(mended.values()):
            return None
        whole = " ".join(mended.get(each) or each for each in terms)
        return whole if _finds(session, types, whole) else None
    # Each word is found, but not together: one of them may be another word than was meant.
    for at, term in enumerate(terms):
        for other in _near(session, types, term)[:MOST_TRIED]:
            whole = " ".join([*terms[:at], other, *terms[at + 1 :]])
            if _finds(session, types, whole):
                return whole
    return None


def _mended(session: ScopedSession, types: Sequence[RecordType], term: str) -> str | None:
    """The word near a term that stands in the most records."""
    return next(iter(_near(session, types, term)), None)


def _near(session: ScopedSession, types: Sequence[RecordType], term: str) -> list[str]:
    """Words one typing error away from a term, or else from its stem or other spelling, that
    stand in records and fields which the principal sees; those in the most records first."""
    return _seen(session, types, _near_words(session, term)) or _seen(
        session, types, _near_keys(session, term)
    )


def _near_words(session: ScopedSession, term: str) -> dict[str, int]:
    wanted = search_typing.near(term)
    if len(term) > search_typing.SHORTEST and term.endswith(_PLURALS):
        wanted.append(term[:-2])
    found = select(_word.c.word, _word.c.id).where(_word.c.word.in_(wanted))
    return _pairs(session, found) if wanted else {}


def _near_keys(session: ScopedSession, term: str) -> dict[str, int]:
    keys = keys_of(term)
    near = {each for key in keys.keys for each in search_typing.near(key)} if keys else set()
    if keys is None or not near:
        return {}
    wanted = [script + each for each in sorted(near) for script in (keys.script, keys.other)]
    found = select(_word.c.word, _word.c.id).join(_part, _part.c.word_id == _word.c.id)
    return _pairs(session, found.where(_part.c.part.in_(wanted)))


def _pairs(session: ScopedSession, statement: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in session.execute(statement, execution_options=DOOR)}


def _seen(session: ScopedSession, types: Sequence[RecordType], words: dict[str, int]) -> list[str]:
    """Those of some words that stand where the principal looks. The dictionary holds the words
    of all records, so none may take part before the scope has found it in one."""
    counts = dict.fromkeys(sorted(words), 0)
    ordered = list(counts)
    for rtype in {each.entity: each for each in types}.values() if len(types) > 1 else types:
        for start in range(0, len(ordered), CHUNK):
            chunk = ordered[start : start + CHUNK]
            ids = [words[each] for each in chunk]
            for word, number in zip(
                chunk, search_match.counts(session, rtype, ids, ENOUGH), strict=True
            ):
                counts[word] += number
    return sorted((each for each in ordered if counts[each]), key=lambda w: (-counts[w], w))
