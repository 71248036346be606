"""Sign-in and mail among core's declarations: settings, jobs, the page of mails."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kontora.access import links
from kontora.access.sign_in_settings import (
    BOUNDS,
    IDLE_HOURS,
    SESSION_DAYS,
    SHORTEST_PASSWORD,
    TOKENS,
)
from kontora.hookspecs import hookimpl
from kontora.parties import account_mails, consents
from kontora.registry.faces import MenuItem, Setting
from kontora.registry.fields import FieldType
from kontora.registry.records import Change
from kontora.registry.work import JobContext, JobSpec
from kontora.text import Text, _
from kontora.work import mail

_LABELS: tuple[tuple[str, Text, Text], ...] = (
    (
        SHORTEST_PASSWORD,
        _("Shortest password, characters"),
        _("At least 8. There are no other rules, but well-known passwords are refused."),
    ),
    (
        IDLE_HOURS,
        _("Signed out when not used, hours"),
        _("From 1 hour to a year (8760). Unset: two weeks."),
    ),
    (
        SESSION_DAYS,
        _("Signed out in any case, days"),
        _("From 1 to 365 days after signing in. Unset: 30."),
    ),
    (
        TOKENS,
        _("API tokens that a user may have"),
        _("From 1 to 1000 that still open. Unset: 20. The command line may make more."),
    ),
)


@hookimpl
def register_settings() -> Iterable[Setting]:
    """What a password must be, and how long a sign-in lasts."""
    return tuple(
        Setting(
            name=name,
            label=label,
            help=help,
            type=FieldType.INTEGER,
            default=BOUNDS[name].default,
        )
        for name, label, help in _LABELS
    )


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """A link that was sent to a former address, of somebody else perhaps, opens nothing more."""
    if change.entity == "user" and change.verb == "change" and "email" in change.after:
        links.revoke(session, change.record_id)


@hookimpl
def register_menu() -> Iterable[MenuItem]:
    """The page of mails."""
    return (
        MenuItem(
            id="admin-mail",
            label=_("Outgoing mail"),
            help=_("What was sent in the name of this site."),
            url="/admin/mail",
            icon="mail",
            group="administration",
            order=5,
            permission="admin.health",
        ),
    )


def deliver(context: JobContext) -> dict[str, str]:
    """Send a mail, unless its receiver does not consent to its purpose at this moment."""
    return mail.deliver(context, ask=consents.refusal)


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """Mails leave by jobs; so does the answer to “forgotten”, which looks nothing up itself."""
    return (
        JobSpec(name=mail.JOB, handler=deliver, max_attempts=mail.ATTEMPTS, timeout=320),
        JobSpec(name=account_mails.RESET_JOB, handler=account_mails.send_reset),
        JobSpec(
            name="core.forget_mail_secrets", handler=mail.forget_secrets, schedule="*/15 * * * *"
        ),
    )
