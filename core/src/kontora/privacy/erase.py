"""Erase a person: blank what is known of him everywhere; an anonymous shell stays.

The shell keeps what others stand on: roles without names, who owned it, activities, the lines of
the consent ledger. It is the only place where values in the change log are blanked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, select

from kontora import clock
from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.db import traces
from kontora.db.types import UUIDType
from kontora.errors import Conflict, NotFound
from kontora.parties.activities import Activity, ActivityParty
from kontora.parties.consent_models import WITHDRAWN, Consent
from kontora.parties.models import Affiliation, Party, Person
from kontora.privacy import sweep, tables, values, words
from kontora.privacy.tables import Place
from kontora.records import changes, read
from kontora.records.files import erasure
from kontora.records.models import ChangeRow, SearchPosting
from kontora.registry.records import Change
from kontora.text import Text, _
from kontora.work import mail_message

NAME = "Erased person"
# Rows that stay on the shell: structure without a person.
KEPT: dict[str, Text] = {
    "party_role": _("Roles: reports of the past count on them."),
    "activity_party": _("Links to activities: what we did stays, without his data."),
    "affiliation": _("Positions: that there was somebody, without title or department."),
    "consent": _("The ledger of consents: proof of what was agreed and withdrawn (legal duty)."),
    "ownership": _("Who looked after the record."),
    "change": _("The change log: who changed which field when, without values."),
    "privacy_request": _("That he was erased, by whom and when."),
    "handover_item": _("Handovers of our own people."),
}
_OWN_WAY = frozenset({*KEPT, "person", "organisation", "file", "outbox", "reading", "mail_message"})
_party: Any = Party.__table__
_person: Any = Person.__table__
_activity: Any = Activity.__table__
_with: Any = ActivityParty.__table__
_change: Any = ChangeRow.__table__
_consent: Any = Consent.__table__
_place: Any = Affiliation.__table__
_posting: Any = SearchPosting.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A person with everything by which he is found.

    Activities: all that are `linked` to him; of them those that say something yet or have others
    in them (`known_by`), and of these those that are his `alone`.
    """

    id: UUID
    name: str
    texts: list[str]
    tables: dict[str, Any]
    places: Sequence[Place]
    alone: list[UUID]
    linked: list[UUID]
    known_by: list[UUID]
    dependents: list[UUID]


def subject(session: ScopedSession, party_id: UUID, *, texts: bool = True) -> Subject:
    """Look a person up, with or without the texts by which logs know him. Raises NotFound;
    Conflict for an organisation. For the system alone."""
    connection = tables.connection_of(session)
    row = connection.execute(select(_party).where(_party.c.id == party_id)).first()
    if row is None:
        raise NotFound(_("There is no such person."))
    if row.kind != "person":
        raise Conflict(
            _("Only people can be erased; this is an organisation."),
            _("Erase the people behind it, or move it to the bin."),
        )
    known = tables.all_tables(connection, session.registry)
    linked = list(
        connection.execute(
            select(_with.c.activity_id).where(_with.c.party_id == party_id)
        ).scalars()
    )
    mine = select(_with.c.activity_id).where(_with.c.party_id == party_id)
    others = select(_with.c.activity_id).where(
        _with.c.activity_id.in_(mine), _with.c.party_id != party_id
    )
    shared = set(connection.execute(others).scalars())
    blank = (_activity.c.subject == values.ERASED) & _activity.c.body.is_(None)
    speaking = select(_activity.c.id).where(_activity.c.id.in_(mine), ~blank)
    said = set(connection.execute(speaking).scalars())
    found = list(tables.places(connection, known))
    return Subject(
        id=party_id,
        name=row.display_name,
        texts=values.recognisable(connection, party_id, shown(session, party_id)) if texts else [],
        tables=known,
        places=found,
        dependents=_dependents(connection, found, party_id),
        alone=[each for each in linked if each in said and each not in shared],
        linked=linked,
        known_by=[each for each in linked if each in said or each in shared],
    )


def _dependents(connection: Connection, places: Sequence[Place], party_id: UUID) -> list[UUID]:
    """Records of plugins that lose their texts, or go, with him."""
    found: dict[UUID, None] = {}
    for each in places:
        table = each.table
        if table.name in _OWN_WAY or each.on_delete not in ("CASCADE", "SET NULL"):
            continue
        if "id" in table.c and isinstance(table.c.id.type, UUIDType):
            ids = connection.execute(select(table.c.id).where(each.rows(party_id))).scalars()
            found |= dict.fromkeys(ids)
    return list(found)


def shown(session: ScopedSession, party_id: UUID) -> dict[str, Any]:
    """All fields of the record, those in the bin too."""
    rtype = session.registry.of_entity("party", "person")
    with session.with_deleted():
        record = session.scalars(select(Party).where(Party.id == party_id)).one()
        fields = [each for each in rtype.fields if each.shortcut is None]
        found: dict[str, Any] = read.serialise(session, rtype, [record], fields, custom=True)[0]
        return found


