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

    People may go on working: it is done in small slices. A run that was ended goes on where it
    stopped.
    """
    with ready() as site:
        paths = types or tuple(indexing.paths(site.registry))
        rtypes = {path: site.registry.record_type(path) for path in paths}
        with progress("Words") as report:
            words = indexing.reindex_words(site.write, operator(), report)
        counts = {}
        for path, rtype in rtypes.items():
            with progress(str(rtype.label_plural)) as report:
                counts[path] = indexing.reindex(site.write, operator(), rtype, report)
    if as_json:
        emit({"indexed": counts, "words": words})
        return
    click.echo(f"words: {words}")
    for path, count in counts.items():
        click.echo(f"{path}: {count}")
