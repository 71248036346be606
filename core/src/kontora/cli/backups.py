"""`kontora backup` and `kontora restore`."""

from __future__ import annotations

from pathlib import Path

import click

from kontora.cli.output import emit, json_option, progress
from kontora.lifecycle import backup as backups
from kontora.lifecycle.archive import Manifest
from kontora.settings import Settings

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@FILE
@json_option
def backup(file: Path, as_json: bool) -> None:
    """Write the database and the files to one archive; people may go on working.

    Keep it somewhere else: it holds everything but the key that signs cookies.
    """
    with progress("Files") as report:
        manifest = backups.backup(Settings.from_env(), file.resolve(), report)
    _tell(manifest, file, as_json, "holds")


@click.command()
@FILE
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


def _tell(manifest: Manifest, file: Path, as_json: bool, verb: str) -> None:
    rows, files = sum(manifest.tables.values()), len(manifest.members) - 1
    if as_json:
        emit(
            {
                "file": str(file),
                "version": manifest.version,
                "engine": manifest.engine,
                "created_at": manifest.created_at,
                "rows": rows,
                "files": files,
                "tables": dict(manifest.tables),
            }
        )
    else:
        click.echo(f"{file} {verb} {rows} rows and {files} files ({manifest.created_at}).")
