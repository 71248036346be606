"""`kontora init`, `kontora sample` and `kontora upgrade`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kontora.cli.opening import opened, operator, ready
from kontora.cli.output import emit, json_option
from kontora.cli.status import FAILED
from kontora.lifecycle import install
from kontora.lifecycle import upgrade as upgrading

if TYPE_CHECKING:
    from kontora.lifecycle.sample import Made


@click.command()
@click.option("--sample", is_flag=True, help="Add a fictional company with a year of work, once.")
@click.option(
    "--sample-locale",
    type=click.Choice(["en", "ru", "uk"]),
    help="The language of its names and texts; without it English.",
)
@click.option("--sample-password", metavar="P", help="That of its users; without it a random one.")
@click.option("--admin-email", metavar="E", help="Make an administrator with this address.")
@click.option("--admin-password", metavar="P", help="His password; without it a random one.")
@json_option
def init(
    sample: bool,
    sample_locale: str | None,
    sample_password: str | None,
    admin_email: str | None,
    admin_password: str | None,
    as_json: bool,
) -> None:
    """Make the database, the root branch and the administrator, before any server start.

    May be repeated: what is there stays as it is. Enables no plugin.
    """
    if admin_password and not admin_email:
        raise click.UsageError("--admin-password needs --admin-email.")
    if (sample_locale or sample_password) and not sample:
        raise click.UsageError("--sample-locale and --sample-password need --sample.")
    with opened() as site:
        made = install.init(site, email=admin_email, password=admin_password)
    added = _add_sample(admin_email, sample_locale or "en", sample_password) if sample else None
    home, database = site.settings.home, site.database
    if as_json:
        emit(
            {
                "home": str(home),
                "database": database.url.render_as_string(hide_password=True),
                "admin_email": admin_email,
                "admin_password": made,
                "sample_records": added.records if added else 0,
                "sample_users": list(added.users) if added else [],
                "sample_password": added.password if added else None,
            }
        )
        return
    click.echo(f"Kontora is ready in {home}.")
    if added and added.records:
        click.echo(f"{added.records} sample records were added.")
        click.echo("Users of the sample: " + ", ".join(added.users))
        if added.password:
            click.echo(f"Their password: {added.password}")
    if made:
        click.echo(f"Administrator: {admin_email}\nPassword: {made}")


def _add_sample(admin_email: str | None, locale: str, password: str | None) -> Made:
    from kontora.lifecycle.sample import add_sample

    with opened() as site:
        with site.read(operator()) as session:
            owner = install.user_named(session, admin_email) if admin_email else None
        return add_sample(site, owner, locale=locale, password=password)


@click.group("sample")
def sample_group() -> None:
    """The fictional company of `kontora init --sample`."""


@sample_group.command("remove")
@json_option
def remove_sample(as_json: bool) -> None:
    """Purge the sample, except what somebody has changed or tied to records of his own.

    Its users can sign in no more.
    """
    from kontora.lifecycle.sample import remove_sample as remove

    with ready() as site:
        done = remove(site)
    if as_json:
        emit(asdict(done))
        return
    click.echo(f"{done.records} record(s) of the sample are gone, {done.users} user(s) disabled.")
    if done.kept:
        click.echo(f"{done.kept} stay: they were changed, or records of yours lead to them.")


@click.command()
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done.")
@click.option("--no-copy", is_flag=True, help="Make no copy first: only if you have a backup.")
@json_option
def upgrade(only_plan: bool, no_copy: bool, as_json: bool) -> None:
    """Bring the tables of core and of all enabled plugins up to date.

    A copy of the database is kept in the folder `backups` of the home (PostgreSQL: a backup). A
    running server answers meanwhile that an upgrade is under way. A plugin whose migration fails
    keeps its tables as they were, is named, and the exit status is 1. When the command was killed,
    run it again.
    """
    with opened() as site:
        if only_plan:
            _show_plan(upgrading.plan(site), upgrading.outlook(site), as_json)
            return
        if no_copy:
            click.echo("Warning: no copy is made first; only your own backup helps.", err=True)
        done = upgrading.run(site, _tell, copy=not no_copy)
    if as_json:
        emit({"applied": done.applied, "failed": done.failed, "backup": done.backup})
    else:
        count = sum(len(steps) for steps in done.applied.values())
        click.echo(f"{count} migration(s) applied." if count else "Everything is up to date.")
    for reason in done.failed.values():
        click.echo(f"Error: {reason}", err=True)
    if done.failed:
        sys.exit(FAILED)


def _tell(owner: str, revision: str) -> None:
    click.echo(f"{owner}: {revision}", err=True)


def _show_plan(plans: upgrading.Plans, needs: upgrading.Outlook, as_json: bool) -> None:
    if as_json:
        owners: dict[str, object] = {
            name: {
                "current": plan.current,
                "head": plan.head,
                "revisions": list(plan.revisions),
                "problem": str(plan.problem) if plan.problem else None,
            }
            for name, plan in plans.items()
        }
        emit({**owners, "copy-before": asdict(needs)})  # no plugin can be called so
        return
    waiting = [(name, plan) for name, plan in plans.items() if plan.revisions or plan.problem]
    for name, plan in waiting:
        click.echo(f"{name}: {plan.problem or ', '.join(plan.revisions)}")
    if not waiting:
        click.echo("Everything is up to date.")
        return
    size, needed, free = (
        f"{number / 1e6:,.1f} MB"
        for number in (needs.database_bytes, needs.needed_bytes, needs.free_bytes)
    )
    click.echo(f"Database: {size}. A copy goes to {needs.copy}.")
    click.echo(f"Needed there: up to {needed}; free: {free}.")
    if needs.needed_bytes > needs.free_bytes:
        click.echo("Make room first.", err=True)
