"""Stars, what was opened last, mentions, and notices as each wants them, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from kontora import clock
from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.errors import Invalid, NotFound
from kontora.ids import new_id
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.parties import digest, mentions
from kontora.parties.telling import ASSIGNED, GIVEN, MENTION
from kontora.records import favourites, notice_wishes, notices, service
from kontora.records.notice_wishes import NONE, Wishes
from kontora.registry.work import Event
from kontora.text import _
from kontora.web import preferences
from kontora.work.mail import MAIL as MAILS

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


class Office:
    """A head, two managers who do not see each other's records, and a few records."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.users: dict[str, UUID] = {}
        for name, role in (("Anna", "manager"), ("Boris", "manager"), ("Vera", "head")):
            with site.write(system("test")) as session:
                email = f"{name.lower()}@example.org"
                self.users[name] = add_user(session, email=email, name=f"{name} K", roles=[role])

    def who(self, name: str) -> Principal:
        with self.site.read(system("test")) as session:
            found = identity.principal_of_user(session, self.users[name])
        assert found is not None
        return found

    def make(self, by: str, path: str, **data: Any) -> UUID:
        with self.site.write(self.who(by)) as session:
            return service.create_record(session, session.registry.record_type(path), data).id

    def change(self, by: str, path: str, record_id: UUID, **data: Any) -> None:
        with self.site.write(self.who(by)) as session:
            rtype = session.registry.record_type(path)
            service.change_record(session, rtype, record_id, data)

    def told(self, name: str) -> list[tuple[str, str]]:
        with self.site.read(self.who(name)) as session:
            return [(each.kind, str(each.text)) for each in notices.listing(session)]

    def clear(self) -> None:
        for name in self.users:
            with self.site.write(self.who(name)) as session:
                notices.mark_all(session)


@pytest.fixture(scope="module")
def office(here: Site) -> Office:
    return Office(here)


# Stars and what was opened last


def test_a_star_is_mine_alone_and_goes_with_my_sight(office: Office) -> None:
    firm = office.make("Vera", "counterparties", display_name="Bruma", owner=office.users["Anna"])
    with office.site.write(office.who("Anna")) as session:
        favourites.star(session, "party", firm, True)
        favourites.star(session, "party", firm, True)  # twice is once
        assert [(each.name, each.url) for each in favourites.starred(session)] == [
            ("Bruma", f"/counterparties/{firm}")
        ]
        assert favourites.is_starred(session, "party", firm)
    with office.site.write(office.who("Boris")) as session:
        assert favourites.starred(session) == []
        with pytest.raises(NotFound):
            favourites.star(session, "party", firm, True)
    office.change("Vera", "counterparties", firm, owner=office.users["Boris"])
    with office.site.read(office.who("Anna")) as session:
        assert favourites.starred(session) == []
    office.change("Vera", "counterparties", firm, owner=office.users["Anna"])
    with office.site.write(office.who("Anna")) as session:
        assert [each.name for each in favourites.starred(session)] == ["Bruma"]
        favourites.star(session, "party", firm, False)
        assert favourites.starred(session) == []