def subject_name(session: ScopedSession, party_id: UUID) -> str:
    """The name that has to be typed to confirm. Raises NotFound."""
    with session.with_deleted():
        found = session.scalar(select(Party.display_name).where(Party.id == party_id))
    if found is None:
        raise NotFound(_("There is no such person."))
    return found


def own_changes(connection: Connection, party_id: UUID) -> list[int]:
    """The lines of his change log that hold values."""
    here = (_change.c.entity == "party", _change.c.record_id == party_id)
    return list(
        connection.execute(select(_change.c.id).where(*here, _change.c.diff.is_not(None))).scalars()
    )


def home_of(session: ScopedSession) -> Path:
    """The data folder of the site."""
    return Path(session.site.settings.home)


STEPS = (
    "own_rows",
    "history",
    "activities",
    "logs",
    "files",
    "mails",
    "imports",
    "search",
)


# What an erasure in slices does before and after its last transaction.
BY_SLICES = frozenset({"logs", "imports", "history"})


def erase(
    session: ScopedSession, party_id: UUID, by: Principal, *, skip: Iterable[str] = ()
) -> dict[str, int]:
    """Erase in this transaction; return how many rows of each table were touched.

    `skip` leaves steps out, for the tests that prove that each is needed.
    """
    without = set(skip)
    him = subject(session, party_id, texts=not {"logs", "imports"} <= without)
    connection = tables.connection_of(session)
    traces.overwrite_deleted(connection)
    counts: Counter[str] = Counter()
    left = [each for each in STEPS if each not in without]
    with session.with_deleted():
        before = words.of_records(connection, [("party", party_id)])
        before |= words.of_records(connection, [("activity", each) for each in him.known_by])
        before |= words.of_ids(connection, him.dependents)
        # Words that only an earlier value had stand in the index without a record.
        own = [] if without >= BY_SLICES else [party_id]
        once = values.once_said(connection, [*own, *him.alone, *him.dependents])
        before |= words.of_texts(connection, once)
        _withdraw(session, party_id, by)
        for step in left:
            _DO[step](session, connection, him, counts)
        if without >= BY_SLICES:
            _forget_dependents(connection, him, counts)
        if "search" in left:
            words.forget_unused(connection, before)
        _shell(connection, him, counts)
        session.expire_all()
    change = Change(
        entity="party", record_id=party_id, kind="person", verb="erase", before={}, after={}
    )
    changes.write(session, change, 0, by=by)
    return {name: number for name, number in sorted(counts.items()) if number}


def _withdraw(session: ScopedSession, party_id: UUID, by: Principal) -> None:
    """All consents end with him."""
    now = clock.now()
    connection = tables.connection_of(session)
    here = _consent.c.party_id == party_id
    pairs = select(_consent.c.purpose, _consent.c.channel).where(here).distinct()
    for purpose, channel in connection.execute(pairs).all():
        row = {"purpose": purpose, "channel": channel, "state": WITHDRAWN, "basis": "request"}
        more = {"valid_from": now, "at": now, "who": by.name, "source": "", "party_id": party_id}
        connection.execute(_consent.insert().values(**row, **more))
    blank = {"proof": None, "source": "", "file_id": None}
    connection.execute(sa.update(_consent).where(here).values(**blank))


