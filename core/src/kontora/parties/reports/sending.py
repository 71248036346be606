"""Send reports by mail: what is due is found every few minutes, then each recipient's is computed
with his own rights and mailed, once for each time that it is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from markupsafe import Markup, escape
from sqlalchemy import select, update

from kontora import clock
from kontora.access.models import User
from kontora.access.principal import Principal
from kontora.access.rights import Rights
from kontora.errors import KontoraError
from kontora.hookspecs import hookimpl
from kontora.records import periods, report_files, report_models, report_text, reports
from kontora.records import report_schedules as schedules
from kontora.records.report_schedules import DOOR, recipient_table, schedule_table
from kontora.registry.work import JobContext, JobSpec
from kontora.text import _, use_locale
from kontora.work import jobs, mail
from kontora.work.context import RunningJob
from kontora.work.executor import insert

DUE, ONE = "core.send_reports", "core.send_report"
ROWS = 10
_user: Any = User.__table__
_delivery: Any = report_models.ReportDelivery.__table__


def send_due(context: JobContext) -> dict[str, int]:
    """Queue a job for each recipient of what is due, and note when it is due next, all in one
    transaction. What was missed while nothing ran is sent once."""
    session = context.session
    statement = (
        select(schedule_table, _user.c.timezone)
        .join(_user, _user.c.id == schedule_table.c.owner_id)
        .where(schedule_table.c.state == schedules.ACTIVE, schedule_table.c.next_at <= session.now)
        .where(_user.c.state == "active", _user.c.deleted_at.is_(None))
        .limit(500)
    )
    queued = 0
    for row in session.execute(statement, execution_options=DOOR).all():
        queued += queue(session, row.id, f"{row.next_at:%Y-%m-%dT%H:%M}")
        zone = clock.zone(row.timezone)
        due = schedules.next_after(session.now, zone, row.every, row.weekday, row.day, row.hour)
        here = schedule_table.c.id == row.id
        session.execute(
            update(schedule_table).where(here).values(next_at=due), execution_options=DOOR
        )
    return {"queued": queued}


def queue(session: Any, schedule_id: UUID, period: str) -> int:
    """Queue the mails of one schedule; each acts for its recipient. Returns how many."""
    statement = (
        select(recipient_table.c.user_id)
        .join(_user, _user.c.id == recipient_table.c.user_id)
        .where(recipient_table.c.schedule_id == schedule_id)
        .where(recipient_table.c.state == schedules.ON, _user.c.state == "active")
        .where(_user.c.deleted_at.is_(None))
    )
    ids = list(session.execute(statement, execution_options=DOOR).scalars())
    for user_id in ids:
        jobs.enqueue(
            session,
            ONE,
            {"schedule": str(schedule_id), "period": period},
            unique_key=f"report:{schedule_id}:{user_id}:{period}",
            principal=Principal(kind="user", name="", rights=Rights(), user_id=user_id),
        )
    return len(ids)


def send_one(context: JobContext) -> dict[str, str]:
    """Compute a report with the rights of its recipient, without making any writer wait, and queue
    the mail together with the note that it was sent."""
    assert isinstance(context, RunningJob)
    schedule_id, period = UUID(str(context.args["schedule"])), str(context.args["period"])
    with context.reading() as session:
        row = _schedule(session, schedule_id)
        me = session.principal
        if row is None or me.email is None:
            return {"state": "nothing to do"}
        with use_locale(me.locale):
            try:
                made, why = _made(session, row), None
            except KontoraError as error:
                made, why = None, str(error)[:500]
    session = context.session
    here = (recipient_table.c.schedule_id == schedule_id) & (
        recipient_table.c.user_id == me.user_id
    )
    if made is None:
        failed = update(recipient_table).where(here).values(error=why)
        session.execute(failed, execution_options=DOOR)
        return {"state": "refused"}
    note = insert(session, _delivery).values(
        schedule_id=schedule_id, user_id=me.user_id, period=period, sent_at=session.now
    )
    noted = session.execute(
        note.on_conflict_do_nothing().returning(_delivery.c.period), execution_options=DOOR
    ).first()
    if noted is None:
        return {"state": "sent before"}
    mail.send(session, me.email, purpose="report", **made)
    sent = update(recipient_table).where(here).values(sent_at=session.now, error=None)
    session.execute(sent, execution_options=DOOR)
    return {"state": "queued"}


def _schedule(session: Any, schedule_id: UUID) -> Any:
    """The schedule, if its reader still gets it."""
    statement = (
        select(schedule_table)
        .join(recipient_table, recipient_table.c.schedule_id == schedule_table.c.id)
        .where(schedule_table.c.id == schedule_id)
        .where(recipient_table.c.user_id == session.principal.user_id)
        .where(recipient_table.c.state == schedules.ON)
    )
    return session.execute(statement, execution_options=DOOR).first()


def _made(session: Any, row: Any) -> dict[str, Any]:
    """Subject, text, HTML and the file, in the language in force."""
    result = reports.result(session, row.report_id, row.params)
    asked = report_text.spoken(session, result.report, result.params)
    base = (session.site.settings.base_url or "").rstrip("/")
    leave = f"{base}/reports/sent"
    title = str(result.report.label)
    company = str(session.site.setting(session, "company.name") or "Kontora")
    why = _(
        "You get this report from %(company)s, with what you may see. Stop it here: %(link)s"
    ) % {"company": company, "link": leave}
    zone = periods.zone_of(session)
    heads = [str(each.label) for each in result.columns[:6]]
    rows = [
        [
            report_text.cell(column, value, zone)
            for column, value in zip(result.columns[:6], cells, strict=False)
        ]
        for cells in result.rows[:ROWS]
    ]
    name = f"{row.report_id}-{periods.today(session).isoformat()}.{row.format}"
    file = (name, report_files.TYPES[row.format], report_files.made(session, result, row.format))
    return {
        "subject": f"{title} · {company}",
        "text": "\n".join(
            [title, asked, "", *(" | ".join(each) for each in [heads, *rows]), "", str(why)]
        ),
        "html": _html(title, asked, heads, rows, str(why)),
        "attachments": [file],
    }


def _html(title: str, asked: str, heads: list[str], rows: list[list[str]], why: str) -> str:
    cell = "padding:4px 12px 4px 0;border-bottom:1px solid #ddd;text-align:left"
    line = Markup("<tr>{}</tr>")
    head = Markup("").join(Markup('<th style="{}">{}</th>').format(cell, each) for each in heads)
    body = Markup("").join(
        line.format(
            Markup("").join(Markup('<td style="{}">{}</td>').format(cell, each) for each in row)
        )
        for row in rows
    )
    page = Markup(
        '<div style="font-family:sans-serif;font-size:14px"><h2>{}</h2><p>{}</p>'
        '<table style="border-collapse:collapse"><thead>{}</thead><tbody>{}</tbody></table>'
        '<p style="color:#666;font-size:12px">{}</p></div>'
    )
    return str(page.format(title, asked, line.format(head), body, escape(why)))


@hookimpl
def register_models() -> Iterable[type]:
    """The tables of mailed reports."""
    names = ("ReportSchedule", "ReportRecipient", "ReportDelivery")
    found: Mapping[str, type] = vars(report_models)
    return [found[name] for name in names]


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """What is due is looked for every five minutes."""
    return (
        JobSpec(name=DUE, handler=send_due, schedule="*/5 * * * *"),
        JobSpec(name=ONE, handler=send_one),
    )