def test_stars_have_an_end(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(favourites, "MOST", 1)
    one, two = (office.make("Boris", "contacts", family=name) for name in ("One", "Two"))
    with office.site.write(office.who("Boris")) as session:
        favourites.star(session, "party", one, True)
        with pytest.raises(Invalid):
            favourites.star(session, "party", two, True)
        favourites.star(session, "party", one, False)


def test_what_was_opened_last_comes_first_and_once(office: Office) -> None:
    me = office.who("Anna")
    ids = [office.make("Anna", "contacts", family=name) for name in ("First", "Second")]
    foreign = office.make("Boris", "contacts", family="Hidden")
    for record_id in (*ids, foreign, ids[0]):
        office.site.readings.note(me, "party", record_id)
    office.site.readings.flush()
    with office.site.read(me) as session:
        names = [each.name for each in favourites.recent(session)]
    assert sorted(names) == ["First", "Second"]


# Given and assigned


def test_who_is_given_records_hears_it_once(office: Office) -> None:
    office.clear()
    firm = office.make("Vera", "counterparties", display_name="Alma", owner=office.users["Boris"])
    assert office.told("Boris")[0] == (GIVEN, "Vera K gave you Alma.")
    with office.site.write(office.who("Vera")) as session:
        rtype = session.registry.record_type("contacts")
        for number in range(3):
            data = {"family": f"Number {number}", "owner": office.users["Boris"]}
            service.create_record(session, rtype, data)
        with pytest.raises(RuntimeError), session.begin_nested():
            data = {"family": "Taken back", "owner": office.users["Boris"]}
            service.create_record(session, rtype, data)
            raise RuntimeError
    assert office.told("Boris")[0] == (GIVEN, "Vera K gave you 3 records.")
    before = len(office.told("Boris"))
    office.change("Boris", "counterparties", firm, display_name="Alma Two")
    assert len(office.told("Boris")) == before


def test_an_activity_for_somebody_else_is_told(office: Office) -> None:
    boris = office.users["Boris"]
    office.make("Vera", "activities", kind="task", subject="Call back", owner=boris)
    assert office.told("Boris")[0] == (ASSIGNED, "Vera K planned an activity for you: Call back.")


# Mentions


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see @Anna K, please", ["Anna"]),
        ("@anna k and @BORIS K.", ["Anna", "Boris"]),
        ("write to anna@Anna K", []),
        ("@Anna", []),
        ("@Nobody at all", []),
        (None, []),
    ],
)
def test_names_behind_an_at_sign_are_found(
    office: Office, text: str | None, found: list[str]
) -> None:
    with office.site.read(office.who("Vera")) as session:
        assert [each.id for each in mentions.named(session, text)] == [
            office.users[name] for name in found
        ]


def test_names_are_offered_by_any_part(office: Office) -> None:
    with office.site.read(office.who("Vera")) as session:
        assert [each.written for each in mentions.offered(session, "bo")] == ["Boris K"]
        assert [each.written for each in mentions.offered(session, "k an")] == ["Anna K"]


def test_a_mention_tells_who_may_see_it_and_the_writer_who_may_not(office: Office) -> None:
    office.clear()
    body = "@Vera K and @Boris K should know"
    note = office.make("Anna", "activities", kind="note", body=body)
    with office.site.read(office.who("Anna")) as session:
        kept = mentions.of_activities(session, [note])[note]
    assert [each["name"] for each in kept] == ["Vera K", "Boris K"]
    for _twice in range(2):
        tell(office, note)
    assert office.told("Vera")[0] == (MENTION, f"Anna K mentioned you: {body}")
    assert len([kind for kind, _text in office.told("Vera") if kind == MENTION]) == 1
    assert not [kind for kind, _text in office.told("Boris") if kind == MENTION]
    unheard = [text for kind, text in office.told("Anna") if kind == "mention.unheard"]
    assert unheard == ["Boris K was not told: this record is out of his or her sight."]


def test_a_mention_is_shown_by_the_name_of_today(office: Office) -> None:
    note = office.make("Vera", "activities", kind="note", body="ask @Boris K")
    with office.site.write(system("test")) as session:
        users = session.registry.record_type("users")
        service.change_record(session, users, office.users["Boris"], {"name": "Boris Q"})
    try:
        with office.site.read(office.who("Vera")) as session:
            (one,) = mentions.of_activities(session, [note])[note]
        assert (one["written"], one["name"]) == ("Boris K", "Boris Q")
    finally:
        with office.site.write(system("test")) as session:
            service.change_record(session, users, office.users["Boris"], {"name": "Boris K"})
    office.change("Vera", "activities", note, body="ask nobody")
    with office.site.read(office.who("Vera")) as session:
        assert mentions.of_activities(session, [note]) == {}


def tell(office: Office, note: UUID) -> None:
    """What the worker does after the commit."""
    event = Event(
        id=1,
        name="activity.created",
        entity="activity",
        record_id=note,
        payload={"fields": ["body"]},
        at=clock.now(),
    )
    with office.site.write(office.who("Anna")) as session:
        mentions.tell(session, event)


# Wishes and the digest


