"""Fill a site with the crowd by rows written straight into its tables, a million in some minutes.

What the record service would write, `test_fill` compares: parties with their parts, reach, search
index, log and owners. Indexes and foreign keys of PostgreSQL go before and come back after.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import psycopg
import pysqlite3
from sqlalchemy import Table, func, select

from kontora import clock
from kontora.access.models import Branch, Ownership, Team, User
from kontora.access.scope_table import PartyScope
from kontora.db.fold import fold
from kontora.ids import new_id
from kontora.lifecycle.site import Site
from kontora.parties.activities import Activity, ActivityParty
from kontora.parties.cleaning import clean_point
from kontora.parties.models import Affiliation, ContactPoint, Organisation, Party, Person
from kontora.records import search
from kontora.records.models import ChangeRow, SearchPart, SearchPosting, SearchWord
from tests.bench import crowd

SLICE = 10_000
_MODELS: tuple[Any, ...] = (
    *(Party, Person, Organisation, ContactPoint, Affiliation, Activity, ActivityParty),
    *(PartyScope, ChangeRow, Ownership, SearchWord, SearchPosting, SearchPart),
)
NAMED: tuple[Any, ...] = (Party, Activity, User, Branch, Team)
TABLES: tuple[Table, ...] = tuple(model.__table__ for model in _MODELS)
_word: Any = SearchWord.__table__
_logs: tuple[Any, Any] = (ChangeRow.__table__, Ownership.__table__)
_COUNTED: tuple[Table, ...] = (*_logs, _word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose a party is: every firm with its people belongs to one of them, in turn."""

    user: uuid.UUID
    branch: uuid.UUID


Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(slots=True)
class Maker:
    """Makes the rows of parties, in the order of their numbers."""

    owners: Sequence[Owner]
    weights: dict[str, int]
    dialect: Any
    now: datetime = field(default_factory=clock.now)
    pace: timedelta = timedelta(0)
    words: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    firm: uuid.UUID = field(default_factory=new_id)
    rows: Rows = field(default_factory=dict)

    def add(self, number: int) -> uuid.UUID:
        """Make all rows of one party; returns its id."""
        self.now += self.pace
        owner = self.owners[number // crowd.FIRM % len(self.owners)]
        data = crowd.party(number)
        party = new_id()
        name = data.get("display_name") or f"{data['given']} {data['family']}"
        shown = {**data, "display_name": name}
        own = {"owner_id": owner.user, "branch_id": owner.branch}
        times = {"created_at": self.now, "updated_at": self.now}
        firm = crowd.is_firm(number)
        done = {}
        if crowd.has_activities(number):
            done = {"last_contact_at": self.now, "next_activity_at": self.now + timedelta(days=7)}
        self._row(
            Party,
            {"id": party, "kind": data["kind"], "display_name": name, "custom": {}, "version": 1}
            | {"sort_key": fold(name)[:200], "is_counterparty": firm, **own, **times, **done},
        )
        if firm:
            self.firm = party
            self._row(Organisation, {"party_id": party, "industry": data["industry"]})
        else:
            part = {"party_id": party, "given": data["given"], "family": data["family"]}
            self._row(Person, part)
            place = {"person_id": party, "organisation_id": self.firm, "title": "Buyer"}
            self._row(Affiliation, {"id": new_id(), **place})
        shown["points"] = self._points(party, data)
        for scope in {owner.user, owner.branch}:
            reach = {"scope_id": scope, "party_id": party, "sort_key": fold(name)[:200]}
            self._row(PartyScope, {**reach, "own": True, "inherited": not firm})
        self._log("party", party, own)
        self._index("party", party, shown)
        if done:
            self._activities(party, own, times, shown["display_name"])
        return party

    def _points(self, party: uuid.UUID, data: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for position, kind in enumerate(("email", "phone")):
            row = clean_point({"kind": kind, "value": data[kind]})
            found.append(row)
            values = {"id": new_id(), "party_id": party, "kind": kind, "value": row["value"]}
            values |= {"raw": row["raw"], "normalised": row["normalised"], "is_primary": True}
            self._row(ContactPoint, {**values, "position": position})
        return found

    def _log(self, entity: str, record: uuid.UUID, own: dict[str, Any]) -> None:
        who = {"principal_kind": "system", "principal_name": "bench"}
        about = {"at": self.now, "entity": entity, "record_id": record}
        self._row(ChangeRow, {**about, "verb": "create", "version": 1, **who})
        values = {"entity": entity, "record_id": record, **own, "valid_from": self.now}
        self._row(Ownership, {**values, "changed_by": "bench", "changed_by_kind": "system"})

    def _index(self, entity: str, record: uuid.UUID, shown: dict[str, Any]) -> None:
        for name, weight in self.weights.items():
            kind, _colon, field_name = name.partition(":")
            value = shown.get(field_name) if kind == entity else None
            for word in _words(value):
                posting = {"word_id": self._word(word), "entity": entity, "record_id": record}
                self._row(SearchPosting, {**posting, "field": field_name, "weight": weight})

    def _word(self, word: str) -> int:
        if (found := self.words.get(word)) is None:
            found = self.words[word] = self.counts["search_word"] + 1
            self._row(SearchWord, {"word": word})
            for part in dict.fromkeys(search.parts_of(word)):
                self._row(SearchPart, {"part": part, "word_id": found})
        return found

    def _activities(
        self, party: uuid.UUID, own: dict[str, Any], times: dict[str, Any], name: str
    ) -> None:
        later = self.now + timedelta(days=7)
        when: tuple[tuple[str, dict[str, Any]], ...] = (
            ("done", {"done_at": self.now, "at": self.now}),
            ("planned", {"due_at": later, "at": later}),
        )
        for state, dates in when:
            activity = new_id()
            subject = f"Call {state}"
            common = {"id": activity, "kind": "call", "subject": subject, "state": state}
            self._row(Activity, {**common, **dates, **own, **times, "custom": {}, "version": 1})
            self._row(ActivityParty, {"activity_id": activity, "party_id": party})
            self._log("activity", activity, own)
            self._index("activity", activity, {"subject": subject})

    def _row(self, model: Any, values: dict[str, Any]) -> None:
        table = model.__table__
        if table in _COUNTED:
            number = self.counts[table.name] = self.counts[table.name] + 1
            values = {"id": number, **values}
        made = tuple(
            default if key not in values else process(values[key]) if process else values[key]
            for key, process, default in _columns(table, self.dialect)
        )
        self.rows.setdefault(table.name, []).append(made)


@cache
def _columns(table: Table, dialect: Any) -> list[tuple[str, Callable[[Any], Any] | None, Any]]:
    """Each column: its key, what turns a value into the driver's, and its default."""
    found: list[tuple[str, Callable[[Any], Any] | None, Any]] = []
    for column in table.columns:
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        given: Any = column.default
        default = given.arg if given is not None and given.is_scalar else None
        found.append((column.key, process, default))
    return found


def _words(value: Any) -> set[str]:
    if isinstance(value, list):
        return {word for row in value for word in _words_of_point(row)}
    return _text_words(value) if value else set()


def _words_of_point(row: dict[str, Any]) -> set[str]:
    of = search.digits_of if row["kind"] == "phone" else search.words_of
    return of(row["value"])


@cache
def _text_words(text: str) -> set[str]:
    return search.words_of(text)


def fill(
    site: Site,
    owners: Sequence[Owner],
    numbers: Iterable[int],
    pace: timedelta = timedelta(0),
) -> list[uuid.UUID]:
    """Write the parties of these numbers into a site that has none, one each `pace`; returns
    their ids."""
    types = site.registry.record_types
    weights = {
        f"{entity}:{each.name}": each.searchable
        for entity, path in (("party", "counterparties"), ("activity", "activities"))
        for each in types[path].fields
        if each.searchable and not each.shortcut and not search.refers(each)
    }
    engine = site.database.write_engine
    maker = Maker(owners=owners, weights=weights, dialect=engine.dialect, pace=pace)
    with engine.connect() as connection:  # users and branches have some words and a log already
        for table in _COUNTED:
            maker.counts[table.name] = connection.scalar(select(func.max(table.c.id))) or 0
        known = connection.execute(select(_word.c.word, _word.c.id))
        maker.words = {row.word: row.id for row in known}
    load = _postgresql if engine.dialect.name == "postgresql" else _sqlite
    return load(site, _made(maker, numbers))


def _made(maker: Maker, numbers: Iterable[int]) -> Iterator[tuple[list[uuid.UUID], Rows]]:
    """Slices of parties: their ids, and their rows by table."""
    ids: list[uuid.UUID] = []
    for number in numbers:
        ids.append(maker.add(number))
        if len(ids) == SLICE:
            yield ids, maker.rows
            ids, maker.rows = [], {}
    yield ids, maker.rows


def _postgresql(site: Site, slices: Iterable[tuple[list[uuid.UUID], Rows]]) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    url = site.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        later = _without_indexes(connection)
        for ids, rows in slices:
            for table in TABLES:
                _copy(connection, table, rows.get(table.name, ()))
            connection.commit()
            found += ids
        for statement in later:
            connection.execute(statement.encode())
        for table in _COUNTED:
            sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
            last = f"(SELECT coalesce(max(id), 1) FROM {table.name})"
            connection.execute(f"SELECT setval({sequence}, {last})".encode())
        connection.commit()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return found


def _copy(connection: Any, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    with connection.cursor().copy(f"COPY {table.name} ({names}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


_CONSTRAINTS = """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype IN ('p', 'u', 'f')
AND (conrelid::regclass::text = ANY(%(names)s) OR confrelid::regclass::text = ANY(%(names)s))
ORDER BY contype <> 'f', contype = 'p'"""
_INDEXES = """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid::regclass::text = ANY(%(names)s)
AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid AND contype <> 'f')"""


def _without_indexes(connection: Any) -> list[str]:
    """Drop keys and indexes of the filled tables; returns what makes them anew, in order."""
    names = {"names": [table.name for table in TABLES]}
    indexes = connection.execute(_INDEXES, names).fetchall()
    constraints = connection.execute(_CONSTRAINTS, names).fetchall()
    for table, name, _definition in constraints:
        connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
    for name, _definition in indexes:
        connection.execute(f"DROP INDEX {name}".encode())
    again = [
        f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}"
        for table, name, definition in reversed(constraints)
    ]
    return [*again, *(definition for _name, definition in indexes)]


def _sqlite(site: Site, slices: Iterable[tuple[list[uuid.UUID], Rows]]) -> list[uuid.UUID]:
    found: list[uuid.UUID] = []
    part: Any = SearchPart.__table__
    connection = pysqlite3.connect(str(site.database.path), isolation_level=None)
    for setting in ("synchronous=OFF", "cache_size=-500000", "temp_store=FILE"):
        connection.execute(f"PRAGMA {setting}")
    indexes = _sqlite_indexes(connection)
    connection.execute("BEGIN IMMEDIATE")
    for name, _definition in indexes:
        connection.execute(f"DROP INDEX {name}")
    connection.execute("CREATE TEMP TABLE parts (part TEXT, word_id INTEGER)")
    for ids, rows in slices:
        for table in TABLES:
            _insert(connection, table, "parts" if table is part else table.name, rows)
        found += ids
    # Sorted first: in the order of the words each row would go to another page of the index.
    ordered = "SELECT part, word_id FROM parts ORDER BY part, word_id"
    connection.execute(f"INSERT INTO {part.name} (part, word_id) {ordered}")
    for _name, definition in indexes:
        connection.execute(definition)
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return found


def _sqlite_indexes(connection: Any) -> list[tuple[str, str]]:
    names = ", ".join(f"'{table.name}'" for table in TABLES)
    made = "type = 'index' AND sql IS NOT NULL"
    query = f"SELECT name, sql FROM sqlite_master WHERE {made} AND tbl_name IN ({names})"
    return list(connection.execute(query).fetchall())


def _insert(connection: Any, table: Table, name: str, rows: Rows) -> None:
    if found := rows.get(table.name):
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" * len(table.columns))
        connection.executemany(f"INSERT INTO {name} ({names}) VALUES ({marks})", found)
