"""`kontora privacy` and `kontora audit`."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

import click

from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, table
from kontora.errors import NotFound

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site

FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def privacy() -> None:
    """All data of one person: export, erasure; and who was erased."""


@privacy.command("export")
@click.argument("party_id", metavar="ID", type=click.UUID)
@click.argument("file", type=FILE)
@json_option
def export_command(party_id: UUID, file: Path, as_json: bool) -> None:
    """Write everything that is kept about the person ID to FILE, a ZIP archive."""
    from kontora.privacy import export
    from kontora.records import changes
    from kontora.registry.records import Change

    with ready() as site:
        with site.read(operator()) as session:
            counts = export.write(session, party_id, file)
        done = Change(
            entity="party", record_id=party_id, kind="person", verb="export", before={}, after={}
        )
        with site.write(operator()) as session:
            changes.write(session, done, 0)
    if as_json:
        emit({"file": str(file), "rows": counts})
    else:
        click.echo(f"{sum(counts.values())} rows of {len(counts)} tables were written to {file}.")


@privacy.command("erase")
@click.argument("party_id", metavar="ID", type=click.UUID)
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be done; do nothing.")
@click.option("--name", help="The name of the person, to confirm; else it is asked for.")
@json_option
def erase_command(party_id: UUID, only_plan: bool, name: str | None, as_json: bool) -> None:
    """Erase everything that is kept about the person ID. Cannot be undone."""
    with ready() as site:
        if only_plan:
            _show_plan(site, party_id, as_json)
            return
        _erase(site, party_id, name, as_json)


def _show_plan(site: Site, party_id: UUID, as_json: bool) -> None:
    from kontora.privacy import shown
    from kontora.privacy.plan import plan as look

    with site.read(operator()) as session:
        plan = look(session, party_id)
    if as_json:
        kept = {name: {"rows": pair[0], "why": str(pair[1])} for name, pair in plan.kept.items()}
        emit(
            {
                "id": str(party_id),
                "name": plan.name,
                "erased": plan.rows,
                "files": plan.files,
                "import_files": plan.import_files,
                "kept": kept,
            }
        )
        return
    click.echo(f"{plan.name}: what would be blanked or deleted")
    registry, manager = site.registry, site.manager
    found = shown.counted(registry, plan.rows, manager)
    labels = shown.named(registry, plan.kept, manager)
    rows = [(name, str(number)) for name, number in found]
    rows += [("(files)", str(plan.files)), ("(files of imports)", str(plan.import_files))]
    table(("what", "rows"), rows)
    click.echo("\nWhat stays, without his name:")
    table(
        ("what", "rows", "why"),
        [(str(labels[name]), str(pair[0]), str(pair[1])) for name, pair in plan.kept.items()],
    )


def _erase(site: Site, party_id: UUID, name: str | None, as_json: bool) -> None:
    from kontora.privacy import erase, folder, requests

    with site.read(operator()) as session:
        wanted = erase.subject_name(session, party_id)
    typed = name if name is not None else click.prompt(f"Type the name ({wanted})", err=True)
    if typed.strip() != wanted:
        raise click.UsageError("This is not the name of the person; nothing was erased.")
    counts = requests.erase_outside(site, party_id, operator())
    folder.note_erased(site.settings.home, party_id)
    erase.settle(site.database)
    if as_json:
        emit({"id": str(party_id), "rows": counts})
    else:
        click.echo(f"Erased: {sum(counts.values())} rows of {len(counts)} kinds.")


@privacy.command("erase-again")
@json_option
def erase_again_command(as_json: bool) -> None:
    """After an older backup was restored: erase again whom this home knows as erased."""
    from kontora.privacy import erase, requests

    with ready() as site:
        found = requests.erase_again(site, operator())
        erase.settle(site.database)
    if as_json:
        emit({"erased": [str(each) for each in found]})
    else:
        click.echo(f"{len(found)} erased again.")


@click.group()
def audit() -> None:
    """The log of who changed what."""


@audit.command("export")
@click.argument("file", type=FILE)
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="The first day.")
@click.option("--to", "until", type=click.DateTime(["%Y-%m-%d"]), help="The last day.")
@click.option("--user", metavar="EMAIL", help="What this user did.")
@click.option("--entity", help="Of this kind of record, such as party.")
@click.option("--verb", help="Of this kind, such as change or export.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per line, not CSV.")
def audit_export_command(
    file: Path,
    since: datetime | None,
    until: datetime | None,
    user: str | None,
    entity: str | None,
    verb: str | None,
    as_json: bool,
) -> None:
    """Write the audit log to FILE, as CSV or as lines of JSON. It is logged, too."""
    from kontora.lifecycle import install
    from kontora.privacy.audit_export import pieces
    from kontora.records.audit import AuditFilter

    with ready() as site:
        user_id = None
        if user:
            with site.read(operator()) as session:
                user_id = install.user_named(session, user)
            if user_id is None:
                text = "`kontora user list` shows who is there."
                raise NotFound(f"There is no user {user}.", text)
        zone = ZoneInfo(site.settings.timezone)
        wanted = AuditFilter(
            user_id=user_id,
            entity=entity,
            verb=verb,
            since=_start(since.date(), zone) if since else None,
            until=_start(until.date() + timedelta(days=1), zone) if until else None,
        )
        half = file.with_name(file.name + ".part")
        try:
            handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as opened:
                for piece in pieces(site, operator(), wanted, "json" if as_json else "csv"):
                    opened.write(piece)
            half.replace(file)
        finally:
            half.unlink(missing_ok=True)
    click.echo(f"The audit log was written to {file}.", err=True)


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
