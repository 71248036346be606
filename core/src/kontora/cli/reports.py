"""`kontora report …`."""

from __future__ import annotations

import csv
import io

import click

from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, table
from kontora.records import reports


@click.group()
def report() -> None:
    """List and run reports."""


@report.command("list")
@json_option
def list_reports(as_json: bool) -> None:
    """All reports, with their parameters."""
    with ready() as site, site.read_copy(operator()) as session:
        found = [reports.describe(each, session) for each in site.registry.reports.values()]
    if as_json:
        emit({"reports": found})
        return
    rows = [(one["id"], one["label"], ", ".join(p["name"] for p in one["params"])) for one in found]
    table(("id", "report", "parameters"), rows)


@report.command()
@click.argument("report_id", metavar="ID")
@click.option("--param", "given", metavar="K=V", multiple=True, help="A parameter; repeatable.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="How the rows are printed.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
def run(report_id: str, given: tuple[str, ...], form: str, as_json: bool) -> None:
    """Run a report over all that there is, and print it."""
    params = dict(_pair(each) for each in given)
    with ready() as site, site.read_copy(operator()) as session:
        document = reports.run(session, report_id, params)
    labels = [str(column["label"]) for column in document["columns"]]
    if as_json or form == "json":
        emit(document)
    elif form == "csv":
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(labels)
        writer.writerows([[reports.harmless(cell) for cell in row] for row in document["rows"]])
        click.echo(text.getvalue(), nl=False)
    else:
        table(labels, document["rows"])


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"“{text}” is not of the form K=V.", param_hint="--param")
    return name, value
