"""Settings of the process, from the environment; nothing here changes while it runs.

The form of the logs (`KONTORA_LOG_FORMAT`) is read by `kontora.lifecycle.logs`.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kontora.errors import SettingsError

SECRET_FILE = "secret_key"
SHORTEST_SECRET = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where data lies and how the outside is reached.

    `home` is the data folder; `database_url` is SQLite in it unless given. `secret_key` signs
    cookies; it is made at `init` and kept in the home folder (mode 0600) unless given.
    """

    home: Path
    database_url: str
    secret_key: str = field(repr=False)
    broker_url: str | None = None
    redis_url: str | None = None
    base_url: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timezone: str = "UTC"

    @property
    def files(self) -> Path:
        """The folder of uploaded files: never served directly."""
        return self.home / "files"

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
        return cls(
            home=home,
            database_url=environ.get("KONTORA_DATABASE_URL")
            or f"sqlite:///{home / 'kontora.sqlite3'}",
            secret_key=_given_secret(environ) or _kept_secret(home),
            broker_url=environ.get("KONTORA_BROKER_URL") or None,
            redis_url=environ.get("KONTORA_REDIS_URL") or None,
            base_url=environ.get("KONTORA_BASE_URL") or None,
            trusted_hosts=tuple(each.strip() for each in hosts.split(",") if each.strip()),
            timezone=environ.get("KONTORA_TIMEZONE") or "UTC",
        )


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
