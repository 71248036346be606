"""The sample company: of the promised size, the same each time, in three languages, around today,
and gone again without a trace of it or a loss for others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from kontora import clock
from kontora.access import passwords
from kontora.access.models import SiteState, User
from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.lifecycle.install import add_user
from kontora.lifecycle.sample import FULL, SMALL, Made, Removed, add_sample, plan, remove_sample
from kontora.lifecycle.sample.words import latin, read
from kontora.lifecycle.site import Site
from kontora.parties import consents, groups
from kontora.privacy import tables
from kontora.records import service
from kontora.records.custom import define
from kontora.records.models import SearchPosting
from kontora.records.service import Query

NOW = datetime(2026, 5, 13, 10, 0, tzinfo=UTC)  # a Wednesday
LANGUAGES = ("en", "ru", "uk")
# What stays of a removed sample: users, disabled, and the log of that; generations of the site.
STAYS = {"user_account", "user_role", "credential", "team_member", "change", "site_state"}
STAYS |= {"search_word", "search_part", "search_posting"}  # users and what is in the bin
BINNED = {"team", "branch"}


def plan_of(locale: str, size: plan.Size = FULL, now: datetime = NOW) -> list[Any]:
    return plan.make(read(locale), now, size, owner=True)


def made(steps: list[Any], path: str) -> dict[str, Any]:
    """The first step of each record of a type: what makes it."""
    found: dict[str, Any] = {}
    for step in steps:
        if step.path == path:
            found.setdefault(step.name, step)
    return found


# The plan


@pytest.mark.parametrize("locale", LANGUAGES)
def test_it_is_of_the_promised_size(locale: str) -> None:
    steps = plan_of(locale)
    counts = {path: len(made(steps, path)) for path in {step.path for step in steps}}
    assert (counts["counterparties"], counts["contacts"], counts["activities"]) == (40, 120, 400)
    assert (counts["users"], counts["branches"], counts["teams"], counts["groups"]) == (8, 2, 2, 3)
    assert counts["consents"] >= 10
    firms = [step.data for step in made(steps, "counterparties").values()]
    roles = Counter(each["roles"][0]["role"] for each in firms)
    assert roles["client"] == 20 and len(roles) == 6
    assert sum("parent" in each for each in firms) == 5
    assert sum("relations" in each for each in firms) >= 5
    assert {role for step in made(steps, "users").values() for role in step.data["roles"]} == {
        *("administrator", "head", "branch_manager", "manager", "assistant", "auditor")
    }


@pytest.mark.parametrize("locale", LANGUAGES)
def test_two_runs_give_the_same(locale: str) -> None:
    assert plan_of(locale) == plan_of(locale)


@pytest.mark.parametrize("locale", LANGUAGES)
def test_no_name_or_address_comes_twice(locale: str) -> None:
    steps = plan_of(locale)
    people = [step.data for step in made(steps, "contacts").values()]
    firms = [step.data for step in made(steps, "counterparties").values()]
    users = [step.data["email"] for step in made(steps, "users").values()]
    names = [(each["given"], each["family"]) for each in people]
    points = [point["value"] for each in (*people, *firms) for point in each["points"]]
    for found in (names, [each["display_name"] for each in firms], points, users):
        assert len(set(found)) == len(found)
    assert all("example.org" in each or each.startswith("+44 ") for each in points)


def test_each_language_has_its_own_letters() -> None:
    def letters(locale: str) -> set[str]:
        texts = [str(step.data) for step in plan_of(locale) if step.path != "users"]
        return {each for each in "".join(texts).casefold() if each.isalpha()}

    assert not letters("en") & set("абвгґєії")
    assert letters("ru") > set("ёыэ") and not letters("ru") & set("ґєії")
    assert letters("uk") > set("ґєії") and not letters("uk") & set("ёыэъ")


@pytest.mark.parametrize("days", range(7))
def test_dates_are_around_today(days: int) -> None:
    now = NOW + timedelta(days=days)
    steps = plan_of("en", now=now)
    assert steps == sorted(steps, key=lambda each: each.at)
    assert all(now - timedelta(days=401) < step.at <= now for step in steps)
    acts = [step.data for step in made(steps, "activities").values()]
    done = [datetime.fromisoformat(each["done_at"]) for each in acts if "done_at" in each]
    due = [datetime.fromisoformat(each["due_at"]).date() for each in acts if "due_at" in each]
    assert min(done) < now - timedelta(days=300) and max(done) < now
    today = now.date()
    late, coming = [each for each in due if each < today], [each for each in due if each > today]
    assert len(late) == 10 and len(due) - len(late) - len(coming) == 6
    assert max(coming) <= today + timedelta(days=31)
    assert all(each.weekday() < 5 for each in (*late, *coming))


def test_what_is_named_is_there_before() -> None:
    there = {plan.HEAD_OFFICE, plan.OWNER}
    for step in plan_of("uk"):
        assert named(step.data) <= there, step
        there.add(step.name)


def named(value: Any) -> set[str]:
    if isinstance(value, plan.Ref):
        return {value.name}
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {name for each in parts for name in named(each)}


def test_names_become_addresses() -> None:
    assert latin("Тарас Об’їждчик") == "taras.obyizhdchik"
    assert latin("Павел Ёлкин") == "pavel.yolkin"


# The records


@dataclass
class Built:
    """A site with the sample in Ukrainian, made on a stopped clock: the whole one on SQLite, a
    small one on PostgreSQL, since it takes the same way there."""

    site: Site
    size: plan.Size
    made: Made
    owner: UUID


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def built(request: pytest.FixtureRequest, new_site: Callable[[str], Site]) -> Built:
    site = new_site(request.param)
    with clock.frozen(NOW):
        with site.write(system()) as session:
            owner = add_user(session, email="boss@example.org", roles=["administrator"])
        size = FULL if request.param == "sqlite" else SMALL
        return Built(site, size, add_sample(site, owner, locale="uk", size=size), owner)


def page(session: Any, path: str, **query: Any) -> list[dict[str, Any]]:
    rtype = session.registry.record_type(path)
    return list(service.list_records(session, rtype, Query(limit=200, **query)).items)


def test_all_of_it_is_written(built: Built) -> None:
    size = built.size
    number = size.firms + size.people + size.activities
    assert built.made.records == number + 8 + 2 + 2 + 3
    with clock.frozen(NOW), built.site.read(system()) as session:
        assert len(page(session, "contacts")) == size.people
        assert len(page(session, "counterparties")) == size.firms + 2  # two people have a role
        assert len(page(session, "branches")) == 3
        found = page(session, "contacts", q="ґалаґан", expand=("affiliations",))
        assert [each["display_name"] for each in found] == ["Оксана Ґалаґан"]
        people = page(session, "contacts", expand=("affiliations",))
        bosses = sum(any(a["reports_to"] for a in each["affiliations"]) for each in people)
        assert bosses == size.people - size.firms - 2
        states = {each["state"] for each in page(session, "activities", fields=("state",))}
        assert states == {"planned", "done"}
        first = page(session, "counterparties", sort=("created_at",))[0]
        assert first["created_at"] < "2025-06"


def test_some_clients_are_forgotten_and_some_are_ours(built: Built) -> None:
    with clock.frozen(NOW), built.site.read(system()) as session:
        firms = page(session, "counterparties", fields=("last_contact", "next_activity", "owner"))
    if built.size is FULL:
        assert sum((each["last_contact"] or "9") < "2026-01-20" for each in firms) >= 2
    assert any(each["next_activity"] for each in firms)
    assert {"id": str(built.owner), "name": "boss"} in [each["owner"] for each in firms]


def test_it_comes_only_once(built: Built) -> None:
    assert add_sample(built.site, locale="en") == Made()


def test_its_users_sign_in_with_the_one_password(built: Built) -> None:
    assert built.made.password is not None and len(built.made.users) == 8
    with built.site.write(system()) as session:
        for email in built.made.users[:2]:
            assert passwords.verify(session, email, built.made.password) is not None


# Removal


def rows(site: Site) -> dict[str, set[str]]:
    """All rows of all tables."""
    with site.read(system()) as session:
        on = tables.connection_of(session)
        return {
            name: {repr(tuple(row)) for row in on.execute(select(table))}
            for name, table in tables.all_tables(on, session.registry).items()
        }


def test_it_goes_without_a_trace_and_comes_again(site: Site) -> None:
    with site.write(system()) as session:
        add_user(session, email="boss@example.org", roles=["administrator"])
        field = {"key": "about", "label": "About", "type": "reference", "target": "party"}
        define.create(session, "activity", field)
        own = session.registry.record_type("contacts")
        service.create_record(session, own, {"given": "Own", "family": "Ashgrove"})
    before = rows(site)
    count = add_sample(site, size=SMALL).records
    assert remove_sample(site) == Removed(records=count - 8, kept=0, users=8)
    after = rows(site)
    assert all(before[name] <= after[name] for name in before if name != "site_state")
    assert {name for name in before if before[name] != after[name]} <= STAYS | BINNED
    with site.read(system()) as session:
        assert len(page(session, "contacts")) == len(page(session, "branches")) == 1
        assert len(page(session, "contacts", q="Ashgrove")) == 1
        posting: Any = SearchPosting.__table__
        on = tables.connection_of(session)
        found = on.execute(select(posting.c.entity).distinct()).scalars()
        assert set(found) == {"party", "user", "team", "branch"}
        indexed = select(posting.c.record_id).where(posting.c.entity == "party").distinct()
        assert len(on.execute(indexed).all()) == 1
        states = select(User.state, func.count()).group_by(User.state)
        assert {row[0]: row[1] for row in session.execute(states)} == {"active": 1, "disabled": 8}
    assert remove_sample(site) == Removed()
    again = add_sample(site, size=SMALL, password="Correct horse 7 again")
    assert again.records == count and again.password is None
    with site.write(system()) as session:
        user = passwords.verify(session, again.users[0], "Correct horse 7 again")
        assert user is not None
    what_others_use_stays(site)


def what_others_use_stays(site: Site) -> None:
    """On the sample that came again: a sample takes a second or two to make."""
    with site.write(system("somebody")) as session:
        types = session.registry.record_type
        people = {each["display_name"]: each for each in page(session, "contacts")}
        firms = {each["display_name"]: each for each in page(session, "counterparties")}
        owen, mabel = people["Owen Castell"], people["Mabel Thornbury"]
        tom, priya = people["Tom Ashgrove"], people["Priya Ravenel"]
        # Changed; an own activity; an own group; a field of one's own.
        service.change_record(session, types("contacts"), UUID(owen["id"]), {"notes": "Mine."})
        known = (owen, mabel, tom, priya)
        other, adviser = [each for each in people.values() if each not in known][:2]
        call = {"kind": "call", "subject": "Mine", "parties": [tom["id"]]}
        call["custom"] = {"about": adviser["id"]}
        service.create_record(session, types("activities"), call)
        group = service.create_record(session, types("groups"), {"name": "Mine"}).id
        groups.add(session, group, [UUID(other["id"])])
    done = remove_sample(site)
    with site.read(system()) as session:
        left = {each["display_name"] for each in page(session, "contacts")}
        # With Owen stays to whom he reports, with each the firm in which he works.
        assert left >= {each["display_name"] for each in (owen, mabel, tom, other, adviser)}
        assert "Priya Ravenel" not in left
        standing = {each["display_name"] for each in page(session, "counterparties")}
        assert {"Harbour & Field Ltd", "Northmill Instruments"} <= standing
        assert "Quillstone Press" in firms and "Quillstone Press" not in standing
        assert [each["subject"] for each in page(session, "activities")] == ["Mine"]
        assert groups.count(session, group) == 1
        branch = {each["branch"]["id"] for each in page(session, "counterparties")}
        assert branch <= {each["id"] for each in page(session, "branches")}
        table: Any = SiteState.__table__
        state = select(table.c.value).where(table.c.key == "sample")
        assert session.execute(state, execution_options={"door": "administration"}).all() == []
    assert done.kept >= len(left) + len(standing)


def test_one_that_failed_leaves_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(consents, "add", fail)
    with pytest.raises(RuntimeError):
        add_sample(site, size=SMALL)
    with pytest.raises(Invalid, match="password"):
        add_sample(site, password="short")
    with pytest.raises(Invalid, match="fr"):
        add_sample(site, locale="fr")
    with site.read(system()) as session:
        assert page(session, "contacts") == page(session, "users") == []
