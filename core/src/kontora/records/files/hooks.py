"""What files add to core, declared through the same hooks as any plugin's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields

from kontora import limits
from kontora.errors import NotFound
from kontora.hookspecs import hookimpl
from kontora.records.files import kinds, service, upkeep
from kontora.records.files.models import WAITING, File, FileText
from kontora.registry.faces import Check, Panel
from kontora.registry.work import JobSpec
from kontora.text import _, n_

SWEEP = "core.sweep_files"


class _Named(Schema):
    file = fields.UUID(required=True)


@hookimpl
def register_models() -> Iterable[type]:
    """The tables of files."""
    return (File, FileText)


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """Reading of files in the background, and the nightly sweep of their folder."""
    return (
        JobSpec(
            name=service.JOB,
            handler=upkeep.read_file,
            sliced=True,
            args=_Named(),
            max_attempts=3,
            timeout=120,
        ),
        JobSpec(name=SWEEP, handler=upkeep.sweep_files, sliced=True, schedule="50 2 * * *"),
    )


@hookimpl
def register_slots() -> Iterable[Panel]:
    """The panel of files, on the page of every record that can hold some."""
    return (
        Panel(
            id="core.files",
            title=_("Files"),
            entity="*",
            template="core/pages/files/panel.html",
            load=panel,
            order=900,
        ),
    )


def panel(session: Any, record_id: UUID, entity: str) -> Mapping[str, Any] | None:
    """What the panel shows; nothing on records that hold no files."""
    try:
        found = service.holder(session, entity, record_id)
    except NotFound:
        return None
    rows = service.listing(session, entity, record_id)
    return {
        "record": found,
        "base": f"/{found.rtype.path}/{record_id}",
        "may_edit": service.may_edit(session, found),
        "files": [{"row": each, "icon": kinds.icon(each.content_type)} for each in rows],
        "in_bin": service.listing(session, entity, record_id, in_bin=True),
        "largest": limits.current().upload_bytes,
        "waiting": any(each.state == WAITING for each in rows),
    }


@hookimpl
def preflight(site: Any) -> Iterable[Check]:
    """Whether each file that a row names is there, with all of its bytes."""
    from kontora.access.principal import system

    with site.read(system("doctor")) as session:
        gone = upkeep.missing(session, service.store_of(session))
    message = n_(
        "%(n)s file is missing or cut off.", "%(n)s files are missing or cut off.", len(gone)
    )
    named = f"{message} {', '.join(gone[:3])}"
    return (
        Check(
            name="files",
            ok=not gone,
            message=named if gone else str(_("Each is in its folder.")),
            remedy=str(_("Bring the folder `files` back from a backup.")) if gone else "",
        ),
    )