def test_who_wants_to_hear_nothing_of_a_kind_gets_none(office: Office) -> None:
    wish = Wishes(kinds={"given": NONE})
    with office.site.write(office.who("Anna")) as session:
        key, value = notice_wishes.KEY, notice_wishes.as_json(wish)
        preferences.put(session, office.users["Anna"], key, value)
    users = [office.users["Anna"], office.users["Boris"]]
    with office.site.write(system("test")) as session:
        assert notices.tell(session, users, "given", _("Member of %(x)s"), {"x": "A"}) == 1
        assert notices.tell(session, users, "given.sub", _("Member of %(x)s"), {"x": "A"}) == 1
        assert notices.tell(session, users, "import", _("Member of %(x)s"), {"x": "A"}) == 2
    with office.site.write(office.who("Anna")) as session:
        preferences.put(session, office.users["Anna"], notice_wishes.KEY, None)


def test_a_kept_wish_that_does_not_fit_is_the_default() -> None:
    kept: list[object] = [None, [], {"hour": "x", "kinds": 3}, {"hour": 99}]
    for value in kept:
        assert notice_wishes.from_json(value) == Wishes()


@pytest.mark.parametrize(
    ("hour", "zone", "last", "due"),
    [
        (8, "UTC", None, True),
        (13, "UTC", None, False),
        (13, "Europe/Kyiv", None, True),
        (8, "UTC", NOON.replace(hour=8, minute=10), False),
        (8, "UTC", NOON - timedelta(days=1), True),
        (8, "no such zone", None, True),
    ],
)
def test_the_hour_is_that_of_the_user(
    hour: int, zone: str, last: datetime | None, due: bool
) -> None:
    assert digest.is_due(NOON, zone, hour, last) is due


def test_the_mail_brings_once_what_is_unread_in_the_language_of_the_reader(
    office: Office,
) -> None:
    boris = office.users["Boris"]
    office.clear()
    with office.site.write(system("test")) as session:
        users = session.registry.record_type("users")
        service.change_record(session, users, boris, {"locale": "ru"})
    with clock.frozen(NOON), office.site.write(system("test")) as session:
        notices.tell(session, [boris], "mention", _("Member of %(x)s"), {"x": "A"}, "/contacts")
        notices.tell(session, [boris], "import", _("Member of %(x)s"), {"x": "By the bell"})
    with clock.frozen(NOON - timedelta(hours=5)):
        assert not send(office, boris)
    with clock.frozen(NOON + timedelta(minutes=10)):
        assert send(office, boris)
        assert not send(office, boris)
    (mail,) = mails(office, "boris@example.org")
    assert "Членство: A" in mail["text"] or "A" in mail["text"]
    assert "By the bell" not in mail["text"]
    with clock.frozen(NOON + timedelta(days=1)):
        assert not send(office, boris)
    with clock.frozen(NOON), office.site.write(system("test")) as session:
        notices.tell(session, [boris], "mention", _("Member of %(x)s"), {"x": "read"})
    office.clear()
    with clock.frozen(NOON + timedelta(days=1)):
        assert not send(office, boris)
    assert len(mails(office, "boris@example.org")) == 1


def send(office: Office, user: UUID) -> bool:
    with office.site.write(system("job")) as session:
        return digest.send_one(session, user)


def mails(office: Office, to: str) -> list[dict[str, Any]]:
    with office.site.database.read_engine.connect() as connection:
        found = select(MAILS).where(MAILS.c.to_address == to, MAILS.c.purpose == "notices")
        return [dict(row._mapping) for row in connection.execute(found)]


def test_the_watcher_sees_many_users_by_one_statement(office: Office) -> None:
    boris, vera = office.users["Boris"], office.users["Vera"]
    office.clear()
    with office.site.write(system("test")) as session:
        notices.tell(session, [boris, boris], "import", _("Member of %(x)s"), {"x": "A"})
    found = notices.state(office.site.database.read_engine, [boris, vera, new_id()])
    assert list(found) == [boris] and found[boris][0] == 1
    with office.site.read(office.who("Boris")) as session:
        assert notices.state_of(session) == found[boris]
