"""The mail server, from KONTORA_SMTP_URL and KONTORA_MAIL_FROM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from kontora.errors import SettingsError

_EXAMPLE = "Write for example smtp://user:password@mail.example.org:587?starttls=1."
_OPTIONS = frozenset({"starttls", "cafile", "timeout"})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mails are handed over, and from whom they come. `timeout` in seconds; `cafile`: the
    certificates to trust in place of the system's."""

    host: str
    port: int
    tls: bool
    starttls: bool
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    cafile: str | None = None
    timeout: float = 20.0


def from_env(environ: Mapping[str, str]) -> MailServer | None:
    """The mail server, or None when none is named. Raises SettingsError."""
    url = environ.get("KONTORA_SMTP_URL", "").strip()
    return parse(url, environ.get("KONTORA_MAIL_FROM", "").strip()) if url else None


def parse(url: str, sender: str) -> MailServer:
    """Read smtp://user:password@host:587?starttls=1 or smtps://user:password@host."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise SettingsError("KONTORA_SMTP_URL has no proper port.", _EXAMPLE) from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsError("KONTORA_SMTP_URL is no address of a mail server.", _EXAMPLE)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if unknown := sorted(options.keys() - _OPTIONS):
        raise SettingsError(f"KONTORA_SMTP_URL has an unknown option “{unknown[0]}”.", _EXAMPLE)
    made = MailServer(
        host=parts.hostname,
        port=port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25),
        tls=parts.scheme == "smtps",
        starttls=options.get("starttls", "0") in ("1", "true", "yes"),
        sender=_checked_sender(sender),
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        cafile=_checked_file(options.get("cafile")),
        timeout=_checked_timeout(options.get("timeout")),
    )
    if made.password and not (made.tls or made.starttls) and made.host not in _LOOPBACK:
        raise SettingsError(
            "KONTORA_SMTP_URL would send its password in the clear.",
            "Add ?starttls=1, or write smtps://.",
        )
    return made


def _checked_sender(sender: str) -> str:
    name, address = parseaddr(sender)
    try:
        if "@" not in address or any(ord(each) < 32 for each in sender):
            raise ValueError(sender)
        return str(Address(display_name=name, addr_spec=address))
    except (ValueError, IndexError) as error:
        raise SettingsError(
            "KONTORA_MAIL_FROM must say from whom mails come, because KONTORA_SMTP_URL is set.",
            "Write an address, for example Kontora <crm@example.org>.",
        ) from error
    except Exception as error:  # the parser of the standard library has errors of its own
        raise SettingsError(
            f"KONTORA_MAIL_FROM is “{sender}”, which is no e-mail address.",
            "Write an address, for example Kontora <crm@example.org>.",
        ) from error


def _checked_file(given: str | None) -> str | None:
    if given and not Path(given).is_file():
        raise SettingsError(
            f"KONTORA_SMTP_URL names the file of certificates {given}, which is not there.",
            "Correct `cafile`, or leave it out to trust what the system trusts.",
        )
    return given


def _checked_timeout(given: str | None) -> float:
    try:
        seconds = float(given) if given else 20.0
    except ValueError:
        seconds = 0.0
    if not 1 <= seconds <= 300:
        raise SettingsError("`timeout` in KONTORA_SMTP_URL must be 1 to 300 seconds.", _EXAMPLE)
    return seconds
