"""What heads may watch, hand over and set: permissions, settings and jobs of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kontora.hookspecs import hookimpl
from kontora.records import reading, unusual
from kontora.records.handover.run import job as hand_over
from kontora.registry.faces import Permission, Setting
from kontora.registry.fields import FieldType
from kontora.registry.records import Change
from kontora.registry.work import JobContext, JobSpec
from kontora.text import Text, _

_LIMITS: tuple[tuple[str, Text, Text], ...] = (
    ("records", _("Many records: how many"), _("More different records than this raise a notice.")),
    ("minutes", _("Many records: within minutes"), _("The span in which they are counted.")),
    ("night", _("At night: how many records"), _("More than this outside working hours.")),
    ("day_begins", _("Working hours begin at"), _("The hour, 0 to 23, in the user's time zone.")),
    ("day_ends", _("Working hours end at"), _("The hour, 1 to 24, in the user's time zone.")),
    ("times", _("More than usual: how many times"), _("Against his own average of four weeks.")),
    ("export_rows", _("Large export: how many rows"), _("All exports of 24 hours together.")),
)


@hookimpl
def register_permissions() -> Iterable[Permission]:
    """Rights of heads over the people of the company."""
    return (
        Permission(
            name="people.watch",
            label=_("See what users opened and exported"),
            roles=("administrator", "head"),
        ),
        Permission(
            name="people.hand_over",
            label=_("Hand over what a user owns"),
            roles=("administrator", "head", "branch_manager"),
        ),
    )


@hookimpl
def register_settings() -> Iterable[Setting]:
    """How long readings are kept, and from when on they are unusual; 0 switches a rule off."""
    defaults = unusual.Limits()
    return (
        Setting(
            name="watch.keep_days",
            label=_("Days to keep what users opened"),
            type=FieldType.INTEGER,
            default=reading.DAYS,
            help=_("Older entries are deleted every night; 0 keeps everything."),
        ),
        *(
            Setting(
                name=f"watch.{name}",
                label=label,
                type=FieldType.INTEGER,
                default=getattr(defaults, name),
                help=text,
            )
            for name, label, text in _LIMITS
        ),
    )


def watch_readings(context: JobContext) -> dict[str, int]:
    """Look for unusual reading."""
    return {"notices": unusual.look(context.session)}


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """The look for unusual reading, and handovers with their undo."""
    return (
        JobSpec(name="core.watch_readings", handler=watch_readings, schedule="*/10 * * * *"),
        JobSpec(name="core.hand_over", handler=hand_over, sliced=True, timeout=6 * 3600),
    )


@hookimpl
def record_changed(session: Any, change: Change) -> None:
    """Somebody who is disabled leaves: the heads hear how his last weeks were."""
    if change.entity == "user" and change.after.get("state") == "disabled":
        unusual.leaving(session, change.record_id)
