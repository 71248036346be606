"""How many statements pages make, shell included: a ceiling for each, whatever the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from kontora.access.principal import Principal, system
from kontora.lifecycle.site import Site
from kontora.records import notices, service
from kontora.text import _
from kontora.wsgi import create_app
from kontora_sdk.testing.clients import PersonClient, signed_in
from kontora_sdk.testing.people import make_user

ROLES = ("administrator", "manager")
LIST, RECORD, HOME = 12, 22, 12
LATER = "2090-01-01T10:00:00Z"


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def site(request: pytest.FixtureRequest, new_site: Any) -> Iterator[Site]:
    site = new_site(request.param)
    yield site
    new_site.gone(site)


@pytest.fixture(scope="module")
def people(site: Site) -> dict[str, Principal]:
    return {role: make_user(site, role) for role in ROLES}


@pytest.fixture(scope="module")
def clients(site: Site, people: dict[str, Principal]) -> dict[str, PersonClient]:
    app = create_app(site)
    return {role: signed_in(app, site, who) for role, who in people.items()}


def make(site: Site, by: Principal, path: str, data: dict[str, Any]) -> UUID:
    with site.write(by) as session:
        return service.create_record(session, session.registry.record_type(path), data).id


def contacts(site: Site, by: Principal, number: int) -> list[UUID]:
    """Clients who work at a firm, with mail, phone and address."""
    found = []
    firm = make(site, by, "counterparties", {"display_name": f"Firm of {by.name}"})
    for each in range(number):
        data = {
            "given": "Anna",
            "roles": [{"role": "client"}],
            "family": f"Petrova {each:03}",
            "email": f"anna{each}@example.org",
            "phone": f"+38050{each:07}",
            "addresses": [{"locality": "Kola"}],
            "affiliations": [{"organisation": str(firm), "title": "Head"}],
        }
        found.append(make(site, by, "contacts", data))
    return found


def happen(site: Site, by: Principal, party: UUID, times: int) -> None:
    for number in range(times):
        data = {"kind": "call", "subject": f"Call {number}", "parties": [str(party)]}
        make(site, by, "activities", data)
        make(site, by, "activities", {**data, "due_at": LATER})
        with site.write(by) as session:
            rtype = session.registry.record_type("contacts")
            service.change_record(session, rtype, party, {"notes": f"{number} of {times}"})


def statements(site: Site, do: Callable[[], Any]) -> list[str]:
    """What is asked of the database in a request whose page was shown before."""
    do()
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        # Locks are looked at now and then, whatever the page.
        if statement.split()[0].upper() in ("SELECT", "WITH") and "pg_locks" not in statement:
            seen.append(statement)

    engine = site.database.read_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = do()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200
    return seen


@pytest.mark.parametrize("role", ROLES)
def test_pages_take_few_statements_whatever_their_rows(
    site: Site, people: dict[str, Principal], clients: dict[str, PersonClient], role: str
) -> None:
    me, client = people[role], clients[role]
    first = contacts(site, me, 5)
    happen(site, me, first[0], 12)
    pages = {
        "/contacts": LIST,
        "/counterparties": LIST,
        f"/contacts/{first[0]}": RECORD,
        "/": HOME,
    }
    few = {page: statements(site, lambda p=page: client.get(p)) for page in pages}
    for page, most in pages.items():
        assert len(few[page]) <= most, "\n".join(few[page])
    contacts(site, me, 45)
    happen(site, me, first[0], 12)
    for page in pages:
        many = statements(site, lambda p=page: client.get(p))
        assert len(many) == len(few[page]), "\n".join(set(many) - set(few[page]))
    # Only where not all stand on the page are they counted as well.
    contacts(site, me, 5)
    assert len(statements(site, lambda: client.get("/contacts"))) == len(few["/contacts"]) + 1


def test_a_page_shows_what_another_process_changed(
    site: Site, people: dict[str, Principal], clients: dict[str, PersonClient]
) -> None:
    """What is kept in a process goes by generations that the database holds, or by request."""
    me, client = people["manager"], clients["manager"]
    anna = make(site, me, "contacts", {"given": "Anna", "family": "Alone"})
    page = client.get(f"/contacts/{anna}").text
    assert "Renamed" not in page
    other = Site(site.settings)
    try:
        with other.write(system("other")) as session:
            users = session.registry.record_type("users")
            service.change_record(session, users, me.user_id, {"name": "Renamed"})
            branches = session.registry.record_type("branches")
            service.change_record(session, branches, me.branch_id, {"name": "New branch"})
            notices.tell(session, [me.user_id], "mention", _("Look here"))
        page = client.get(f"/contacts/{anna}").text
        assert "Renamed" in page and "New branch" in page and "1 new notice" in page
        stranger = make_user(other, "manager")
        with other.write(system("other")) as session:
            rtype = session.registry.record_type("contacts")
            service.change_record(session, rtype, anna, {"owner": str(stranger.user_id)})
        assert client.get(f"/contacts/{anna}").status_code == 404
    finally:
        other.close()
