"""Mails as administrators see them, and what they may do to one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access import strength
from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.text import _
from kontora.work import mail
from kontora.work.mail import state_of

__all__ = ["again", "listing", "one", "readable", "state_of", "test"]


def listing(session: ScopedSession, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The newest mails, behind the one with the id `before`."""
    _require(session)
    return mail.listing(session, before, limit)


def one(session: ScopedSession, mail_id: UUID) -> dict[str, Any]:
    """One mail. Raises NotFound."""
    _require(session)
    return mail.get(session, mail_id)


def readable(session: ScopedSession, found: dict[str, Any]) -> str | None:
    """The text that may be shown. One that opens an account is shown only where no server sends
    it (opening it here is then the only way), only while its link opens, and only to those who
    may give passwords anyway."""
    end = found["secret_until"]
    if end is not None and (
        session.site.settings.mail_server is not None
        or end <= session.now
        or not session.principal.rights.has("admin.users")
        or not _may_give_password(session, found["to_address"])
    ):
        return None
    text: str | None = found["text"]
    return text


def _may_give_password(session: ScopedSession, address: str) -> bool:
    user_id = session.scalar(select(User.id).where(User.email == address.casefold()))
    if user_id is None or user_id == session.principal.user_id:
        return True
    return not strength.too_strong(session, strength.roles_of(session, user_id))


def again(session: ScopedSession, mail_id: UUID) -> None:
    """Queue a mail again. Raises NotFound or Conflict."""
    _require(session)
    mail.again(session, mail_id)


def test(session: ScopedSession) -> UUID:
    """Queue a mail to the asker himself."""
    _require(session)
    address = session.principal.email
    if not address:
        raise Invalid({"": [_("You have no e-mail address.")]})
    subject = str(_("A test mail of Kontora"))
    text = str(_("This mail shows that mails of this site arrive. Nothing is to be done."))
    return mail.send(session, address, subject, text, purpose="test")


def _require(session: ScopedSession) -> None:
    if not session.principal.rights.has("admin.health"):
        raise Forbidden("admin.health")
