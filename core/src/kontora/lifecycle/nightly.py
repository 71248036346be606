"""The backup of the night, and what doctor says of backups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from kontora.access.principal import system
from kontora.hookspecs import hookimpl
from kontora.lifecycle import remembered, rotation
from kontora.registry.faces import Check, Setting
from kontora.registry.fields import FieldType
from kontora.registry.work import JobContext, JobSpec
from kontora.text import _

JOB = "core.backup"
NIGHTLY, DAILY, WEEKLY, MONTHLY = (
    f"backup.{name}" for name in ("nightly", "daily", "weekly", "monthly")
)
# A night that was missed: a day, and the time that a long backup takes.
LATE = timedelta(hours=30)


def run(context: JobContext) -> dict[str, Any]:
    """Make a backup and delete what no longer stays, if the setting says so."""
    with context.slice() as session:
        if not session.site.setting(session, NIGHTLY):
            return {"made": None}
        keep = keep_of(session.site, session)
        settings = session.site.settings
    done = rotation.rotate(settings, rotation.folder_of(settings), keep)
    return {"made": done.file.name, "deleted": list(done.deleted)}


def keep_of(site: Any, session: Any) -> rotation.Keep:
    """How many backups stay, by the settings of the site."""
    usual = rotation.Keep()
    found = {
        "daily": site.setting(session, DAILY),
        "weekly": site.setting(session, WEEKLY),
        "monthly": site.setting(session, MONTHLY),
    }
    numbers = {
        name: getattr(usual, name) if value is None else max(0, int(value))
        for name, value in found.items()
    }
    return rotation.Keep(**numbers)


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """The backup of the night. It has a lane of its own: it takes long and holds no lock."""
    return (
        JobSpec(
            name=JOB, handler=run, schedule="30 2 * * *", sliced=True, timeout=6 * 3600,
            max_attempts=3,
        ),
    )  # fmt: skip


@hookimpl
def register_settings() -> Iterable[Setting]:
    """Whether a backup is made at night, and how many stay."""
    usual = rotation.Keep()
    return (
        Setting(
            name=NIGHTLY,
            label=_("Make a backup each night"),
            type=FieldType.BOOLEAN,
            default=False,
            help=_("At 02:30, into the folder of backups. Copy that folder to another machine."),
        ),
        Setting(
            name=DAILY,
            label=_("Daily backups that stay"),
            help=_("How many of them; what is older is deleted."),
            type=FieldType.INTEGER,
            default=usual.daily,
        ),
        Setting(
            name=WEEKLY,
            label=_("Weekly backups that stay"),
            help=_("How many of them; what is older is deleted."),
            type=FieldType.INTEGER,
            default=usual.weekly,
        ),
        Setting(
            name=MONTHLY,
            label=_("Monthly backups that stay"),
            help=_("How many of them; what is older is deleted."),
            type=FieldType.INTEGER,
            default=usual.monthly,
        ),
    )


def backups(site: Any) -> Iterator[Check]:
    """How old the last good backup is, and whether the last one failed."""
    facts = remembered.recall(site.database, remembered.BACKUP)
    with site.read(system("doctor")) as session:
        nightly = bool(site.setting(session, NIGHTLY))
    age = remembered.age(facts)
    if age is None:
        message = _("No backup was made yet.")
    else:
        message = _("The last good one is %(hours)s hours old: %(file)s.") % {
            "hours": f"{age / 3600:.1f}",
            "file": facts.get("file", ""),
        }
    remedy, ok = "", False
    if facts.get("error"):
        message = _("The last one failed: %(cause)s") % {"cause": facts["error"]}
        remedy = str(_("Remove the cause, then run `kontora backup --rotate`."))
    elif nightly and (age is None or age > LATE.total_seconds()):
        remedy = str(_("See why the job of the night did not run, among the jobs."))
    elif age is None:
        ok = True  # a warning: nothing has failed
        remedy = str(_("Run `kontora backup --rotate`, or turn on nightly backups (settings)."))
    yield Check(name="backup", ok=ok or not remedy, message=str(message), remedy=remedy)


def drills(site: Any) -> Iterator[Check]:
    """How the last rehearsal of a restore ended; nothing when there was none."""
    facts = remembered.recall(site.database, remembered.DRILL)
    if not facts:
        return
    values = {"time": str(facts["at"])[:16].replace("T", " "), "file": facts["file"]}
    if facts.get("ok"):
        message = _("%(file)s was restored and compared on %(time)s: it is whole.") % values
        yield Check(name="drill", ok=True, message=str(message))
        return
    message = _("%(file)s was tried on %(time)s and differs: %(problems)s") % {
        **values,
        "problems": "; ".join(facts.get("problems", [])),
    }
    remedy = str(_("Make a new backup and try it with `kontora backup drill`."))
    yield Check(name="drill", ok=False, message=str(message), remedy=remedy)
