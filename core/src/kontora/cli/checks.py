"""`kontora doctor`, `kontora config` and `kontora openapi`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from kontora import limits
from kontora.cli.opening import ready
from kontora.cli.output import emit, json_option, table
from kontora.cli.status import FAILED
from kontora.registry.faces import Check
from kontora.settings import Settings
from kontora.smtp import MailServer

# The faces do not know each other: the command line reaches the API's description by its name.
_API = "kontora.rest.openapi"


@click.command()
@json_option
def doctor(as_json: bool) -> None:
    """Look at this installation and say, for all that is wrong, what to do.

    The exit status is 1 when something is.
    """
    from kontora.lifecycle.doctor import examine

    checks = examine(Settings.from_env())
    well = all(check.ok for check in checks)
    if as_json:
        document = [
            {
                "name": each.name,
                "ok": each.ok,
                "message": str(each.message),
                "remedy": str(each.remedy),
            }
            for each in checks
        ]
        emit({"ok": well, "checks": document})
    else:
        rows = [
            (_state(each), each.name, f"{each.message} {each.remedy}".strip()) for each in checks
        ]
        table(("", "check", "what was found"), rows)
    if not well:
        sys.exit(FAILED)


@click.command()
@json_option
def config(as_json: bool) -> None:
    """Show the settings in force. Secrets and passwords are left out."""
    from kontora.db.engine import Database

    settings = Settings.from_env()
    database = Database(settings.database_url, home=settings.home)
    shown: Mapping[str, Any] = {
        "home": str(settings.home),
        "database_url": database.url.render_as_string(hide_password=True),
        "secret_key": "set",
        "broker_url": _without_password(settings.broker_url),
        "redis_url": _without_password(settings.redis_url),
        "replica_url": _without_password(settings.replica_url),
        "replica_lag": settings.replica_lag,
        "lease": settings.lease,
        "leave": settings.leave,
        "base_url": settings.base_url,
        "mail_server": _mail_server(settings.mail_server),
        "mail_from": settings.mail_server.sender if settings.mail_server else None,
        "trusted_hosts": list(settings.trusted_hosts),
        "timezone": settings.timezone,
        "files": str(settings.files),
        "egress_allow": list(settings.egress_allow),
        "limits": [f"{name}={value}" for name, value in asdict(limits.current()).items()],
    }
    database.dispose()
    if as_json:
        emit(shown)
        return
    for name, value in shown.items():
        text = ", ".join(value) if isinstance(value, list) else value
        click.echo(f"{name:<14} {text or '-'}")


def _mail_server(server: MailServer | None) -> str | None:
    if server is None:
        return None
    scheme = "smtps" if server.tls else "smtp"
    user = f"{server.user}:***@" if server.user else ""
    return f"{scheme}://{user}{server.host}:{server.port}{'?starttls=1' if server.starttls else ''}"


def _without_password(url: str | None) -> str | None:
    from urllib.parse import urlsplit, urlunsplit

    if not url:
        return url
    parts = urlsplit(url)
    if parts.password is None:
        return url
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}:***@{place}"))


@click.command()
def openapi() -> None:
    """Print the description of the API (OpenAPI 3.1, JSON), with all enabled plugins."""
    document = importlib.import_module(_API).document
    with ready() as site:
        emit(document(site))


def _state(check: Check) -> str:
    if not check.ok:
        return "FAILED"
    return "warning" if check.remedy else "ok"
