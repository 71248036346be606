"""`kontora import` and `kontora export`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, progress
from kontora.errors import Invalid, NotFound
from kontora.records.transfer import results, runs
from kontora.records.transfer.assembled import ImportOptions
from kontora.records.transfer.mapping import read_mapping
from kontora.records.transfer.mending import Report
from kontora.text import _

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site
    from kontora.records.transfer.runs import Run
    from kontora.registry.records import RecordType

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("import")
@click.argument("type_", metavar="TYPE")
@click.argument("file", type=FILE)
@click.option("--map", "map_", type=FILE, metavar="F", help="JSON object: column → field path.")
@click.option(
    "--on-duplicate",
    type=click.Choice(["create", "skip", "update", "ask"]),
    default="create",
    show_default=True,
    help="What to do with a row whose identifier, e-mail or phone is known.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing at all.")
@click.option("--historic", is_flag=True, help="The facts happened before Kontora: date them back.")
@click.option("--resume", metavar="RUN|last", help="Go on with a run that was interrupted.")
@click.option("--encoding", metavar="E", help="utf-8, utf-16, cp1251, koi8-r, cp866 …")
@click.option("--delimiter", metavar="D", help="What parts the columns of a CSV file.")
@click.option("--sheet", metavar="S", help="The sheet of a workbook.")
@click.option("--region", metavar="CC", help="Country of phone numbers written without one.")
@json_option
def import_command(type_: str, file: Path, dry_run: bool, as_json: bool, **given: Any) -> None:
    """Import records of TYPE from FILE (CSV, XLSX, vCard, JSON; the suffix decides).

    TYPE is an API path: contacts, counterparties, activities, users, teams, branches,
    <plugin>/<type>. The columns are guessed unless --map names their fields. Rows that are
    refused are written to a file that can be mended and imported again.
    """
    options = _options(given)
    with ready() as site:
        rtype = site.registry.record_type(type_)
        if not file.is_file():
            raise Invalid({"file": [_("There is no file “%(name)s”.") % {"name": str(file)}]})
        if dry_run:
            _dry_run(site, rtype, file, options, as_json)
            return
        run = _begin(site, rtype, file, options, given["resume"])
        _go_on(site, run, file, as_json)


def _options(given: dict[str, Any]) -> ImportOptions:
    region = given["region"]
    if region is not None and not (len(region) == 2 and region.isalpha()):
        raise click.UsageError("--region takes the ISO code of a country, such as UA.")
    return ImportOptions(
        mapping=read_mapping(given["map_"]) if given["map_"] else None,
        on_duplicate=given["on_duplicate"],
        historic=given["historic"],
        encoding=given["encoding"],
        delimiter=given["delimiter"],
        sheet=given["sheet"],
        region=region.upper() if region else None,
    )


def _begin(
    site: Site, rtype: RecordType, file: Path, options: ImportOptions, resume: str | None
) -> Run:
    """The run to go on with, or a new one."""
    from kontora.records.transfer.prepare import prepare
    from kontora.records.transfer.run import start

    principal = operator()
    if resume and resume != "last":
        with site.read(principal) as session:
            found = runs.get(session, _run_id(resume))
        if not found.is_open:
            raise NotFound(_("This run has ended."), _("Leave --resume out to import anew."))
        return found
    if resume == "last":
        prepared = prepare(site, principal, rtype, file, options)
        kept = replace(prepared.options, mapping=prepared.kept_mapping)
        with site.read(principal) as session:
            last = runs.unfinished(session, rtype.path, runs.hash_of(file), kept)
        if last is not None:
            return last
    return start(site, principal, rtype, file.resolve(), options)


def _run_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise click.UsageError("--resume takes the id of a run, or “last”.") from None


def _go_on(site: Site, run: Run, file: Path, as_json: bool) -> None:
    from kontora.records.transfer.run import finish, resume

    principal = operator()
    with progress("Importing") as report:
        run = resume(site, principal, run, file=file, progress=report)
    results.write_files(site, principal, run, file)
    with site.read(principal) as session:
        issues = list(runs.issues_of(session, run.id, limit=results.SHOWN_ISSUES))
    summary = results.summary(site, run)
    if as_json:
        emit({**summary, "issues": [each.as_dict() for each in issues]})
    else:
        _tell(summary)
    # Last of all: until here `--resume last` shows this result again instead of importing anew.
    finish(site, principal, run)


def _dry_run(
    site: Site, rtype: RecordType, file: Path, options: ImportOptions, as_json: bool
) -> None:
    from kontora.records.transfer.dry_run import dry_run

    with progress("Trying") as told:
        counts, report = dry_run(site, operator(), rtype, file, options, progress=told)
    summary: dict[str, Any] = {"run": None, "state": "dry-run", **counts}
    if as_json:
        emit({**summary, "issues": [each.as_dict() for each in report.issues]})
        return
    _tell(summary)
    _tell_issues(report)


def _tell(summary: dict[str, Any]) -> None:
    names = ("created", "updated", "skipped", "refused", "noted")
    figures = ", ".join(f"{summary[name]} {name}" for name in names)
    click.echo(f"{summary['rows']} rows: {figures}.")
    if summary.get("run"):
        click.echo(f"Run {summary['run']}. Report: {summary['issues_file']}")
    if summary.get("mending_file"):
        click.echo(f"Refused rows, to be mended and imported again: {summary['mending_file']}")


def _tell_issues(report: Report) -> None:
    for each in report.issues[:50]:
        column = f" {each.column}:" if each.column else ""
        click.echo(f"row {each.row}{column} {each.value} → {each.new_value} {each.reason}")


@click.command("export")
@click.argument("type_", metavar="TYPE")
@click.argument("file", type=FILE)
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="F",
    help="field[op]=value, may be repeated; or a filter tree as JSON.",
)
@click.option("--view", metavar="KEY", help="A saved view: its conditions and its order.")
@click.option("--columns", metavar="C", help="Field paths, parted by commas.")
@click.option("--sort", metavar="S", help="Fields, parted by commas; a minus turns round.")
@json_option
def export_command(
    type_: str,
    file: Path,
    filters: tuple[str, ...],
    view: str | None,
    columns: str | None,
    sort: str | None,
    as_json: bool,
) -> None:
    """Export records of TYPE to FILE (.csv, .xlsx, .vcf or .json; the suffix decides)."""
    from kontora.records import views
    from kontora.records.query import Query
    from kontora.records.transfer.export import export_file, parse_filters

    names = tuple(each.strip() for each in (columns or "").split(",") if each.strip())
    order = tuple(each.strip() for each in (sort or "").split(",") if each.strip())
    with ready() as site, progress("Exporting") as report:
        rtype = site.registry.record_type(type_)
        query = Query(filter=parse_filters(filters), sort=order)
        if view:
            with site.read(operator()) as session:
                query = views.applied(session, rtype, view, query)
        rows = export_file(
            site, operator(), rtype, file, query, columns=names or None, progress=report
        )
    if as_json:
        emit({"file": str(file), "rows": rows})
    else:
        click.echo(f"{rows} rows were written to {file}.")
