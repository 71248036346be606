"""Mails: written with the change, sent after its commit by a job; never from a request.

`send` adds a row and a job to the transaction. The job hands the mail to the server, or, when
none is set, writes it to the folder `outbox` of the home.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.headerregistry import Address
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, select, update

from kontora import clock
from kontora.access.principal import system
from kontora.errors import Conflict, Invalid, KontoraError, NotFound
from kontora.ids import new_id
from kontora.registry.work import JobContext
from kontora.text import _
from kontora.work import jobs, mail_message, mail_models
from kontora.work.context import RunningJob
from kontora.work.executor import Executor, run

MAIL = cast(Table, mail_models.MailMessage.__table__)
ATTACHED = cast(Table, mail_models.MailAttachment.__table__)
Attachment = tuple[str, str, bytes]  # name, content type, content
JOB = "core.send_mail"
# With the delays of jobs (5 s, 15 s, 45 s ... 6 h) the last one is about a day after the first.
ATTEMPTS = 12
_LONGEST_TEXT, _LONGEST_SUBJECT = 1_000_000, 500


def send(
    session: Executor,
    to: str,
    subject: str,
    text: str,
    *,
    html: str | None = None,
    purpose: str | None = None,
    party_id: UUID | None = None,
    secret_until: datetime | None = None,
    attachments: Sequence[Attachment] = (),
) -> UUID:
    """Queue a mail in the session's transaction and return its id.

    `to` is one address. `secret_until`: the text opens an account until then; it is shown to
    nobody later, nor after a server has taken it. Raises Invalid for a line end in a header, or
    an address that is none.
    """
    mail_id = new_id()
    row = {
        "id": mail_id,
        "to_address": checked_address(to),
        "subject": _checked_subject(subject),
        "text": _checked_text(text),
        "html": html,
        "purpose": purpose,
        "party_id": party_id,
        "state": mail_models.QUEUED,
        "created_at": clock.now(),
        "secret_until": secret_until,
    }
    run(session, MAIL.insert().values(row))
    for name, kind, data in attachments:
        file = {"id": new_id(), "mail_id": mail_id, "name": name, "content_type": kind}
        run(session, ATTACHED.insert().values(file | {"data": data}))
    _queue(session, mail_id)
    return mail_id


def again(session: Executor, mail_id: UUID) -> None:
    """Queue a mail anew that failed or lies in the outbox. Raises NotFound or Conflict."""
    row = get(session, mail_id)
    if row["text"] is None:
        raise Conflict(
            _("The text of this mail was removed, because it held a secret."),
            _("Let the link be sent anew."),
        )
    if state_of(row) not in (mail_models.FAILED, mail_models.KEPT, mail_models.REFUSED):
        raise Conflict(_("This mail is on its way, or sent."), "")
    values = {"state": mail_models.QUEUED, "error": None}
    run(session, update(MAIL).where(MAIL.c.id == mail_id).values(values))
    _queue(session, mail_id)


def _queue(session: Executor, mail_id: UUID) -> None:
    job = jobs.enqueue(session, JOB, {"mail": str(mail_id)}, principal=system("mail"))
    run(session, update(MAIL).where(MAIL.c.id == mail_id).values(job_id=job))


def checked_address(to: str) -> str:
    """The address, or Invalid: no line ends, no list of addresses, no display name."""
    cleaned = to.strip()
    try:
        if not cleaned.isprintable() or len(cleaned) > 320:
            raise ValueError(to)
        local, _at, host = cleaned.rpartition("@")
        Address(username=local, domain=host.encode("idna").decode("ascii"))
        if not local or not host or any(each in cleaned for each in ' ,;:<>"()[]\\'):
            raise ValueError(to)
    except Exception as error:  # the standard library raises several kinds for odd addresses
        raise Invalid({"to": [_("This is no e-mail address.")]}) from error
    return cleaned


def _checked_subject(subject: str) -> str:
    if "\r" in subject or "\n" in subject:
        raise Invalid({"subject": [_("A subject is one line.")]})
    return subject[:_LONGEST_SUBJECT]


def _checked_text(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise Invalid({"text": [_("Use at most %(n)s characters.") % {"n": _LONGEST_TEXT}]})
    return text


# Reading, for administrators


def get(executor: Executor, mail_id: UUID) -> dict[str, Any]:
    """One mail, with the state of its job as `job_state`. Raises NotFound."""
    row = run(executor, _with_job().where(MAIL.c.id == mail_id)).mappings().first()
    if row is None:
        raise NotFound(_("There is no such mail."))
    return dict(row)


def listing(executor: Executor, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The newest mails behind the one with the id `before`."""
    statement = _with_job().order_by(MAIL.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(MAIL.c.id < before)
    return [dict(row) for row in run(executor, statement).mappings()]


def _with_job() -> Any:
    job = jobs.JOB
    return select(MAIL, job.c.state.label("job_state"), job.c.attempts).outerjoin(
        job, job.c.id == MAIL.c.job_id
    )


def state_of(row: dict[str, Any]) -> str:
    """The state of a mail: a queued one whose job has given up has failed."""
    given_up = row.get("job_state") in ("failed", "dead", "cancelled")
    if row["state"] == mail_models.QUEUED and given_up:
        return mail_models.FAILED
    return str(row["state"])


# The job


Ask = Callable[[Executor, Mapping[str, Any]], object | None]


def deliver(context: JobContext, ask: Ask | None = None) -> dict[str, str]:
    """Hand one mail over. The network is done with before a session is opened.

    `ask` is asked right before: what it answers is the reason why this mail may not be sent.

    SMTP knows no “exactly once”: when this process dies between the server's answer and the
    commit, the mail is sent again, with the same Message-ID.
    """
    assert isinstance(context, RunningJob)
    mail_id = UUID(str(context.args["mail"]))
    with context.database.read_engine.connect() as connection:
        row = run(connection, select(MAIL).where(MAIL.c.id == mail_id)).mappings().first()
        why = ask(connection, dict(row)) if ask is not None and row is not None else None
        files = run(connection, select(ATTACHED).where(ATTACHED.c.mail_id == mail_id)).all()
    if row is None or row["state"] != mail_models.QUEUED or row["text"] is None:
        return {"state": "nothing to do"}
    if why is not None:
        refused = {"state": mail_models.REFUSED, "error": str(why)[:1000]}
        run(context.session, update(MAIL).where(MAIL.c.id == mail_id).values(refused))
        return {"state": mail_models.REFUSED}
    server = context.settings.mail_server
    message = mail_message.build(dict(row), server, context.settings.base_url)
    for file in sorted(files, key=lambda each: each.id):
        main, _slash, sub = str(file.content_type).partition(";")[0].partition("/")
        message.add_attachment(file.data, maintype=main, subtype=sub, filename=file.name)
    try:
        if server is None:
            mail_message.keep(message, context.settings.home, mail_id, row["created_at"])
        else:
            mail_message.hand_over(message, server)
    except mail_message.NotTaken as refusal:
        _note(context, mail_id, refusal)
        if refusal.permanent:
            raise Invalid({"mail": [str(refusal)]}) from refusal
        raise KontoraError(str(refusal), "It is tried again.") from refusal
    state = mail_models.KEPT if server is None else mail_models.SENT
    values: dict[str, Any] = {"state": state, "sent_at": clock.now(), "error": None}
    if server is not None and row["secret_until"] is not None:
        values |= {"text": None, "html": None}
    run(context.session, update(MAIL).where(MAIL.c.id == mail_id).values(values))
    if server is not None:
        run(context.session, delete(ATTACHED).where(ATTACHED.c.mail_id == mail_id))
    return {"state": state}


def _note(context: RunningJob, mail_id: UUID, refusal: mail_message.NotTaken) -> None:
    values: dict[str, Any] = {"error": str(refusal)[:1000]}
    if refusal.permanent:
        values["state"] = mail_models.FAILED
    with context.database.write_engine.begin() as connection:
        run(connection, update(MAIL).where(MAIL.c.id == mail_id).values(values))


def forget_secrets(context: JobContext) -> dict[str, int]:
    """Remove texts that open an account no longer, from the table and from the outbox folder."""
    assert isinstance(context, RunningJob)
    past = (MAIL.c.secret_until <= context.now) & MAIL.c.text.is_not(None)
    gone = [row.id for row in run(context.session, select(MAIL.c.id).where(past))]
    for mail_id in gone:
        mail_message.forget(context.settings.home, mail_id)
    values = {"text": None, "html": None}
    run(context.session, update(MAIL).where(MAIL.c.id.in_(gone)).values(values))
    return {"mails": len(gone)}