def _own_rows(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    """His rows in all tables: gone where they would go with the record, else loosened."""
    for each in him.places:
        name = each.table.name
        if name in _OWN_WAY and name not in ("outbox", "reading"):
            continue
        here = each.rows(him.id)
        if name == "webhook_delivery":
            done = on.execute(sa.update(each.table).where(here).values(error=None, answer=None))
        elif name == "outbox":
            done = on.execute(sa.update(each.table).where(here).values(payload={}))
        elif each.on_delete in ("CASCADE", tables.BY_ENTITY):
            done = on.execute(sa.delete(each.table).where(here))
        elif each.on_delete == "SET NULL":
            blank = {**_blank(each.table), each.column: None}
            done = on.execute(sa.update(each.table).where(here).values(blank))
        else:
            continue
        counts[name] += done.rowcount
    empty = dict.fromkeys(("given", "family", "middle", "birth_date", "gender"))
    on.execute(sa.update(_person).where(_person.c.party_id == him.id).values(**empty))
    bare = {"title": None, "department": None, "functions": None}
    on.execute(sa.update(_place).where(_place.c.person_id == him.id).values(**bare))
    gone: dict[str, Any] = {"display_name": NAME, "notes": None, "custom": {}}
    on.execute(sa.update(_party).where(_party.c.id == him.id).values(**gone))
    counts["party"] += 1


def _blank(table: Any) -> dict[str, Any]:
    """Free texts of a row that spoke of him: emptied, or, where there must be one, replaced."""
    found: dict[str, Any] = {}
    for column in table.c:
        length = getattr(column.type, "length", None)
        if column.primary_key or column.foreign_keys or not isinstance(column.type, sa.String):
            continue
        if column.nullable:
            found[column.name] = None
        elif length is None or length >= 100:
            found[column.name] = values.ERASED
    return found


def _history(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    """His change log keeps who changed which field when, and no values."""
    mine = (_change.c.entity == "party") & (_change.c.record_id == him.id)
    counts["change"] += blank_log(on, mine & _change.c.diff.is_not(None))
    _forget_dependents(on, him, counts)


def _forget_dependents(on: Connection, him: Subject, counts: Counter[str]) -> None:
    for each in him.dependents:
        counts["change"] += blank_log(on, _change.c.record_id == each)


def blank_log(on: Connection, here: Any) -> int:
    """Take the values out of lines of the change log; returns how many lines."""
    rows = on.execute(select(_change.c.id, _change.c.diff).where(here)).all()
    blank = [
        {"line": number, "empty": {name: [None, None] for name in diff}}
        for number, diff in rows
        if diff and any(pair != [None, None] for pair in diff.values())
    ]
    if blank:
        line = _change.c.id == sa.bindparam("line")
        emptied = sa.update(_change).where(line).values(diff=sa.bindparam("empty"))
        on.execute(emptied, blank)
    return len(rows)


def _activities(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    """Activities with nobody else lose their texts; of others only what names him goes."""
    for each in him.alone:
        empty: dict[str, Any] = {"subject": values.ERASED, "body": None, "custom": {}}
        on.execute(sa.update(_activity).where(_activity.c.id == each).values(**empty))
        blank_log(on, (_change.c.entity == "activity") & (_change.c.record_id == each))
        counts["activity"] += 1


def _logs(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    again: dict[str, list[UUID]] = {}
    for each in list(sweep.find(on, him.tables, him.id, him.texts)):
        if each.table.name == "mail_message":
            mail_message.forget(home_of(session), each.key[0])
        if sweep.clean(on, each, him.id, him.texts):
            counts[each.table.name] += 1
            if each.table.name in sweep.SEARCHED:
                again.setdefault(sweep.SEARCHED[each.table.name], []).append(each.key[0])
    session.info["privacy_again"] = again


def _files(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    counts["file"] += erasure.remove_all(session, "party", him.id)
    for each in him.alone:
        counts["file"] += erasure.remove_all(session, "activity", each)


def _mails(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    table = him.tables["mail_message"]
    here = table.c.party_id == him.id
    for mail_id in on.execute(select(table.c.id).where(here)).scalars().all():
        mail_message.forget(home_of(session), mail_id)
    counts["mail_message"] += on.execute(sa.delete(table).where(here)).rowcount


def _imports(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    for path in list(sweep.files(home_of(session), him.texts)):
        path.unlink(missing_ok=True)
        counts["import_file"] += 1


def _search(session: ScopedSession, on: Connection, him: Subject, counts: Counter[str]) -> None:
    """Nothing finds him any more, neither by his fields nor by records that name him."""
    again = {"activity": set(him.known_by)}
    for entity, ids in session.info.pop("privacy_again", {}).items():
        again.setdefault(entity, set()).update(ids)
    here = (_posting.c.entity == "party", _posting.c.record_id == him.id)
    counts["search_posting"] += on.execute(sa.delete(_posting).where(*here)).rowcount
    for entity, ids in words.forget(on, him.dependents).items():
        again.setdefault(entity, set()).update(ids)
    again.setdefault("party", set()).discard(him.id)
    session.expire_all()
    for entity, ids in again.items():
        words.index_again(session, entity, ids)


def _shell(on: Connection, him: Subject, counts: Counter[str]) -> None:
    """The name under which the shell is listed, wherever lists keep a copy of it."""
    key = words.folded(NAME)
    fresh = {"sort_key": key, "version": _party.c.version + 1, "updated_at": clock.now()}
    on.execute(sa.update(_party).where(_party.c.id == him.id).values(**fresh))
    scope = him.tables["party_scope"]
    on.execute(sa.update(scope).where(scope.c.party_id == him.id).values(sort_key=key))


_DO: dict[str, Any] = {
    "own_rows": _own_rows,
    "history": _history,
    "activities": _activities,
    "logs": _logs,
    "files": _files,
    "mails": _mails,
    "imports": _imports,
    "search": _search,
}


def settle(database: Any) -> None:
    """Empty the log beside an SQLite database, where what was erased may still be read. Others
    who are reading just then keep it for a while; the next call, or their end, empties it."""
    traces.empty_log(database)
