"""Reports by mail: each recipient's own figures, once for each time, as long as he wants them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from kontora.access.principal import system
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.lifecycle.site import Site
from kontora.records import report_schedules as schedules
from kontora.work import mail
from kontora.work.runner import run_pending
from kontora_sdk.testing.people import make_party, make_user

WEEKLY = {"every": "week", "weekday": "0", "hour": "8", "format": "xlsx"}


@pytest.fixture(scope="module")
def site(here: Site) -> Site:
    return here


def _mails(site: Site, address: str) -> list[Any]:
    with site.database.read_engine.connect() as connection:
        statement = select(mail.MAIL, mail.ATTACHED.c.name.label("file")).outerjoin(
            mail.ATTACHED, mail.ATTACHED.c.mail_id == mail.MAIL.c.id
        )
        return list(connection.execute(statement.where(mail.MAIL.c.to_address == address)))


def _due(site: Site, hours: int) -> None:
    """Let everything be due since some hours, look for it twice, and run what that queues."""
    from kontora.parties.reports import sending
    from kontora.work import jobs

    table = schedules.schedule_table
    with site.database.write_engine.begin() as connection:
        past = datetime.now(UTC) - timedelta(hours=hours)
        connection.execute(update(table).values(next_at=past))
    for _time in range(2):
        with site.write(system("test")) as session:
            jobs.enqueue(session, sending.DUE)
        run_pending(site.work_site())


def test_each_recipient_gets_his_own_figures_once(site: Site) -> None:
    head, manager = make_user(site, "head"), make_user(site, "manager")
    make_party(site, manager, {"family": "Seen", "roles": [{"role": "investor"}]})
    make_party(site, head, {"family": "Unseen", "roles": [{"role": "agent"}]})
    with site.write(head) as session:
        people = [str(head.user_id), str(manager.user_id)]
        given = {**WEEKLY, "recipients": people, "params": {"by": "role"}}
        made = schedules.create(session, "counterparties", given)
    _due(site, 3)
    for who, agents in ((head, True), (manager, False)):
        (one,) = _mails(site, str(who.email))
        assert "Investor" in one.text and ("Agent" in one.text) is agents
        assert one.file.startswith("counterparties-") and one.file.endswith(".xlsx")
    with site.write(manager) as session:
        schedules.leave(session, made)
        with pytest.raises(NotFound):
            schedules.remove(session, made)
    _due(site, 2)
    counts = [len(_mails(site, str(each.email))) for each in (head, manager)]
    assert counts == [2, 1]
    with site.write(head) as session:
        schedules.set_state(session, made, schedules.PAUSED)
    _due(site, 1)
    assert len(_mails(site, str(head.email))) == 2


def test_a_job_that_runs_twice_sends_once(site: Site) -> None:
    from kontora.parties.reports import sending

    head = make_user(site, "head")
    with site.write(head) as session:
        made = schedules.create(session, "activity", {**WEEKLY, "every": "day"})
    for _time in range(2):
        with site.write(system("test")) as session:
            assert sending.queue(session, made, "2026-11-22T08:00") == 1
        run_pending(site.work_site())
    assert len(_mails(site, str(head.email))) == 1


def test_to_others_only_with_the_right_to_share(site: Site) -> None:
    head, manager = make_user(site, "head"), make_user(site, "manager")
    with site.write(manager) as session:
        with pytest.raises(Forbidden):
            given = {**WEEKLY, "recipients": [str(head.user_id)]}
            schedules.create(session, "growth", given)
        for wrong in ({"every": "hour"}, {"hour": "24"}, {"format": "exe"}, {"day": "x"}):
            with pytest.raises(Invalid):
                schedules.create(session, "growth", {**WEEKLY, **wrong})
        with pytest.raises(Invalid):
            schedules.create(session, "growth", {**WEEKLY, "params": {"step": "hour"}})
    with site.read(manager) as session:
        assert schedules.listing(session) == []
        table = schedules.schedule_table
        mine = select(func.count()).where(table.c.owner_id == manager.user_id)
        assert session.scalar(mine, execution_options=schedules.DOOR) == 0


def test_the_next_time_follows_the_clock_of_its_owner() -> None:
    kyiv = ZoneInfo("Europe/Kyiv")
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    monday = schedules.next_after(saturday, kyiv, "week", 0, 1, 8)
    assert monday == datetime(2026, 3, 30, 5, tzinfo=UTC)  # summer time began on the 29th
    last = schedules.next_after(saturday, kyiv, "month", 0, 31, 8)
    assert last.astimezone(kyiv).date().isoformat() == "2026-03-31"
    assert schedules.next_after(last, kyiv, "month", 0, 31, 8).astimezone(kyiv).day == 30
    assert schedules.next_after(monday, kyiv, "day", 0, 1, 8) == monday + timedelta(days=1)
