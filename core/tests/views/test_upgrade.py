"""The upgrade of a site that has data: nothing is lost, rights and words that were in use stay."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from alembic import command
from sqlalchemy import text

from kontora.db import script
from kontora.db.engine import Database
from kontora.db.owner import CORE
from kontora.db.rebuild import migrating
from kontora.db.runner import _config, upgrade

NOW = "2026-01-01 00:00:00"


@pytest.fixture
def before(database: Database) -> Database:
    """A database as it was before groups, stages and views."""
    with migrating(database) as connection, script.quietly():
        command.upgrade(_config(connection, CORE), "core_0002_custom_fields")
    return database


def test_data_and_words_survive_and_shipped_roles_get_their_rights(before: Database) -> None:
    sqlite = before.dialect == "sqlite"
    ids = [uuid4() for _number in range(3)]
    party, activity, role = (each.bytes if sqlite else each for each in ids)
    with before.write_engine.begin() as connection:

        def write(statement: str, **values: object) -> None:
            connection.execute(text(statement), {"now": NOW, **values})

        write(
            "INSERT INTO party (id, kind, display_name, sort_key, is_counterparty, state, custom,"
            " version, created_at, updated_at) VALUES (:id, 'person', 'A', 'a', :yes, 'active',"
            " '{}', 1, :now, :now)",
            id=party,
            yes=True,
        )
        write(
            "INSERT INTO activity (id, kind, subject, state, at, custom, version, created_at,"
            " updated_at) VALUES (:id, 'call', 'S', 'done', :now, '{}', 1, :now, :now)",
            id=activity,
        )
        write(
            "INSERT INTO activity_party (activity_id, party_id, position) VALUES (:a, :p, 0)",
            a=activity,
            p=party,
        )
        write(
            "INSERT INTO party_role (id, party_id, role, status, position)"
            " VALUES (:id, :p, 'client', 'on trial', 0)",
            id=role,
            p=party,
        )
        write(
            "INSERT INTO role (key, name, built_in, sort) VALUES ('manager', 'manager', :yes, 1)",
            yes=True,
        )
    assert upgrade(before, [CORE]).failed in (None, {}, ())
    with before.read_engine.connect() as connection:

        def one(statement: str) -> object:
            return connection.execute(text(statement)).scalar()

        assert one("SELECT count(*) FROM activity_party") == 1
        assert one("SELECT kind FROM activity") == "call"
        assert one("SELECT status FROM party_role") == "on trial"
        kept = one("SELECT value FROM site_state WHERE key = 'role_statuses'")
        assert (json.loads(kept) if isinstance(kept, str) else kept) == ["on trial"]
        assert one("SELECT count(*) FROM role_stage") == 9
        granted = "SELECT scope FROM role_grant WHERE entity = 'group' AND role_key = 'manager'"
        assert {row[0] for row in connection.execute(text(granted))} == {"own"}
