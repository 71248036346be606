"""Makes a database of the core's first revision with data in it, as the first version left it.

Rows are written with plain statements on the tables as they were: no model of today is used.
"""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from alembic import command
from sqlalchemy import Connection, Table, event

from kontora.db import runner, script
from kontora.db.engine import Database
from kontora.db.owner import CORE
from kontora.db.rebuild import migrating

FIRST = "core_0001_initial"
PARTIES = 120
THEN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def make(database: Database, seed: int = 1) -> dict[str, int]:
    """Migrate an empty database to the first revision and fill it; return rows per table."""
    tables: dict[str, Table] = {}

    def made(table: Table, *_more: Any, **_and_more: Any) -> None:
        tables[table.name] = table

    event.listen(Table, "after_create", made)
    try:
        with migrating(database) as connection, script.quietly():
            script.ensure_version_table(connection, CORE)
            command.upgrade(runner._config(connection, CORE), FIRST)
    finally:
        event.remove(Table, "after_create", made)
    with database.write_engine.begin() as connection:
        return _Filler(connection, tables, random.Random(seed)).fill()


class _Filler:
    def __init__(
        self, connection: Connection, tables: dict[str, Table], chance: random.Random
    ) -> None:
        self._connection, self._tables, self._chance = connection, tables, chance
        self._counts: dict[str, int] = {}

    def id(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128), version=4)

    def add(self, into: str, /, **values: Any) -> Any:
        table = self._tables[into]
        usual = {"version": 1, "created_at": THEN, "updated_at": THEN, "custom": {}, "position": 0}
        row = {key: value for key, value in usual.items() if key in table.c} | values
        self._connection.execute(table.insert().values(row))
        self._counts[into] = self._counts.get(into, 0) + 1
        return row.get("id")

    def fill(self) -> dict[str, int]:
        root = self.add("branch", id=self.id(), name="Main office", parent_id=None)
        branch = self.add("branch", id=self.id(), name="Філія «Південь»", parent_id=root)
        self.add("role", key="manager", name="Manager", built_in=True, sort=1)
        self.add("role_permission", role_key="manager", permission="record.export")
        users = [self._user(number, branch) for number in range(6)]
        parties = [self._party(number, users, branch) for number in range(PARTIES)]
        self._links(parties)
        for number, party in enumerate(parties):
            self._history(number, party, users)
        self.add("site_state", key="setting:company.name", value="Юнг & Söhne", updated_at=THEN)
        self.add("job", name="core.refresh_reach", args={"day": 1}, state="done", priority=0,
                 run_at=THEN, attempts=1, principal_kind="system", finished_at=THEN)  # fmt: skip
        return self._counts

    def _user(self, number: int, branch: UUID) -> UUID:
        user: UUID = self.add(
            "user_account", id=self.id(), name=f"User {number}", email=f"u{number}@example.org",
            branch_id=branch, state="active", locale="uk", timezone="Europe/Kyiv",
        )  # fmt: skip
        self.add("user_role", user_id=user, role_key="manager")
        self.add("credential", user_id=user, password_hash="$argon2id$not-a-hash", changed_at=THEN)
        return user

    def _party(self, number: int, users: list[UUID], branch: UUID) -> tuple[UUID, str]:
        kind = ("person", "organisation")[number % 2]
        name = f"{('Іванов', 'ООО «Ёлка»')[number % 2]} {number}"
        owner = users[number % len(users)]
        party: UUID = self.add(
            "party", id=self.id(), kind=kind, display_name=name, sort_key=name,
            is_counterparty=True, state="active", owner_id=owner, branch_id=branch,
            notes=f"line one\nline {number}", custom={"colour": "red", "n": number},
            deleted_at=THEN if number % 40 == 7 else None,
        )  # fmt: skip
        if kind == "organisation":
            self.add("organisation", party_id=party, legal_name=name, employees=number,
                     revenue=f"{number}.10")  # fmt: skip
        else:
            self.add("person", party_id=party, family="Іванов", given=str(number))
        self.add("party_role", id=self.id(), party_id=party, role="client", status="active",
                 owner_id=owner, branch_id=branch, valid_from=date(2025, 2, 28))  # fmt: skip
        self.add("contact_point", id=self.id(), party_id=party, kind="email",
                 value=f"p{number}@example.org", normalised=f"p{number}@example.org",
                 is_primary=True, status="active")  # fmt: skip
        self.add("identifier", id=self.id(), party_id=party, scheme="inn", country="UA",
                 value=f"{number:010}")  # fmt: skip
        return party, kind

    def _links(self, parties: list[tuple[UUID, str]]) -> None:
        people = [party for party, kind in parties if kind == "person"]
        firms = [party for party, kind in parties if kind == "organisation"]
        for person, firm in zip(people, firms, strict=True):
            self.add("affiliation", id=self.id(), person_id=person, organisation_id=firm,
                     title="Directrice", valid_from=date(2024, 1, 1))  # fmt: skip

    def _history(self, number: int, party: tuple[UUID, str], users: list[UUID]) -> None:
        moment = THEN + timedelta(minutes=number)
        activity = self.add(
            "activity", id=self.id(), kind="call", subject=f"Call {number}", body="said “yes”",
            state="done", at=moment, owner_id=users[0],
        )  # fmt: skip
        self.add("activity_party", activity_id=activity, party_id=party[0])
        self.add("change", at=moment, entity="party", record_id=party[0], verb="create", version=1,
                 principal_kind="user", principal_id=users[0], principal_name="User 0",
                 diff={"after": {"n": number}})  # fmt: skip
