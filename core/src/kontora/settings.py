"""Settings of the process, from the environment; nothing here changes while it runs.

Form and levels of the logs (`KONTORA_LOG_FORMAT`, `KONTORA_LOG_LEVEL`) are read by
`kontora.lifecycle.logs`.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from ipaddress import ip_network
from pathlib import Path

from kontora import smtp
from kontora.errors import SettingsError
from kontora.limits import Limits

SECRET_FILE = "secret_key"
SHORTEST_SECRET = 32
_HOST = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where data lies and how the outside is reached.

    `home` is the data folder; `database_url` is SQLite in it unless given. `secret_key` signs
    cookies; it is made at `init` and kept in the home folder (mode 0600) unless given.
    `egress_allow` names networks and hosts that webhooks may reach although they are private.
    Seconds: `replica_lag`, how old what a replica shows may be; `lease`, after how long a job
    of a vanished worker is taken back; `leave`, how long a server that ends says “not ready”
    before it closes its socket. Without `mail_server` mails stay in the outbox folder.
    `proxies` is how many proxies stand before the server: so many are believed when they tell
    who called. With `metrics_token` other machines may read /metrics; this one always may.
    """

    home: Path
    database_url: str
    secret_key: str = field(repr=False)
    broker_url: str | None = None
    redis_url: str | None = None
    replica_url: str | None = None
    replica_lag: float = 10.0
    lease: float = 60.0
    leave: float = 0.0
    base_url: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timezone: str = "UTC"
    egress_allow: tuple[str, ...] = ()
    mail_server: smtp.MailServer | None = None
    proxies: int = 0
    metrics_token: str | None = field(default=None, repr=False)

    @property
    def files(self) -> Path:
        """The folder of uploaded files: never served directly."""
        return self.home / "files"

    @property
    def site_key(self) -> str:
        """A name that all processes of this site know and no other site has; it tells nothing
        of the secret."""
        return blake2b(self.secret_key.encode(), digest_size=8, person=b"site").hexdigest()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read KONTORA_HOME, KONTORA_DATABASE_URL and the others. Makes the home folder."""
        environ = os.environ if environ is None else environ
        home = Path(environ.get("KONTORA_HOME") or "var").expanduser().resolve()
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SettingsError(
                f"The data folder {home} cannot be made: {error.strerror}.",
                "Set KONTORA_HOME to a folder that you may write to.",
            ) from error
        hosts = environ.get("KONTORA_TRUSTED_HOSTS", "")
        Limits.from_env(environ)  # what cannot be read is told before anything runs
        return cls(
            home=home,
            database_url=environ.get("KONTORA_DATABASE_URL")
            or f"sqlite:///{home / 'kontora.sqlite3'}",
            secret_key=_given_secret(environ) or _kept_secret(home),
            broker_url=environ.get("KONTORA_BROKER_URL") or None,
            redis_url=environ.get("KONTORA_REDIS_URL") or None,
            replica_url=environ.get("KONTORA_REPLICA_URL") or None,
            replica_lag=_seconds(environ, "KONTORA_REPLICA_LAG", 10.0),
            lease=_seconds(environ, "KONTORA_LEASE_SECONDS", 60.0),
            leave=_seconds(environ, "KONTORA_LEAVE_SECONDS", 0.0),
            base_url=environ.get("KONTORA_BASE_URL") or None,
            trusted_hosts=tuple(each.strip() for each in hosts.split(",") if each.strip()),
            timezone=environ.get("KONTORA_TIMEZONE") or "UTC",
            mail_server=smtp.from_env(environ),
            proxies=_proxies(environ.get("KONTORA_PROXIES", "").strip()),
            metrics_token=_metrics_token(environ.get("KONTORA_METRICS_TOKEN", "").strip()),
            egress_allow=_allowed(environ.get("KONTORA_EGRESS_ALLOW", "")),
        )


def _allowed(text: str) -> tuple[str, ...]:
    """Networks (10.1.0.0/16, ::1/128) and host names, parted by commas."""
    found = tuple(each.strip().lower() for each in text.split(",") if each.strip())
    for each in found:
        if _HOST.fullmatch(each):
            continue
        try:
            ip_network(each)
        except ValueError as error:
            raise SettingsError(
                f"KONTORA_EGRESS_ALLOW holds “{each}”, which is neither a network nor a host.",
                "Write networks (10.1.0.0/16, 127.0.0.1/32) and host names, parted by commas.",
            ) from error
    return found


def _metrics_token(given: str) -> str | None:
    if given and not re.fullmatch(r"[!-~]{16,255}", given):
        raise SettingsError(
            "KONTORA_METRICS_TOKEN cannot be used.",
            "Write 16 to 255 visible characters without blanks: `openssl rand -hex 24`.",
        )
    return given or None


def _proxies(given: str) -> int:
    if given and not re.fullmatch(r"[0-9]", given):
        raise SettingsError(
            f"KONTORA_PROXIES is “{given}”, which is no number of proxies.",
            "Write how many proxies stand before Kontora, 0 to 9; 0 when none does.",
        )
    return int(given or 0)


def _seconds(environ: Mapping[str, str], name: str, default: float) -> float:
    given = environ.get(name, "").strip()
    try:
        seconds = float(given) if given else default
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise SettingsError(
            f"{name} is “{given}”, which is no number of seconds.",
            f"Write a number from 0 to 86400, or leave it out for {default:g}.",
        )
    return seconds


def _given_secret(environ: Mapping[str, str]) -> str:
    """The key of the environment. A short one could be guessed, and cookies be forged with it."""
    given = environ.get("KONTORA_SECRET_KEY", "")
    if given and len(given) < SHORTEST_SECRET:
        raise SettingsError(
            f"KONTORA_SECRET_KEY is too short: it has {len(given)} characters.",
            f"Give it {SHORTEST_SECRET} or more random ones, or leave it out: one is made then.",
        )
    return given


def _kept_secret(home: Path) -> str:
    path = home / SECRET_FILE
    try:
        # O_EXCL: of two processes that start at once, one makes the key and both use it.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_text(encoding="ascii").strip()
        if len(secret) < SHORTEST_SECRET:
            raise SettingsError(
                f"The key in {path} is too short to sign anything.",
                "Delete the file: a new key is made, and everybody signs in again.",
            ) from None
        return secret
    with os.fdopen(handle, "w", encoding="ascii") as file:
        secret = secrets.token_urlsafe(48)
        file.write(secret)
    return secret
