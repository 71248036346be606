"""A site with files, and the shortest ways to them, for tests."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask

from kontora.access.principal import Principal, system
from kontora.lifecycle.site import Site
from kontora.records import service as records
from kontora.records.files import service
from kontora.records.files.store import Store
from kontora.work.runner import run_pending
from kontora_sdk.testing.clients import PersonClient, ProgramClient, signed_in, with_token
from kontora_sdk.testing.people import make_user


@dataclass
class Office:
    """A site, the shortest ways to its files, and clients by role."""

    site: Site
    app: Flask
    _people: dict[str, Principal] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return Store(self.site.settings.home)

    def person(self, role: str) -> Principal:
        if role not in self._people:
            self._people[role] = make_user(self.site, role)
        return self._people[role]

    def browser(self, role: str) -> PersonClient:
        return signed_in(self.app, self.site, self.person(role))

    def program(self, role: str, scope: str = "write") -> ProgramClient:
        return with_token(self.app, self.site, self.person(role), scope=scope)

    def record(self, path: str = "contacts", by: Principal | None = None, **data: Any) -> UUID:
        given = data or {"family": "Petrova"}
        with self.site.write(by or system("test")) as session:
            return records.create_record(session, session.registry.record_type(path), given).id

    def add(self, record_id: UUID, name: str, data: bytes, entity: str = "party") -> UUID:
        kept = self.store.keep(io.BytesIO(data), 10_000_000)
        with self.site.write(system("test")) as session:
            return service.add(session, entity, record_id, name, kept).id

    def work(self) -> None:
        """Run all jobs; those of files do not fail, whatever is in the files."""
        ended = run_pending(self.site.work_site(), limit=100_000)
        assert set(ended) <= {"done"}, ended

    def found(self, words: str, path: str = "contacts", by: Principal | None = None) -> list[str]:
        """The ids of the records of a type that a search finds."""
        with self.site.read(by or system("test")) as session:
            rtype = session.registry.record_type(path)
            items = records.list_records(session, rtype, records.Query(q=words)).items
            return [each["id"] for each in items]

    def on_disk(self) -> set[Path]:
        """All files below the data folder, but the database and the key."""
        home = self.site.settings.home
        found = {each.relative_to(home) for each in home.rglob("*") if each.is_file()}
        return {each for each in found if len(each.parts) > 1}
