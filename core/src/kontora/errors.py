"""What can go wrong, as one tree.

KontoraError
├── NotFound            the record is not there, or this principal may not know that it is
├── Invalid             input that does not fit, with a message per field
├── Forbidden           a right is missing
├── Stale               somebody else changed the record in the meantime
├── Conflict            the state of the data does not allow it
├── Locked              another process holds the lock that this one needs
├── Unreachable         the database does not answer
│   └── Unsure          it went away during the commit
├── TooLarge            an upload is larger than this site takes
├── Unscoped            a programming error: a statement tried to go round the scoped session
├── PluginError         a plugin cannot be loaded or broke its contract
├── MigrationFailed     a migration stopped; the schema is as before
└── SettingsError       the environment or the settings file is wrong

Every message says what happened and, in `remedy`, what to do about it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kontora.text import _


class KontoraError(Exception):
    """Base of all errors that Kontora raises on purpose."""

    def __init__(self, message: object, remedy: object = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class NotFound(KontoraError):
    """The record does not exist, or is invisible to the principal: the two look the same."""

    def __init__(
        self, message: object = _("There is no such record."), remedy: object = ""
    ) -> None:
        super().__init__(message, remedy)


class Invalid(KontoraError):
    """Input that cannot be accepted. `errors` maps a field path to its messages."""

    def __init__(self, errors: Mapping[str, Sequence[object]], message: object = "") -> None:
        self.errors: dict[str, list[object]] = {path: list(texts) for path, texts in errors.items()}
        super().__init__(message or "; ".join(self._sentences()))

    def _sentences(self) -> list[str]:
        return [f"{path}: {' '.join(str(t) for t in texts)}" for path, texts in self.errors.items()]


class Forbidden(KontoraError):
    """The principal lacks `right`, for example `party.delete`."""

    def __init__(self, right: str, message: object = "", remedy: object = "") -> None:
        lacking = _("You lack the right “%(right)s”.") % {"right": right}
        super().__init__(message or lacking, remedy)
        self.right = right


class Stale(KontoraError):
    """The record was changed since it was read; `changed` names the fields."""

    def __init__(self, current_version: int, changed: Sequence[str] = ()) -> None:
        fields = ", ".join(changed)
        message: object = _("This record was changed in the meantime.")
        if fields:
            message = _("This record was changed in the meantime (%(fields)s).") % {
                "fields": fields
            }
        super().__init__(message, _("Reload it and apply your change again."))
        self.current_version = current_version
        self.changed = list(changed)


class Conflict(KontoraError):
    """The state of the data does not allow the operation."""


class Locked(KontoraError):
    """Another process holds the lock."""


class Unreachable(KontoraError):
    """The database does not answer; a later try may succeed."""


class Unsure(Unreachable):
    """The database went away during the commit: the change was kept as a whole or not at all,
    and nobody can tell which before it is back."""


class Maintenance(KontoraError):
    """The tables are being changed; the request was not begun."""


class Full(KontoraError):
    """There is no room left where the data lies; nothing of this was kept."""


class TooLarge(KontoraError):
    """What was sent is larger than this site takes; nothing of it was kept."""


class TooMany(KontoraError):
    """Something was asked for too often; `retry_after` seconds later it may be again."""

    def __init__(self, message: object, remedy: object = "", *, retry_after: int = 60) -> None:
        super().__init__(message, remedy)
        self.retry_after = retry_after


class Unscoped(KontoraError):
    """A statement tried to reach guarded data without the scope of a principal."""


class PluginError(KontoraError):
    """A plugin cannot be loaded or broke its contract."""

    def __init__(self, plugin: str, message: object, remedy: object = "") -> None:
        super().__init__(
            _("Plugin “%(plugin)s”: %(message)s") % {"plugin": plugin, "message": message}, remedy
        )
        self.plugin = plugin


class MigrationFailed(KontoraError):
    """A migration of `owner` stopped; nothing of it was kept."""

    def __init__(self, owner: str, message: object, remedy: object = "") -> None:
        text = _("The migration of “%(owner)s” failed: %(message)s")
        super().__init__(text % {"owner": owner, "message": message}, remedy)
        self.owner = owner


class SettingsError(KontoraError):
    """The environment or the settings file is wrong."""
