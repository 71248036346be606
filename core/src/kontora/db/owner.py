"""Whose migrations: the core and each plugin own their tables and their own version table."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

VERSION_TABLE_END = "_alembic_version"


@dataclass(frozen=True, kw_only=True)
class Owner:
    """One owner of tables and migrations.

    `versions` is the folder of its migration files (it may be missing: no tables). `prefix` is
    what its tables begin with, None for the core. `requires` names owners of tables that its own
    refer to: when one of them fails, this one waits.
    """

    name: str
    package: str
    versions: Path
    prefix: str | None
    requires: tuple[str, ...] = ()

    @property
    def version_table(self) -> str:
        """A table of its own, so that a plugin whose package is gone hinders nobody."""
        return f"{self.name}{VERSION_TABLE_END}"


CORE = Owner(
    name="core",
    package="kontora",
    versions=Path(__file__).parent / "migrations" / "versions",
    prefix=None,
)
