"""What privacy adds to core: its table, rights, jobs and settings."""

from __future__ import annotations

from collections.abc import Iterable

from marshmallow import Schema, fields

from kontora.hookspecs import hookimpl
from kontora.privacy import bin, models, purge, requests, retention
from kontora.registry.faces import MenuItem, Permission, Setting
from kontora.registry.fields import FieldType
from kontora.registry.work import JobSpec
from kontora.text import _


class _Request(Schema):
    request = fields.UUID(required=True)


@hookimpl
def register_models() -> Iterable[type]:
    """The table of requests."""
    return (models.PrivacyRequest,)


@hookimpl
def register_permissions() -> Iterable[Permission]:
    """Who may hand out or erase all that is known of a person."""
    return (
        Permission(name="privacy.export", label=_("Export all data of one person")),
        Permission(name="privacy.erase", label=_("Erase all data of one person")),
    )


@hookimpl
def register_settings() -> Iterable[Setting]:
    """For how many days each log is kept."""
    return (
        Setting(
            name=bin.SETTING,
            label=_("Activities, groups and files in the bin"),
            type=FieldType.INTEGER,
            default=bin.DAYS,
            help=_("Days; 0 keeps everything. Contacts and counterparties always stay."),
        ),
        *(
            Setting(
                name=each.setting,
                label=each.label,
                type=FieldType.INTEGER,
                default=each.days,
                help=_("Days; 0 keeps everything."),
            )
            for each in retention.DECLARED
            if each.setting and each.setting.startswith("retention.")
            if each.setting != bin.SETTING
        ),
    )


@hookimpl
def register_menu() -> Iterable[MenuItem]:
    """The page of privacy: requests, and how long what is kept."""
    return (
        MenuItem(
            id="admin-privacy",
            label=_("Privacy"),
            help=_("What was asked for about persons, and how long what is kept."),
            url="/admin/privacy",
            icon="shield-lock",
            group="administration",
            order=7,
            permission="admin.settings",
        ),
    )


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """Exports and erasures of persons, and the nightly purge."""
    return (
        JobSpec(
            name=requests.EXPORT_JOB,
            handler=requests.run_export,
            args=_Request(),
            sliced=True,
            timeout=3600,
        ),
        JobSpec(
            name=requests.ERASE_JOB,
            handler=requests.run_erasure,
            args=_Request(),
            sliced=True,
            timeout=3600,
        ),
        JobSpec(
            name="core.purge_old",
            handler=purge.run,
            schedule="40 1 * * *",
            sliced=True,
            timeout=3600,
        ),
    )
