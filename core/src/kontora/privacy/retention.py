"""How long what is kept beside the records, in one list; `purge` deletes by it every night.

Records themselves, the change log and consents are no part of it: they are kept until somebody
erases a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from kontora.access.models import UserSession
from kontora.access.session import ScopedSession
from kontora.privacy import bin
from kontora.privacy.models import PrivacyRequest
from kontora.records.models import ChangeRow, IdempotencyKey, ImportIssue, ImportRun, ReviewItem
from kontora.records.reading import DAYS as READING_DAYS
from kontora.records.watch_models import Notice, Reading
from kontora.text import Text, _
from kontora.webhooks.models import DEAD, WebhookDelivery
from kontora.work import models as work
from kontora.work.mail_models import QUEUED, MailMessage

DOOR = {"door": "privacy"}
_Only = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """A kind of rows that go when they are `days` old (0: never), by the time in column `at`.

    `setting` names the setting of the days; without one they are kept for good. `only` says
    which rows of the table are meant.
    """

    name: str
    label: Text
    model: Any
    at: str
    days: int
    setting: str | None = None
    only: _Only | None = None
    key: str = "id"


def _of_ended_runs(table: Any) -> Any:
    run: Any = ImportRun.__table__
    return table.c.run_id.in_(select(run.c.id).where(run.c.finished_at.is_not(None)))


DECLARED: tuple[Retention, ...] = (
    Retention(
        name="reading",
        label=_("What users opened"),
        model=Reading,
        at="at",
        days=READING_DAYS,
        setting="watch.keep_days",
    ),
    Retention(
        name="sign_in",
        label=_("Sign-ins: log"),
        model=ChangeRow,
        at="at",
        days=365,
        setting="retention.sign_in_log",
        only=lambda table: table.c.entity == "sign_in",
    ),
    Retention(
        name="device",
        label=_("Sign-ins: devices not used any more"),
        model=UserSession,
        at="seen_at",
        days=365,
        setting="retention.devices",
    ),
    Retention(
        name="mail",
        label=_("Mails that left, failed or were refused"),
        model=MailMessage,
        at="created_at",
        days=180,
        setting="retention.mails",
        only=lambda table: table.c.state != QUEUED,
    ),
    Retention(
        name="webhook",
        label=_("Deliveries of webhooks"),
        model=WebhookDelivery,
        at="ended_at",
        days=30,
        setting="retention.webhooks",
        only=lambda table: table.c.state != DEAD,
    ),
    Retention(
        name="dead_webhook",
        label=_("Deliveries of webhooks that were given up"),
        model=WebhookDelivery,
        at="ended_at",
        days=90,
        setting="retention.dead_webhooks",
        only=lambda table: table.c.state == DEAD,
    ),
    Retention(
        name="answer",
        label=_("Answers kept for repeated requests"),
        model=IdempotencyKey,
        at="created_at",
        days=2,
        setting="retention.answers",
        key="key",
    ),
    Retention(
        name="job",
        label=_("Jobs that ended well"),
        model=work.Job,
        at="finished_at",
        days=30,
        setting="retention.jobs",
        only=lambda table: table.c.state.in_((work.DONE, work.CANCELLED)),
    ),
    Retention(
        name="failed_job",
        label=_("Jobs that failed"),
        model=work.Job,
        at="finished_at",
        days=180,
        setting="retention.failed_jobs",
        only=lambda table: table.c.state.in_((work.FAILED, work.DEAD)),
    ),
    Retention(
        name="event",
        label=_("Events that were told"),
        model=work.OutboxEvent,
        at="at",
        days=30,
        setting="retention.events",
        only=lambda table: table.c.state == work.DISPATCHED,
    ),
    Retention(
        name="import_issue",
        label=_("What imports changed or refused"),
        model=ImportIssue,
        at="run.finished_at",
        days=180,
        setting="retention.import_issues",
        only=_of_ended_runs,
    ),
    Retention(
        name="import_run",
        label=_("Imports, with the files that were imported"),
        model=ImportRun,
        at="finished_at",
        days=365,
        setting="retention.import_runs",
    ),
    *(
        Retention(
            name=name,
            label=label,
            model=model,
            at="deleted_at",
            days=bin.DAYS,
            setting=bin.SETTING,
        )
        for name, label, model in bin.kinds()
    ),
    Retention(
        name="notice",
        label=_("Notices that were read"),
        model=Notice,
        at="read_at",
        days=180,
        setting="retention.notices",
    ),
    Retention(
        name="review",
        label=_("Decided pairs of likely doubles"),
        model=ReviewItem,
        at="created_at",
        days=365,
        setting="retention.reviews",
        only=lambda table: table.c.state != "open",
    ),
    Retention(
        name="export",
        label=_("Exports of one person's data"),
        model=PrivacyRequest,
        at="finished_at",
        days=7,
        setting="retention.person_exports",
        only=lambda table: table.c.kind == "export",
    ),
    Retention(
        name="change",
        label=_("Change log, without sign-ins"),
        model=ChangeRow,
        at="at",
        days=0,
        only=lambda table: table.c.entity != "sign_in",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How a kind of rows stands: the days in force, the oldest row, and how many there are."""

    declared: Retention
    days: int
    oldest: datetime | None


def days_of(session: ScopedSession, each: Retention) -> int:
    """The days in force; what is set to nothing is the default."""
    if each.setting is None:
        return each.days
    value = session.site.setting(session, each.setting)
    return each.days if value is None else max(0, int(value))


def overview(session: ScopedSession) -> list[Kept]:
    """All kinds, with the oldest row that is there now."""
    found = []
    for each in DECLARED:
        moment = session.execute(_oldest(each), execution_options=DOOR).scalar()
        found.append(Kept(declared=each, days=days_of(session, each), oldest=moment))
    return found


def _oldest(each: Retention) -> Any:
    table, moment = each.model.__table__, moment_of(each)
    statement = select(func.min(moment))
    if each.model is ImportIssue:
        statement = statement.select_from(table.join(ImportRun.__table__))
    return statement.where(each.only(table)) if each.only else statement


def moment_of(each: Retention) -> Any:
    """The column from which the days are counted; for what an import said, the end of its run."""
    if each.model is ImportIssue:
        run: Any = ImportRun.__table__
        return run.c.finished_at
    return each.model.__table__.c[each.at]
