"""A few records for the tests of pages."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kontora.access.principal import Principal, system
from kontora.lifecycle.site import Site
from kontora.records import service


class Records:
    """Makes and reads records past the pages, for a test to compare with."""

    def __init__(self, site: Site) -> None:
        self.site = site

    def make(self, path: str, data: dict[str, Any], by: Principal | None = None) -> UUID:
        with self.site.write(by or system("test")) as session:
            return service.create_record(session, session.registry.record_type(path), data).id

    def get(self, path: str, record_id: UUID, **more: Any) -> dict[str, Any]:
        with self.site.read(system("test")) as session:
            rtype = session.registry.record_type(path)
            return service.get_record(session, rtype, record_id, **more)

    def change(self, path: str, record_id: UUID, data: dict[str, Any]) -> None:
        with self.site.write(system("someone else")) as session:
            service.change_record(session, session.registry.record_type(path), record_id, data)

    def version(self, path: str, record_id: UUID) -> int:
        with self.site.read(system("test")) as session:
            return service.version_of(session, session.registry.record_type(path), record_id)


@pytest.fixture
def records(kontora_site: Site) -> Records:
    return Records(kontora_site)
