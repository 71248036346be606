"""What was told and not read yet, by mail once a day: at the user's hour, in his language.

The mail and the mark on its notices are one transaction, so that a job which runs twice mails
once. A notice that was read before the hour is not mailed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from kontora import clock
from kontora.access.models import User
from kontora.hookspecs import hookimpl
from kontora.records import notice_wishes, notices
from kontora.records.notice_wishes import MAIL, Wishes
from kontora.records.watch_models import Notice
from kontora.registry.work import JobContext, JobSpec
from kontora.text import _, n_, use_locale
from kontora.work import mail

JOB = "core.notice_digest"
DOOR = {"door": "notices"}
OLDEST, MOST = timedelta(days=7), 30
_user: Any = User.__table__
_notice: Any = Notice.__table__


def send(context: JobContext) -> dict[str, int]:
    """Mail to everybody whose hour it is; one transaction for each."""
    with context.slice() as session:
        users = _waiting(session)
    mailed = 0
    for number, user_id in enumerate(users):
        with context.slice() as session:
            mailed += send_one(session, user_id)
        context.progress(number + 1, len(users))
    return {"mails": mailed}


def send_one(session: Any, user_id: UUID) -> bool:
    """Mail to one user what waits for him, if his hour has come and he got none since."""
    row = session.execute(select(_user).where(_user.c.id == user_id), execution_options=DOOR).one()
    wish = notice_wishes.wishes(session, [user_id])[user_id]
    if not is_due(session.now, row.timezone, wish.hour, _last(session, user_id)):
        return False
    found = [each for each in _unread(session, user_id) if _by_mail(session, wish, each)]
    if not found:
        return False
    with use_locale(row.locale):
        subject, text = words(session, row.name, found)
        mail.send(session, row.email, subject, text, purpose="notices")
    ids = [each.id for each in found]
    marked = update(_notice).where(_notice.c.id.in_(ids)).values(mailed_at=session.now)
    session.execute(marked, execution_options=DOOR)
    return True


def is_due(now: datetime, zone: str, hour: int, last: datetime | None) -> bool:
    """Whether the hour of this day has come, and nothing went out since."""
    local = now.astimezone(clock.zone(zone))
    due = local.replace(hour=hour, minute=0, second=0, microsecond=0)
    return local >= due and (last is None or last < due)


def words(session: Any, name: str, found: Sequence[notices.NoticeEntry]) -> tuple[str, str]:
    """Subject and text, in the language in force."""
    number = len(found)
    subject = n_("%(n)s new notice", "%(n)s new notices", number)
    base = (session.site.settings.base_url or "").rstrip("/")
    lines = []
    for each in found[:MOST]:
        lines.append(f"• {each.text}" + (f"\n  {base}{each.link}" if each.link and base else ""))
    if number > MOST:
        lines.append(str(_("… and %(n)s more.") % {"n": number - MOST}))
    foot = _("How you hear of what: %(url)s") % {"url": f"{base}/notices/settings"}
    hello = _("Hello %(name)s,") % {"name": name}
    intro = _("this is new since you last looked:")
    return str(subject), "\n\n".join([f"{hello}\n{intro}", *lines, str(foot)])


def _waiting(session: Any) -> list[UUID]:
    """Active users with an address who have something unread that was not mailed."""
    statement = (
        select(_notice.c.user_id)
        .join(_user, _user.c.id == _notice.c.user_id)
        .where(*_open(session), _user.c.state == "active", _user.c.deleted_at.is_(None))
        .where(_user.c.email.is_not(None))
        .distinct()
    )
    return sorted(session.execute(statement, execution_options=DOOR).scalars())


def _open(session: Any) -> tuple[Any, ...]:
    young = _notice.c.created_at >= session.now - OLDEST
    return (_notice.c.read_at.is_(None), _notice.c.mailed_at.is_(None), young)


def _unread(session: Any, user_id: UUID) -> list[notices.NoticeEntry]:
    statement = select(_notice).where(_notice.c.user_id == user_id, *_open(session))
    rows = session.execute(statement.order_by(_notice.c.id), execution_options=DOOR)
    return [notices.entry(dict(row._mapping)) for row in rows]


def _last(session: Any, user_id: UUID) -> datetime | None:
    statement = select(func.max(_notice.c.mailed_at)).where(_notice.c.user_id == user_id)
    found: datetime | None = session.execute(statement, execution_options=DOOR).scalar()
    return found


def _by_mail(session: Any, wish: Wishes, each: notices.NoticeEntry) -> bool:
    return wish.way(session.registry.notice_kinds, each.kind) == MAIL


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """Every hour: somewhere it is eight."""
    return (JobSpec(name=JOB, handler=send, schedule="10 * * * *", sliced=True),)
