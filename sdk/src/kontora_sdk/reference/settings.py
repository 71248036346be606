"""The page of settings: those of the environment, and those of the administration page."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

from kontora_sdk.reference.markdown import code, table

if TYPE_CHECKING:
    from kontora.registry.build import Registry

MEANINGS = {
    "KONTORA_HOME": "data folder; default `./var`",
    "KONTORA_DATABASE_URL": "address of the database; default: SQLite in the data folder",
    "KONTORA_SECRET_KEY": "signs cookies; default: made once, kept in the data folder",
    "KONTORA_BASE_URL": "the address that people use; `https` makes cookies secure",
    "KONTORA_TRUSTED_HOSTS": "further host names under which it answers, with commas",
    "KONTORA_TIMEZONE": "time zone of schedules; default UTC",
    "KONTORA_LOG_FORMAT": "`json` (default) or `text` (default on a terminal)",
    "KONTORA_LOG_LEVEL": "how much is logged: `warning`, or `info,kontora.doors=debug`",
    "KONTORA_METRICS_TOKEN": "the token with which others than this machine read `/metrics`",
    "KONTORA_REDIS_URL": "Redis for limits and wake-ups that several machines share",
    "KONTORA_BROKER_URL": "address of the broker of Celery; without it workers ask the database",
    "KONTORA_REPLICA_URL": "a standby of PostgreSQL, read by reports and exports",
    "KONTORA_REPLICA_LAG": "seconds that the standby may lag behind; default 10",
    "KONTORA_LEASE_SECONDS": "when a job of a vanished worker is taken back; default 60",
    "KONTORA_LEAVE_SECONDS": "how long a server that ends says that it is not ready; default 0",
    "KONTORA_PROXIES": "how many proxies before the server are believed; default 0",
    "KONTORA_EGRESS_ALLOW": "private networks and hosts that webhooks may reach, with commas",
}


def settings_page(registry: Registry) -> str:
    """The variables that the core reads, and the settings that plugins declare.

    Raises KeyError for a variable that `MEANINGS` says nothing of: no setting stays untold.
    """
    from kontora import settings

    variables = dict.fromkeys(re.findall(r"KONTORA_[A-Z_]+", inspect.getsource(settings)))
    rows = [(code(name), MEANINGS[name]) for name in variables]
    declared = [
        (code(each.name), each.label, each.type.value, code(each.default), each.help)
        for each in registry.settings.values()
    ]
    return (
        "# Settings\n\n## Of the environment\n\n"
        + table(("variable", ""), rows)
        + "\n## Of the site\n\nChanged by administrators, kept in the database.\n\n"
        + table(("setting", "label", "type", "default", ""), declared)
    )
