"""The mails that open an account: a password forgotten, an invitation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access import links
from kontora.access.identity import DOOR
from kontora.access.models import User
from kontora.access.principal import system
from kontora.parties import sign_in_log
from kontora.registry.work import JobContext
from kontora.text import _, use_locale
from kontora.work import jobs, mail
from kontora.work.executor import Executor

RESET_JOB = "core.send_reset"
_user: Any = User.__table__


def ask_reset(session: Executor, email: str, base_url: str) -> None:
    """Queue a look for the account: what the asker gets to see, and how long it takes, is the
    same whether there is one or not."""
    jobs.enqueue(
        session, RESET_JOB, {"email": email, "base_url": base_url}, principal=system("mail")
    )


def send_reset(context: JobContext) -> dict[str, str]:
    """Mail a link for a new password to an active user of this address, if there is one."""
    session = context.session
    row = session.execute(
        select(_user.c.id, _user.c.name, _user.c.email, _user.c.locale).where(
            _user.c.email == context.args["email"],
            _user.c.state == "active",
            _user.c.deleted_at.is_(None),
        ),
        execution_options=DOOR,
    ).first()
    if row is None:
        return {"state": "nobody"}
    sign_in_log.note(session, "reset_asked", row.id, user=row.email)
    token, end = links.make(session, row.id, links.RESET)
    with use_locale(row.locale):
        text = _(
            "Hello %(name)s,\n\nsomebody, probably you, asked for a new password for %(company)s. "
            "Open this link within an hour to choose one:\n\n%(link)s\n\n"
            "If it was not you, do nothing: your password stays as it is."
        ) % _facts(session, row.name, context.args["base_url"], token)
        subject = str(_("A new password for %(company)s") % {"company": _company(session)})
        mail.send(session, row.email, subject, str(text), purpose="reset", secret_until=end)
    return {"state": "queued"}


def send_invitation(session: Any, user_id: UUID, base_url: str) -> None:
    """Mail a link to choose a first password, good for seven days, in the user's language."""
    row = session.execute(
        select(_user.c.name, _user.c.email, _user.c.locale).where(_user.c.id == user_id),
        execution_options=DOOR,
    ).one()
    sign_in_log.note(session, "invite", user_id, user=row.email)
    token, end = links.make(session, user_id, links.INVITE)
    with use_locale(row.locale):
        text = _(
            "Hello %(name)s,\n\nyou have got an account in %(company)s. Open this link within "
            "seven days to choose your password:\n\n%(link)s\n\n"
            "You sign in with this e-mail address and that password."
        ) % _facts(session, row.name, base_url, token)
        subject = str(_("Your account in %(company)s") % {"company": _company(session)})
        mail.send(session, row.email, subject, str(text), purpose="invite", secret_until=end)


def address(base_url: str, token: str) -> str:
    """Where a link leads. The token stands in the query, which no log of ours keeps."""
    return f"{base_url.rstrip('/')}/set-password?token={token}"


def _facts(session: Any, name: str, base_url: str, token: str) -> dict[str, object]:
    return {"name": name, "company": _company(session), "link": address(base_url, token)}


def _company(session: Any) -> str:
    return str(session.site.setting(session, "company.name") or "Kontora")
