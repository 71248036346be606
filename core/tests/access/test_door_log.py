"""Each use of a door leaves a line with who, what and where; so does each refusal."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from small_company import Company
from sqlalchemy import delete, select

from kontora.access.models import Credential
from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.errors import Unscoped
from kontora.parties.models import ContactPoint, Party
from kontora.records import service
from kontora.records.models import SearchWord

SECRETS: Any = Credential.__table__
WORDS: Any = SearchWord.__table__
PARTIES: Any = Party.__table__


@pytest.fixture
def manager(company: Company) -> Principal:
    return replace(company.principal("manager"), request_id="abc12345")


@pytest.fixture
def session(company: Company, manager: Principal) -> Iterator[ScopedSession]:
    with company.site.write(manager) as session:
        yield session
        session.rollback()


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger="kontora.doors")
    return caplog


def last(lines: pytest.LogCaptureFixture) -> dict[str, Any]:
    return vars([each for each in lines.records if each.name == "kontora.doors"][-1])


def test_a_use_is_logged_with_who_and_what(
    session: ScopedSession, manager: Principal, lines: pytest.LogCaptureFixture
) -> None:
    session.execute(select(WORDS.c.id).limit(1), execution_options={"door": "search"})
    wanted = {
        "levelname": "DEBUG",
        "door": "search",
        "statement": "select",
        "tables": ["search_word"],
        "principal": "user",
        "principal_id": str(manager.user_id),
        "request_id": "abc12345",
    }
    assert last(lines).items() >= wanted.items()


def test_a_write_through_a_rare_door_is_info(
    session: ScopedSession, lines: pytest.LogCaptureFixture
) -> None:
    nothing = delete(SECRETS).where(SECRETS.c.password_hash == "no such hash")
    session.execute(nothing, execution_options={"door": "administration"})
    assert (last(lines)["levelname"], last(lines)["statement"]) == ("INFO", "delete")
    session.execute(nothing, execution_options={"door": "sign_in"})
    assert last(lines)["levelname"] == "DEBUG"


def test_a_search_in_a_list_is_logged_too(
    company: Company, session: ScopedSession, lines: pytest.LogCaptureFixture
) -> None:
    from kontora.records.query import Query

    rtype = session.registry.record_type("contacts")
    service.list_records(session, rtype, Query(q="canary"))
    assert {"search"} <= {vars(each).get("door") for each in lines.records}


@pytest.mark.parametrize(
    ("door", "tables", "options"),
    [
        ("", ["party"], {}),
        ("search", ["party"], {"door": "search"}),
        ("kitchen", ["party"], {"door": "kitchen"}),
    ],
)
def test_what_is_refused_is_logged_as_refused(
    session: ScopedSession,
    caplog: pytest.LogCaptureFixture,
    door: str,
    tables: list[str],
    options: dict[str, Any],
) -> None:
    """At the level that every site has: nothing is switched on here."""
    with pytest.raises(Unscoped):
        session.execute(delete(PARTIES), execution_options=options)
    found = last(caplog)
    assert (found["levelname"], found["door"]) == ("WARNING", door)
    assert (found["tables"], found["statement"]) == (tables, "delete")
    assert found["request_id"] == "abc12345"


def test_a_change_past_the_service_is_logged(
    company: Company, session: ScopedSession, caplog: pytest.LogCaptureFixture
) -> None:
    party = company.of("contacts", "team").id
    session.add(ContactPoint(party_id=party, kind="email", value="a@b.example"))
    with pytest.raises(Unscoped):
        session.flush()
    session.rollback()
    assert (last(caplog)["statement"], last(caplog)["tables"]) == ("flush", ["contact_point"])


def test_nothing_is_said_or_made_when_it_is_off(
    session: ScopedSession, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kontora.access import door_log

    def never(*_args: object) -> dict[str, Any]:
        raise AssertionError("made for nobody")

    caplog.set_level(logging.INFO, logger="kontora.doors")
    monkeypatch.setattr(door_log, "_facts", never)
    session.execute(select(WORDS.c.id).limit(1), execution_options={"door": "search"})
    with pytest.raises(AssertionError):
        session.execute(
            delete(SECRETS).where(SECRETS.c.password_hash == "none"),
            execution_options={"door": "administration"},
        )
