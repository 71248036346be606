"""The search index: folded words, and their inner parts, per field of a record.

Words are kept once (`search_word`) with all their endings of three and more characters
(`search_part`), so that an inner part is a prefix of an ending: one range in one index. Beside
them stand keys for other forms and spellings (`search_keys`). What stands where is in
`search_posting`, apart by field, so that fields which a role may not see influence nothing for
it. `search_match` reads it. Index and query pass the same normaliser.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, insert, not_, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.records import search_texts
from kontora.records.models import SearchPart, SearchPosting, SearchWord
from kontora.records.search_keys import marked
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType

DOOR = {"door": "search"}
LONGEST, SHORTEST_PART, MOST_WORDS = 64, 3, 2_000
MOST_WORDS_OF_TEXT = 10_000
# Where a session keeps the words that it has looked up, until it writes some.
KEPT = "search_words"
_WORD = re.compile(r"\w+", re.UNICODE)
_PIECE = re.compile(r"[^\W_]+")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_PHONE = re.compile(r"[\d\s()+\-./]+")
_word: Any = SearchWord.__table__
_part: Any = SearchPart.__table__
_posting: Any = SearchPosting.__table__


def words_of(text: str) -> set[str]:
    """The words under which a text is found; an e-mail address or a web address also whole."""
    folded = fold(text)
    found = {word[:LONGEST] for word in _WORD.findall(folded)}
    for piece in folded.split():
        if "@" in piece:
            found.add(piece.strip("<>(),;")[:LONGEST])
    return found


def digits_of(text: str) -> set[str]:
    """A phone number as its digits."""
    digits = re.sub(r"\D", "", text)
    return {digits[:LONGEST]} if digits else set()


def terms_of(query: str) -> list[str]:
    """What somebody typed, as words to look up: a phone in any form becomes one term."""
    query = _UNSTORABLE.sub(" ", query[:500])
    if _PHONE.fullmatch(query) and len(digits := re.sub(r"\D", "", query)) >= 4:
        # 8 (495) … and 0 (44) … are national forms of +7 495 … and +380 44 …
        if len(digits) == 11 and digits[0] == "8":
            digits = digits[1:]
        return [digits.lstrip("0") or digits]
    terms: list[str] = []
    for piece in fold(query).split():
        if "@" in piece:
            terms.append(piece[:LONGEST])
        else:
            terms += [word[:LONGEST] for word in _WORD.findall(piece)]
    return list(dict.fromkeys(terms))[:10]


def refers(field: Field) -> bool:
    """Whether a searchable field is found by the names of the records that it refers to."""
    collection = field.collection
    if not field.searchable or (collection is not None and not collection.single):
        return False
    inner = collection.fields[0] if collection is not None else field
    return inner.type is FieldType.REFERENCE


# Writing


def document(rtype: RecordType, shown: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """The index entries of a record as shown by the API: (word, field) → weight."""
    return entries_of(rtype, {each.name: _value(shown, each) for each in rtype.fields})


def entries_of(rtype: RecordType, values: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """The index entries of some values by field name: (word, field) → weight."""
    found: dict[tuple[str, str], int] = {}
    for field in rtype.fields:
        if not field.searchable or field.shortcut or refers(field):
            continue
        for word in _words_in(field, values.get(field.name)):
            found[word, field.name] = field.searchable
            if len(found) >= MOST_WORDS:
                return found
    return found


def _value(shown: Mapping[str, Any], field: Field) -> Any:
    inside = shown.get(field.namespace) if field.namespace else shown
    return (inside or {}).get(field.short_name)


def _words_in(field: Field, value: Any) -> set[str]:
    if value is None:
        return set()
    if field.collection is not None and field.collection.single:
        return set().union(*(words_of(str(each)) for each in value))
    if field.collection is not None:
        return set().union(*(_words_in_row(field.collection.fields, row) for row in value))
    if field.type is FieldType.PHONE:
        return digits_of(str(value))
    return words_of(str(value))


def _words_in_row(fields: Iterable[Field], row: Mapping[str, Any]) -> set[str]:
    found: set[str] = set()
    for each in fields:
        value = row.get(each.name)
        # The name of another record is for those who may see that one, too.
        if each.searchable and value is not None and each.type is not FieldType.REFERENCE:
            phone = row.get("kind") in ("phone", "fax", "messenger")
            text = str(value)
            found |= digits_of(text) if phone and digits_of(text) else words_of(text)
    return found


def index(
    session: ScopedSession,
    entity: str,
    record_id: UUID,
    entries: Mapping[tuple[str, str], int],
    *,
    fields: Iterable[str] | None = None,
    fresh: bool = False,
) -> None:
    """Write the entries of a record; what stood there before and is not among them goes.

    With `fields` only these are looked at, without them all that do not come from a text; a
    `fresh` record has no entries yet.
    """
    at = and_(_posting.c.entity == entity, _posting.c.record_id == record_id)
    if fields is not None:
        at = and_(at, _posting.c.field.in_(sorted(fields)))
    else:
        for pseudo in search_texts.sources():
            at = and_(at, not_(search_texts.is_of(_posting.c.field, pseudo)))
    before: set[tuple[int, str]] = set()
    if not fresh:
        columns = select(_posting.c.word_id, _posting.c.field).where(at)
        before = {(row[0], row[1]) for row in session.execute(columns, execution_options=DOOR)}
    ids = _ensure_words(session, {word for word, _field in entries})
    wanted = {(ids[word], field): weight for (word, field), weight in entries.items()}
    if gone := before - wanted.keys():
        by_field: dict[str, list[int]] = {}
        for word_id, field in gone:
            by_field.setdefault(field, []).append(word_id)
        ways = [
            and_(_posting.c.field == field, _posting.c.word_id.in_(some))
            for field, some in by_field.items()
        ]
        session.execute(delete(_posting).where(at, or_(*ways)), execution_options=DOOR)
    rows = [
        {
            "word_id": word_id,
            "entity": entity,
            "record_id": record_id,
            "field": field,
            "weight": weight,
        }
        for (word_id, field), weight in wanted.items()
        if (word_id, field) not in before
    ]
    if rows:
        session.execute(insert(_posting), rows, execution_options=DOOR)


def index_text(
    session: ScopedSession, entity: str, record_id: UUID, field: str, text: str, part: str = ""
) -> None:
    """Make a record findable by a text beside its fields, for example of a file.

    `field` is a pseudo-field such as `files`; it is hidden like any field of that name. `part`
    tells several texts of one record apart (the id of the file). An empty text takes it out.
    The source of the text must be told (`search_texts.add_source`), so that a reindex finds it.
    """
    name = search_texts.place(field, part)
    words = sorted(words_of(text))[:MOST_WORDS_OF_TEXT]
    index(session, entity, record_id, dict.fromkeys(((w, name) for w in words), 1), fields=[name])


def forget(session: ScopedSession, entity: str, record_ids: Iterable[UUID]) -> None:
    """Take records out of the index."""
    gone = delete(_posting).where(
        _posting.c.entity == entity, _posting.c.record_id.in_(list(record_ids))
    )
    session.execute(gone, execution_options=DOOR)


def _ensure_words(session: ScopedSession, words: set[str]) -> dict[str, int]:
    """The ids of words; unknown ones are added with their endings."""
    known = _known_words(session, words)
    if missing := sorted(words - known.keys()):
        # In order, so that two writers who add the same words never wait for each other crosswise.
        session.info.pop(KEPT, None)
        added = _add_words(session, missing)
        add_parts(session, added)
        known |= added
    return known


def add_parts(session: ScopedSession, words: Mapping[str, int]) -> None:
    """Write the endings and keys of words; those that stand there stay."""
    parts = [
        {"part": part, "word_id": word_id}
        for word, word_id in sorted(words.items())
        for part in parts_of(word)
    ]
    _insert_ignoring(session, _part, parts)


def parts_of(word: str) -> list[str]:
    """The endings of a word, and the keys that stand for its other forms and spellings.

    An e-mail address has only those that begin with one of its words or with @: the others are
    found by its words, which stand beside it.
    """
    if "@" in word:
        local = word.partition("@")[0]
        starts = {0, len(local), *(each.start() for each in _PIECE.finditer(local))}
        return [word[start:] for start in sorted(starts)]
    endings = [word[start:] for start in range(max(1, len(word) - SHORTEST_PART + 1))]
    return [*endings, *marked(word)]


def _add_words(session: ScopedSession, words: list[str]) -> dict[str, int]:
    rows = [{"word": word} for word in words]
    added: dict[str, int] = {}
    for start in range(0, len(rows), 500):
        statement = _ignoring(session, _word).values(rows[start : start + 500])
        statement = statement.returning(_word.c.word, _word.c.id)
        added |= {row[0]: row[1] for row in session.execute(statement, execution_options=DOOR)}
    # Those that another writer added in the meantime are not returned.
    return added | _known_words(session, set(words) - added.keys())


def _ignoring(session: ScopedSession, table: Any) -> Any:
    dialect = session.get_bind().dialect.name
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def _known_words(session: ScopedSession, words: set[str]) -> dict[str, int]:
    if not words:
        return {}
    found = select(_word.c.word, _word.c.id).where(_word.c.word.in_(sorted(words)))
    return {row[0]: row[1] for row in session.execute(found, execution_options=DOOR)}


def _insert_ignoring(session: ScopedSession, table: Any, rows: list[dict[str, Any]]) -> None:
    # Rows as parameters, not as text: one shape of statement, compiled once.
    for start in range(0, len(rows), 500):
        statement = _ignoring(session, table)
        session.execute(statement, rows[start : start + 500], execution_options=DOOR)
