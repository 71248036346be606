"""Records at hand: those that a user has starred, and those that he opened last.

Names come from the scoped session: what a user may no longer see is not among them. His stars
stay, so that they are back when he may see it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.records.read import title_column
from kontora.records.shell_models import Favourite
from kontora.records.watch_models import Reading
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.work.executor import insert

DOOR = {"door": "favourites"}
MOST, SHOWN, RECENT, LOOK_BACK = 100, 50, 8, 120
_favourite: Any = Favourite.__table__
_reading: Any = Reading.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """A record that the user may see. `kind` is the value of its kind column, if it has one."""

    entity: str
    id: UUID
    name: str
    kind: str | None
    rtype: RecordType
    starred: bool

    @property
    def url(self) -> str:
        return f"/{self.rtype.path}/{self.id}"


def is_starred(session: ScopedSession, entity: str, record_id: UUID) -> bool:
    """Whether the user has starred a record."""
    statement = select(_favourite.c.entity).where(*_key(session, entity, record_id))
    return session.execute(statement, execution_options=DOOR).first() is not None


def star(session: ScopedSession, entity: str, record_id: UUID, on: bool) -> None:
    """Star a record that the user may see, or take the star away. Raises NotFound, or Invalid
    when he has too many."""
    if session.principal.user_id is None:
        raise NotFound()
    if not on:
        gone = delete(_favourite).where(*_key(session, entity, record_id))
        session.execute(gone, execution_options=DOOR)
        return
    if not _seen(session, entity, [record_id]):
        raise NotFound()
    if len(_starred(session)) >= MOST:
        text = _("You have starred %(n)s records; take the star off one of them first.")
        raise Invalid({"": [text % {"n": MOST}]})
    row = {
        "user_id": session.principal.user_id,
        "entity": entity,
        "record_id": record_id,
        "created_at": session.now,
    }
    statement = insert(session, _favourite).values(row).on_conflict_do_nothing()
    session.execute(statement, execution_options=DOOR)


def starred(session: ScopedSession) -> list[AtHand]:
    """The starred records that the user may see, the newest star first."""
    return _at_hand(session, _starred(session), SHOWN, True)


def recent(session: ScopedSession) -> list[AtHand]:
    """The records that the user opened last and may still see, the latest first."""
    statement = (
        select(_reading.c.entity, _reading.c.record_id)
        .where(_reading.c.user_id == session.principal.user_id)
        .order_by(_reading.c.at.desc())
        .limit(LOOK_BACK)
    )
    rows = session.execute(statement, execution_options=DOOR)
    pairs = list(dict.fromkeys((row.entity, row.record_id) for row in rows))
    return _at_hand(session, pairs, RECENT, False)


def _starred(session: ScopedSession) -> list[tuple[str, UUID]]:
    statement = (
        select(_favourite.c.entity, _favourite.c.record_id)
        .where(_favourite.c.user_id == session.principal.user_id)
        .order_by(_favourite.c.created_at.desc())
        .limit(MOST)
    )
    rows = session.execute(statement, execution_options=DOOR)
    return [(row.entity, row.record_id) for row in rows]


def _key(session: ScopedSession, entity: str, record_id: UUID) -> tuple[Any, ...]:
    return (
        _favourite.c.user_id == session.principal.user_id,
        _favourite.c.entity == entity,
        _favourite.c.record_id == record_id,
    )


def _at_hand(
    session: ScopedSession, pairs: Sequence[tuple[str, UUID]], most: int, starred: bool
) -> list[AtHand]:
    names: dict[tuple[str, UUID], tuple[str, str | None]] = {}
    for entity in dict.fromkeys(entity for entity, _id in pairs):
        ids = [record_id for other, record_id in pairs if other == entity]
        for record_id, named in _seen(session, entity, ids).items():
            names[entity, record_id] = named
    found: list[AtHand] = []
    for entity, record_id in pairs:
        if (entity, record_id) not in names or len(found) == most:
            continue
        name, kind = names[entity, record_id]
        rtype = session.registry.of_entity(entity, kind)
        assert rtype is not None
        found.append(
            AtHand(
                entity=entity,
                id=record_id,
                name=name or str(_("no name")),
                kind=kind,
                rtype=rtype,
                starred=starred,
            )
        )
    return found


def _seen(
    session: ScopedSession, entity: str, ids: Sequence[UUID]
) -> dict[UUID, tuple[str, str | None]]:
    """Name and kind of those records that the user may see."""
    rtype = session.registry.of_entity(entity)
    model: Any = session.predicates.by_entity.get(entity)
    if rtype is None or model is None or not ids:
        return {}
    columns = [model.id, title_column(session, entity, model)]
    if rtype.kinds:
        columns.append(model.kind)
    rows = session.execute(select(*columns).where(model.id.in_(ids)))
    return {row[0]: (str(row[1] or ""), row[2] if len(row) > 2 else None) for row in rows}
