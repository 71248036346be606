"""What commands print: one JSON document, or a table; progress only to a terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Report = Callable[[int, int | None], None]


def json_option(function: F) -> F:
    """Add `--json`: the output is one JSON document."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(
        function
    )


def emit(document: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under heads, in columns as wide as they need."""
    lines = [[str(head).upper() for head in heads]]
    lines += [[" ".join(_text(cell).split()) for cell in row] for row in rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(heads))]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


@contextmanager
def progress(label: str) -> Iterator[Report]:
    """A bar on standard error, if that is a terminal: call the result with (done, total)."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
