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
    "KONTORA_REDIS_URL": "read, not used yet: for shared limits and wake-ups of several machines",
    "KONTORA_BROKER_URL": "read, not used yet: for Celery",
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
