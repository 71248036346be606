"""One mail as bytes, and the two ways it leaves: by SMTP, or into the outbox folder."""

from __future__ import annotations

import contextlib
import os
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from kontora.smtp import MailServer

FOLDER = "outbox"


class NotTaken(Exception):
    """The server did not take the mail; `permanent` when another try would end the same."""

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


def build(
    row: Mapping[str, Any], server: MailServer | None, base_url: str | None = None
) -> EmailMessage:
    """The message of a row. Its Message-ID is made from the row's id: a second copy has it too."""
    host = urlsplit(base_url or "").hostname or "localhost"
    sender = server.sender if server else f"Kontora <kontora@{host}>"
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = row["to_address"]
    message["Subject"] = row["subject"]
    message["Date"] = format_datetime(row["created_at"])
    domain = parseaddr(sender)[1].rpartition("@")[2]
    message["Message-ID"] = f"<{row['id']}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(row["text"])
    if row["html"]:
        message.add_alternative(row["html"], subtype="html")
    return message


def hand_over(message: EmailMessage, server: MailServer) -> None:
    """Give the mail to the server. Raises NotTaken."""
    try:
        with _connected(server) as client:
            client.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, answer = next(iter(error.recipients.values()))
        raise _refused(code, answer) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except ssl.SSLError as error:
        text = f"No safe connection to {server.host}: {error.reason or error}."
        raise NotTaken(text) from error
    except smtplib.SMTPNotSupportedError as error:
        raise NotTaken(f"{server.host} does not offer what is needed: {error}") from error
    except (OSError, smtplib.SMTPException) as error:
        text = f"{server.host}:{server.port} cannot be reached: {error}"
        raise NotTaken(text) from error


def _refused(code: int, answer: bytes | str) -> NotTaken:
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    return NotTaken(f"The server answered {code} {text}", permanent=500 <= code < 600)


@contextlib.contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A session with the server: encrypted where that is set, or not at all."""
    trust = ssl.create_default_context(cafile=server.cafile)
    client: smtplib.SMTP
    if server.tls:
        client = smtplib.SMTP_SSL(server.host, server.port, timeout=server.timeout, context=trust)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=server.timeout)
    try:
        if server.starttls:
            client.starttls(context=trust)
        if server.user:
            client.login(server.user, server.password or "")
        yield client
    finally:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()


# The outbox folder


def keep(message: EmailMessage, home: Path, mail_id: UUID, at: datetime) -> Path:
    """Write the mail to the outbox folder, whole or not at all; a second try writes the same."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    target = folder / f"{at:%Y%m%d-%H%M%S}-{mail_id}.eml"
    half = target.with_suffix(".part")
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes())
            file.flush()
            os.fsync(file.fileno())
        half.replace(target)
    except OSError as error:
        raise NotTaken(f"The outbox folder takes no files: {error.strerror}.") from error
    return target


def forget(home: Path, mail_id: UUID) -> None:
    """Delete what lies in the outbox folder of a mail."""
    for path in (home / FOLDER).glob(f"*-{mail_id}.eml"):
        path.unlink(missing_ok=True)
