"""Runs migrations: the core's first, then each plugin's, each in one transaction.

A plugin that fails keeps its schema as before and is named in the report; the others go on.
An owner that is not passed (its package is gone) is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError

from kontora.db import script
from kontora.db.autogenerate import drift, make_migration
from kontora.db.engine import Database, is_database_busy
from kontora.db.lock import upgrade_lock
from kontora.db.owner import CORE, Owner
from kontora.db.rebuild import migrating
from kontora.db.snapshot import copy_before_upgrade
from kontora.errors import KontoraError, Locked, MigrationFailed
from kontora.text import _

__all__ = [
    "CORE",
    "Owner",
    "Plan",
    "UpgradeReport",
    "current",
    "downgrade_to_base",
    "drift",
    "head",
    "is_behind",
    "known",
    "make_migration",
    "pending",
    "plan",
    "upgrade",
    "upgrade_lock",
]

OnStep = Callable[[str, str], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an upgrade would do for one owner; `problem` is why it cannot."""

    current: str | None = None
    head: str | None = None
    revisions: tuple[str, ...] = ()
    problem: MigrationFailed | None = None


@dataclass(frozen=True, kw_only=True)
class UpgradeReport:
    """What an upgrade did: revisions per owner, the reason per failed owner, the copy before."""

    applied: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    backup: Path | None = None


def plan(database: Database, owners: Iterable[Owner]) -> dict[str, Plan]:
    """Owner name → what is to be done, core first; never raises for the sake of one owner."""
    return {owner.name: _plan(database, owner) for owner in _ordered(owners)}


def pending(database: Database, owners: Iterable[Owner]) -> dict[str, list[str]]:
    """Owner name → revisions to apply in order; owners with nothing to do are left out."""
    plans = plan(database, owners)
    return {name: list(one.revisions) for name, one in plans.items() if one.revisions}


def current(database: Database, owner: Owner) -> str | None:
    """The revision of `owner` in the database, None before its first migration."""
    with database.read_engine.connect() as connection:
        return script.applied(connection, owner)


def head(owner: Owner) -> str | None:
    """The newest revision among the files of `owner`. Raises `MigrationFailed` when not one."""
    return _loaded(owner)[1]


@cache
def known() -> tuple[str, ...]:
    """Core's revisions that the code of this process knows, oldest first: files that a newer
    version has put on the disk meanwhile are no matter of this process."""
    files, newest = _loaded(CORE)
    assert files is not None
    steps = _steps(CORE, files, newest, None) if newest else []
    return tuple(reversed(steps))


def is_behind(database: Database) -> bool:
    """Whether core's tables are older than the code of this process."""
    at = current(database, CORE)
    return at is None or at in known()[:-1]


def upgrade(
    database: Database,
    owners: Iterable[Owner],
    *,
    on_step: OnStep | None = None,
    copy: bool = True,
) -> UpgradeReport:
    """Bring every owner to its newest revision; `on_step(owner, revision)` tells of each step.

    With `copy` an SQLite database is copied first.

    Raises `Locked` when another process upgrades, `MigrationFailed` when the core fails.
    """
    ordered = _ordered(owners)
    with upgrade_lock(database), script.one_at_a_time:
        plans = {owner.name: _plan(database, owner) for owner in ordered}
        todo = any(one.revisions for one in plans.values())
        report = UpgradeReport(backup=copy_before_upgrade(database) if todo and copy else None)
        for owner in ordered:
            _upgrade_reported(database, owner, plans[owner.name], report, on_step)
    return report


def downgrade_to_base(database: Database, owner: Owner) -> None:
    """Undo every migration of `owner` and forget its version table. Its data is lost."""
    with upgrade_lock(database), script.one_at_a_time:
        try:
            with migrating(database) as connection, script.quietly():
                if script.applied(connection, owner):
                    command.downgrade(_config(connection, owner), "base")
                script.drop_version_table(connection, owner)
        except Exception as error:
            raise _failure(owner, error) from error


def _ordered(owners: Iterable[Owner]) -> Sequence[Owner]:
    given = list(owners)
    core = [owner for owner in given if owner.prefix is None] or [CORE]
    return [*core, *(owner for owner in given if owner.prefix is not None)]


def _loaded(owner: Owner) -> tuple[ScriptDirectory | None, str | None]:
    """The files of `owner` and their newest revision; (None, None) when it has none."""
    if not owner.versions.is_dir():
        return None, None
    try:
        with script.one_at_a_time:
            files = script.scripts(owner)
            heads = files.get_heads()
    except Exception as error:  # the code of a plugin runs here
        raise MigrationFailed(owner.name, _reason(error)) from error
    if len(heads) > 1:
        raise MigrationFailed(
            owner.name,
            _("there are several newest revisions: %(heads)s.") % {"heads": ", ".join(heads)},
            _("Make the migrations one line: each follows the one before."),
        )
    return files, heads[0] if heads else None


def _plan(database: Database, owner: Owner) -> Plan:
    at = current(database, owner)
    try:
        files, newest = _loaded(owner)
        steps = _steps(owner, files, newest, at) if files and newest else []
    except MigrationFailed as error:
        return Plan(current=at, problem=error)
    return Plan(current=at, head=newest, revisions=tuple(reversed(steps)))


def _steps(owner: Owner, files: ScriptDirectory, newest: str, at: str | None) -> list[str]:
    try:
        return [step.revision for step in files.iterate_revisions(newest, at or "base")]
    except (CommandError, RevisionError) as error:
        raise MigrationFailed(
            owner.name,
            _("the data is at revision %(at)s, which what is installed does not know.")
            % {"at": at},
            _("Install the newer version again, or restore a backup."),
        ) from error


def _upgrade_reported(
    database: Database, owner: Owner, plan: Plan, report: UpgradeReport, on_step: OnStep | None
) -> None:
    failed = [name for name in owner.requires if name in report.failed]
    if failed:
        reason = _("waits for %(names)s.") % {"names": ", ".join(failed)}
        report.failed[owner.name] = str(MigrationFailed(owner.name, reason))
        return
    try:
        if plan.problem:
            raise plan.problem
        if plan.revisions:
            _upgrade_one(database, owner, on_step)
            report.applied[owner.name] = list(plan.revisions)
    except KontoraError as error:
        if owner.prefix is None:
            raise
        report.failed[owner.name] = str(error)


def _upgrade_one(database: Database, owner: Owner, on_step: OnStep | None) -> None:
    def applied(*, step: Any, **_rest: Any) -> None:
        if on_step:
            on_step(owner.name, step.up_revision_id)

    try:
        with migrating(database) as connection, script.quietly():
            script.ensure_version_table(connection, owner)
            command.upgrade(_config(connection, owner, on_version_apply=applied), "head")
    except Exception as error:
        raise _failure(owner, error) from error


def _config(connection: Any, owner: Owner, **options: Any) -> Any:
    return script.config(
        owner,
        connection=connection,
        version_table=owner.version_table,
        render_as_batch=True,
        **options,
    )


def _failure(owner: Owner, error: Exception) -> KontoraError:
    if is_database_busy(error):
        return Locked(
            _("The database is in use, so “%(owner)s” could not be migrated.")
            % {"owner": owner.name},
            _("Stop long-running work, then upgrade again."),
        )
    if isinstance(error, MigrationFailed):
        return error
    if isinstance(error, KontoraError):
        return MigrationFailed(owner.name, error.message, error.remedy)
    return MigrationFailed(owner.name, _reason(error))


def _reason(error: Exception) -> str:
    """The cause in one line: the driver's words without the statement and its parameters."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"
