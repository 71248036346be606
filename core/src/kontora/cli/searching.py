"""`kontora search …`."""

from __future__ import annotations

import click

from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, progress
from kontora.records import reindex as indexing


@click.group()
def search() -> None:
    """Look after the search index."""


@search.command()
@click.argument("types", metavar="[TYPE]...", nargs=-1)
@json_option
def reindex(types: tuple[str, ...], as_json: bool) -> None:
    """Write the search index anew, of all record types or of those named.

    People may go on working: it is done in small slices.
    """
    with ready() as site, progress("Records") as report:
        paths = types or tuple(indexing.paths(site.registry))
        counts = {
            path: indexing.reindex(site.write, operator(), site.registry.record_type(path), report)
            for path in paths
        }
    if as_json:
        emit({"indexed": counts})
        return
    for path, count in counts.items():
        click.echo(f"{path}: {count}")
