"""What a query finds, and how well each record fits it.

A word of the query stands for words of the dictionary: itself, those that begin with it, those of
the same stem, those that are spelled so in the other script, those that hold it inside. How near
they are is their quality; quality times the weight of the field is what a place of the index
counts. A record gets, for each word of the query, its best place. All are whole numbers, and ties
go by title and id, so that both engines give one order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    and_,
    case,
    false,
    func,
    literal,
    not_,
    select,
    union_all,
)

from kontora.access.session import ScopedSession
from kontora.records import search_texts
from kontora.records.models import SearchPart, SearchPosting, SearchWord
from kontora.records.read import part_key
from kontora.records.schema import hidden_names
from kontora.records.search import DOOR, KEPT, SHORTEST_PART, refers, terms_of
from kontora.records.search_keys import keys_of
from kontora.registry.fields import Field
from kontora.registry.records import RecordType

EXACT, BEGINNING, STEM, SPELLING, SPELLING_BEGINNING, INSIDE = 12, 8, 6, 5, 4, 3
LAST = "\U0010ffff"
RELEVANCE = "-relevance"
MOST_WORDS = 2_000
_word: Any = SearchWord.__table__
_part: Any = SearchPart.__table__
_posting: Any = SearchPosting.__table__


def matches(session: ScopedSession, rtype: RecordType, query: str) -> ColumnElement[bool]:
    """The records of a type in which each word of the query is found.

    The expression uses the index tables, so the statement needs `beside="search"`.
    """
    model: Any = rtype.model
    found: ColumnElement[bool] = model.id.in_(select(points(session, rtype, query).c.record_id))
    return found


def counts(
    session: ScopedSession, rtype: RecordType, word_ids: Sequence[int], most: int
) -> list[int]:
    """In how many records of an entity each of these words itself stands, up to `most`, in
    fields and records that the principal sees."""
    model: Any = rtype.model
    arms = []
    for at, word_id in enumerate(word_ids):
        places = select(_posting.c.record_id).where(
            _posting.c.word_id == word_id, *_own(session, rtype)
        )
        # Grouped, so that PostgreSQL begins with the places, not with the first of all records.
        held = places.group_by(_posting.c.record_id).subquery()
        few = select(model.id).join(held, held.c.record_id == model.id).limit(most).subquery()
        arms.append(select(literal(at, Integer).label("at"), func.count(few.c.id).label("n")))
    if not arms:
        return []
    found = union_all(*arms).subquery()
    rows = session.execute(
        select(found.c.at, found.c.n).order_by(found.c.at), execution_options={"beside": "search"}
    )
    return [row.n for row in rows]


def points(session: ScopedSession, rtype: RecordType, query: str) -> Any:
    """A subquery with `record_id` and `points` of all records that `matches` finds."""
    terms = terms_of(query)
    if not terms or not all(known(session, term) for term in terms):
        return _nothing().subquery()
    first, *others = [_best(session, rtype, term).subquery() for term in terms]
    total: Any = first.c.points
    source: Any = first
    for each in others:
        total = total + each.c.points
        source = source.join(each, each.c.record_id == first.c.record_id)
    statement = select(first.c.record_id, total.label("points")).select_from(source)
    return statement.subquery()


def known(session: ScopedSession, term: str) -> bool:
    """Whether a term stands for any word of the dictionary, wherever that may stand."""
    return _near(session, term) != {}


def _nothing() -> Select[Any]:
    return select(_posting.c.record_id, literal(0, Integer).label("points")).where(false())


def _best(session: ScopedSession, rtype: RecordType, term: str) -> Select[Any]:
    """By record, the best place where a term stands."""
    ways = _ways(session, rtype, term)
    found = (ways[0] if len(ways) == 1 else union_all(*ways)).subquery()
    best = func.max(found.c.points).label("points")
    return select(found.c.record_id, best).group_by(found.c.record_id)


def _ways(session: ScopedSession, rtype: RecordType, term: str) -> list[Select[Any]]:
    """The records that have a term in a field, or in the name of a record that they refer to.

    Names of others are not in the index of the record: they would be found by those who see the
    record, but not the other. They are looked up through the scope, and are never out of date.
    """
    hidden = session.principal.rights.hidden
    concealed = hidden.get(rtype.entity, frozenset())
    ways = [_places(session, term, _own(session, rtype))]
    for field in rtype.fields:
        if refers(field) and field.name not in concealed:
            target = _target(field)
            title = _title(session, target)
            if title and not hidden.get(target, frozenset()) & {title, title.partition(".")[0]}:
                ways.append(_through(session, rtype, field, term, title))
    return ways


def _target(field: Field) -> str:
    inner = field.collection.fields[0] if field.collection is not None else field
    return inner.target or ""


def _title(session: ScopedSession, entity: str) -> str:
    """The field that the records of an entity are called by."""
    if entity not in session.predicates.by_entity:
        return ""
    rtype = session.registry.of_entity(entity)
    return rtype.title if rtype is not None else ""


def _own(session: ScopedSession, rtype: RecordType) -> list[ColumnElement[bool]]:
    """Places of an entity, without those in fields that the principal may not see."""
    hidden = hidden_names(rtype, session.principal.rights)
    fields = (not_(search_texts.is_of(_posting.c.field, each)) for each in sorted(hidden))
    return [_posting.c.entity == rtype.entity, *fields]


def _through(
    session: ScopedSession, rtype: RecordType, field: Field, term: str, title: str
) -> Select[Any]:
    """Records that refer, by a field, to one whose title has the term and which may be seen."""
    link, record_id, column = _link(rtype, field)
    entity = _target(field)
    target: Any = session.predicates.by_entity[entity]
    titled = [_posting.c.entity == entity, _posting.c.field == title]
    places = _places(session, term, titled).subquery()
    seen = select(target.id).where(target.id.in_(select(places.c.record_id)))
    columns = (
        getattr(link, record_id).label("record_id"),
        literal(BEGINNING * field.searchable, Integer).label("points"),
    )
    return select(*columns).where(getattr(link, column).in_(seen))


def _link(rtype: RecordType, field: Field) -> tuple[Any, str, str]:
    """The model with a reference, and its attributes with the record's id and the other's."""
    if field.collection is not None:
        inner = field.collection.fields[0]
        return field.collection.model, field.collection.parent, inner.attribute
    if field.model is not None and field.model is not rtype.model:
        return field.model, part_key(field.model), field.attribute
    return rtype.model, "id", field.attribute


def _places(
    session: ScopedSession, term: str, conditions: list[ColumnElement[bool]]
) -> Select[Any]:
    """Where the words near a term stand: `record_id` and `points`."""
    near = _near(session, term)
    if near is None:
        found = union_all(*(select(e.c.word_id, e.c.quality) for e in _words(term))).subquery()
        best = func.max(found.c.quality).label("quality")
        words = select(found.c.word_id, best).group_by(found.c.word_id).subquery()
        source = words.join(_posting, _posting.c.word_id == words.c.word_id)
        worth = words.c.quality * _posting.c.weight
    else:
        # Ids, not a subquery: PostgreSQL would take their number for hundreds and read all places.
        conditions = [*conditions, _posting.c.word_id.in_(list(near))]
        source = _posting
        worth = _quality(near) * _posting.c.weight
    places = select(_posting.c.record_id, worth.label("points")).select_from(source)
    return places.where(*conditions)


def _quality(near: Mapping[int, int]) -> Any:
    groups: dict[int, list[int]] = {}
    for word_id, quality in near.items():
        groups.setdefault(quality, []).append(word_id)
    last, *others = sorted(groups, key=lambda each: -len(groups[each]))
    if not others:
        return literal(last, Integer)
    ways = [(_posting.c.word_id.in_(groups[each]), literal(each, Integer)) for each in others]
    return case(*ways, else_=literal(last, Integer))


def _near(session: ScopedSession, term: str) -> Mapping[int, int] | None:
    """The quality of each word that a term stands for, by id; None when they are very many."""
    kept = session.info.setdefault(KEPT, {})
    if term not in kept:
        every = union_all(*(select(e.c.word_id, e.c.quality) for e in _words(term)))
        rows = session.execute(every.limit(MOST_WORDS + 1), execution_options=DOOR).all()
        best: dict[int, int] = {}
        for word_id, quality in rows:
            best[word_id] = max(quality, best.get(word_id, 0))
        kept[term] = best if len(rows) <= MOST_WORDS else None
    found: Mapping[int, int] | None = kept[term]
    return found


def words_near(term: str) -> Any:
    """The ids of the words that a term stands for."""
    return union_all(*(select(each.c.word_id) for each in _words(term)))


def _words(term: str) -> list[Any]:
    """Subqueries with `word_id` and `quality`: the words of the dictionary near a term."""
    found = [
        _chosen(_word.c.id, EXACT, _word.c.word == term),
        _chosen(_word.c.id, BEGINNING, _begins(_word.c.word, term)),
    ]
    if len(term) >= SHORTEST_PART:
        found.append(_chosen(_part.c.word_id, INSIDE, _begins(_part.c.part, term)))
    keys = keys_of(term)
    if keys is not None:
        own = [keys.script + each for each in keys.keys]
        other = [keys.other + each for each in keys.keys]
        found.append(_chosen(_part.c.word_id, STEM, _part.c.part.in_(own)))
        found.append(_chosen(_part.c.word_id, SPELLING, _part.c.part.in_(other)))
        for each in keys.beginnings:
            begins = _begins(_part.c.part, keys.other + each)
            found.append(_chosen(_part.c.word_id, SPELLING_BEGINNING, begins))
    return found


def _chosen(column: Any, quality: int, condition: ColumnElement[bool]) -> Any:
    columns = (column.label("word_id"), literal(quality, Integer).label("quality"))
    return select(*columns).where(condition).subquery()


def _begins(column: Any, term: str) -> ColumnElement[bool]:
    # A range of the index on both engines; LIKE would depend on collations and escape signs.
    return and_(column >= literal(term, String), column < literal(term + LAST, String))
