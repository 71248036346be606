"""`kontora backup` and `kontora restore`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kontora.cli.output import emit, json_option, progress, table
from kontora.cli.status import FAILED
from kontora.errors import Conflict
from kontora.lifecycle import backup as backups
from kontora.lifecycle import drill as drills
from kontora.lifecycle import rotation
from kontora.lifecycle.archive import Manifest
from kontora.settings import Settings

DRILL = "drill"
PATH = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=PATH, required=False)
@click.argument("archive", type=PATH, required=False)
@click.option(
    "--rotate",
    is_flag=True,
    help="Write to a folder (FILE, or `backups` in the home) and delete what no longer stays.",
)
@json_option
def backup(file: Path | None, archive: Path | None, rotate: bool, as_json: bool) -> None:
    """Write the database and the files to one archive; people may go on working.

    Keep it somewhere else: it holds everything but the key that signs cookies.

    `kontora backup drill [ARCHIVE]` restores one, or the newest, into a place that is thrown away,
    and compares: status 1 when something differs.
    """
    if file is not None and str(file) == DRILL and not rotate:
        _drill(archive, as_json)
        return
    if archive is not None:
        raise click.UsageError(f"Got an unexpected extra argument ({archive}).")
    if rotate:
        _rotate(file, as_json)
        return
    if file is None:
        raise click.UsageError("Missing argument 'FILE'.")
    if file.is_dir():
        raise click.UsageError(f"{file} is a folder; give a file, or --rotate.")
    settings, target = Settings.from_env(), file.resolve()
    with progress("Files") as report, rotation.noted(settings, target):
        manifest = backups.backup(settings, target, report)
    _tell(manifest, file, as_json, "holds")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace a database that holds data.")
@json_option
def restore(file: Path, force: bool, as_json: bool) -> None:
    """Bring back an archive of `backup`, after checking every byte of it.

    Stop `kontora serve` and its workers first. SQLite: the database that is replaced is kept in
    the folder `backups` of the home.
    """
    manifest = backups.restore(Settings.from_env(), file.resolve(), force=force)
    _tell(manifest, file, as_json, "was restored:")
    if not as_json:
        click.echo("Run `kontora upgrade` if this Kontora is newer than the archive.")
    _erase_again(as_json)


def _erase_again(as_json: bool) -> None:
    """Who was erased since the backup is erased again; of older tables after their upgrade."""
    from kontora.cli.opening import operator, ready
    from kontora.privacy import erase, folder, requests

    if not folder.erased(Settings.from_env().home):
        return
    try:
        with ready() as site:
            found = requests.erase_again(site, operator())
            erase.settle(site.database)
    except Conflict:
        click.echo("After the upgrade run `kontora privacy erase-again`.", err=True)
        return
    if found and not as_json:
        click.echo(f"Erased again, as they had been since that backup: {len(found)}.")


def _rotate(folder: Path | None, as_json: bool) -> None:
    from kontora.cli.opening import opened, operator
    from kontora.lifecycle import nightly

    settings = Settings.from_env()
    with opened() as site, site.read(operator()) as session:
        keep = nightly.keep_of(site, session)
    target = (folder or rotation.folder_of(settings)).resolve()
    with progress("Files") as report:
        done = rotation.rotate(settings, target, keep, report)
    if as_json:
        found = {"kept": done.kept, "deleted": list(done.deleted)}
        emit({**_facts(done.manifest, done.file), **found})
        return
    _tell(done.manifest, done.file, False, "holds")
    click.echo(f"{done.kept} backups stay; {len(done.deleted)} old ones were deleted.")


def _drill(archive: Path | None, as_json: bool) -> None:
    done = drills.drill(Settings.from_env(), archive.resolve() if archive else None)
    if as_json:
        emit(done.to_dict())
    else:
        _show(done)
    if not done.ok:
        sys.exit(FAILED)


def _show(done: drills.Drill) -> None:
    words = {True: "same", False: "DIFFERENT", None: "-"}
    rows = [
        (each.table, each.rows, each.restored, words[each.same], "same" if each.live else "changed")
        for each in done.lines
        if each.rows or not each.ok
    ]
    table(("table", "backup", "restored", "content", "live now"), rows)
    empty = sum(not each.rows and each.ok for each in done.lines)
    click.echo(f"{empty} empty tables, {done.files} files, every one as in the manifest.")
    if done.files_changed:
        click.echo(f"{done.files_changed} of these files are gone or other by now.")
    for note in done.notes:
        click.echo(f"Note: {note}")
    for problem in done.problems:
        click.echo(f"Error: {problem}", err=True)
    verdict = "is whole" if done.ok else "DIFFERS"
    click.echo(f"{done.file} ({done.created_at}) {verdict}: {done.seconds} seconds.")


def _tell(manifest: Manifest, file: Path, as_json: bool, verb: str) -> None:
    facts = _facts(manifest, file)
    if as_json:
        emit(facts)
    else:
        click.echo(
            f"{file} {verb} {facts['rows']} rows and {facts['files']} files"
            f" ({manifest.created_at})."
        )


def _facts(manifest: Manifest, file: Path) -> dict[str, object]:
    return {
        "file": str(file),
        "version": manifest.version,
        "engine": manifest.engine,
        "created_at": manifest.created_at,
        "rows": sum(manifest.tables.values()),
        "files": len(manifest.members) - 1,
        "tables": dict(manifest.tables),
    }
