"""What lies in the bin goes for good after a time: activities, groups and files.

Parties stay until a person is erased, and our own branches, teams and users stay, since others
stand on them. So do records that something else must not lose; records of plugins stay, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, select

from kontora.access.session import ScopedSession
from kontora.parties.activities import Activity
from kontora.parties.group_models import Group
from kontora.privacy import tables, words
from kontora.records.files import erasure
from kontora.records.files.models import File
from kontora.text import Text, _

SETTING, DAYS = "retention.bin", 90
ENTITIES = {"activity": "activity", "party_group": "group"}
# What is told of a record after it: the log, and who had it.
_STAYS = frozenset({"change", "ownership", "handover_item", "reading"})
_file: Any = File.__table__


def kinds() -> tuple[tuple[str, Text, Any], ...]:
    """Name, label and class of all that goes."""
    return (
        ("bin_activity", _("Activities in the bin"), Activity),
        ("bin_group", _("Groups in the bin"), Group),
        ("bin_file", _("Files in the bin"), File),
    )


def days(session: ScopedSession, entity: str) -> int:
    """After how many days records of an entity go from the bin; 0 for those that stay."""
    if entity not in ENTITIES.values():
        return 0
    value = session.site.setting(session, SETTING)
    return DAYS if value is None else max(0, int(value))


def free(session: ScopedSession, model: Any) -> list[Any]:
    """Conditions: the records that no row must keep."""
    connection = tables.connection_of(session)
    holding = _holding(connection, session, model.__tablename__)
    return [~sa.exists().where(column == model.__table__.c.id) for column in holding]


def _holding(connection: Connection, session: ScopedSession, name: str) -> list[Any]:
    """The columns that lead to a table and neither go nor let go with its rows."""
    kept = session.info.get(("holding", name))
    if kept is None:
        known = tables.all_tables(connection, session.registry)
        inspector = sa.inspect(connection)
        kept = [
            known[each].c[key["constrained_columns"][0]]
            for each in known
            for key in inspector.get_foreign_keys(each)
            if key["referred_table"] == name
            and str(key.get("options", {}).get("ondelete", "")).upper()
            not in ("CASCADE", "SET NULL")
        ]
        session.info["holding", name] = kept
    return list(kept)


def before(session: ScopedSession, model: Any, keys: Sequence[UUID]) -> None:
    """Take away what hangs on records by entity and id: files, entries of the index and others."""
    connection = tables.connection_of(session)
    if model is File:
        rows = select(_file.c.entity, _file.c.record_id, _file.c.id)
        for row in connection.execute(rows.where(_file.c.id.in_(keys))).all():
            erasure.remove_one(session, row.entity, row.record_id, row.id)
        return
    entity = ENTITIES[model.__tablename__]
    for record_id in keys:
        erasure.remove_all(session, entity, record_id)
    used = words.of_ids(connection, keys)
    for name, table in tables.all_tables(connection, session.registry).items():
        if name not in _STAYS and {"entity", "record_id"} <= set(table.c.keys()):
            here = (table.c.entity == entity) & table.c.record_id.in_(keys)
            connection.execute(sa.delete(table).where(here))
    words.forget_unused(connection, used)
