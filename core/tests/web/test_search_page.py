"""The page of results: tabs, what was forgiven, what may have been meant, in which file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import search
from kontora.records.files.models import File


@pytest.fixture
def thornbury(records: Any) -> UUID:
    found: UUID = records.make("contacts", {"given": "Mabel", "family": "Thornbury"})
    return found


def test_the_page_tells_what_it_forgave_and_suggests(as_role: Any, thornbury: UUID) -> None:
    client = as_role("administrator")
    page = client.get("/search?q=Thornbary").get_data(as_text=True)
    assert "This is what was found for “Thornbury”" in page
    assert "type=contacts" in page
    narrowed = client.get("/search?q=Thornbury&type=contacts").get_data(as_text=True)
    assert "Mabel Thornbury" in narrowed
    assert "Did you mean “привет”?" in client.get("/search?q=ghbdtn").get_data(as_text=True)
    listed = client.get("/contacts?q=Thornbary").get_data(as_text=True)
    assert "Did you mean “thornbury”?" in listed


def test_a_file_is_named(as_role: Any, thornbury: UUID, kontora_site: Site) -> None:
    with kontora_site.write(system("test")) as session:
        file = File(
            entity="party",
            record_id=thornbury,
            name="lease.pdf",
            size=1,
            sha256="0" * 64,
            content_type="application/pdf",
            stored="x",
        )
        session.add(file)
        session.flush()
        search.index_text(session, "party", thornbury, "files", "warehouse", str(file.id))
    client = as_role("administrator")
    page = client.get("/search?q=warehouse").get_data(as_text=True)
    assert "Mabel Thornbury" in page
    assert "in the file lease.pdf" in page
