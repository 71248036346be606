"""`kontora plugin …`."""

from __future__ import annotations

from typing import Any

import click

from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, table
from kontora.lifecycle import ledger, plugins


@click.group()
def plugin() -> None:
    """List, enable and disable plugins."""


@plugin.command("list")
@json_option
def list_plugins(as_json: bool) -> None:
    """All plugins that are installed, or were enabled once, with their state."""
    with ready() as site:
        found = plugins.listing(site)
    if as_json:
        emit({"plugins": found})
    elif found:
        table(("name", "version", "state", "cause"), [tuple(each.values()) for each in found])
    else:
        click.echo("No plugin is installed.")


@plugin.command()
@click.argument("name")
@json_option
def info(name: str, as_json: bool) -> None:
    """One plugin: its package, what it needs, who needs it, and what it owns."""
    with ready() as site:
        state = plugins.state_of(site, name)
        with site.read(operator()) as session:
            owned = ledger.entries(session, name)
        manifest = state.manifest
        document: dict[str, Any] = {
            "name": name,
            "version": state.version,
            "state": state.state,
            "cause": str(state.cause),
            "package": state.distribution,
            "label": str(manifest.label) if manifest else None,
            "summary": str(manifest.summary) if manifest else None,
            "requires": list(manifest.requires) if manifest else [],
            "needed_by": list(plugins.dependents(site, name)),
            "owns": owned,
        }
    if as_json:
        emit(document)
        return
    for key, value in document.items():
        if key != "owns" and value:
            shown = ", ".join(value) if isinstance(value, list) else value
            click.echo(f"{key.replace('_', ' '):<10} {shown}")
    for each in owned:
        click.echo(
            f"{'owns':<10} {each['kind']} {each['key']} (since {each['created_in_version']})"
        )


@plugin.command()
@click.argument("name")
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done.")
@json_option
def enable(name: str, only_plan: bool, as_json: bool) -> None:
    """Enable a plugin, and the plugins that it requires.

    May be repeated. Running servers bring up new processes with it.
    """
    with ready() as site:
        if only_plan:
            plan = plugins.plan_enable(site, name)
            names, migrations = plan.names, plan.migrations
        else:
            names, migrations = plugins.enable(site, name), {}
    if as_json:
        steps = {each: list(some) for each, some in migrations.items()}
        emit({"planned" if only_plan else "enabled": list(names), "migrations": steps})
        return
    for each in names:
        if only_plan:
            steps_of = ", ".join(migrations.get(each, ())) or "no migrations"
            click.echo(f"{each} would be enabled ({steps_of}).")
        else:
            click.echo(f"{each} is enabled.")
    if not names:
        click.echo(f"{name} is enabled already.")


@plugin.command()
@click.argument("name")
@click.option("--with-dependents", is_flag=True, help="Disable those that need it, too.")
@click.option("--plan", "only_plan", is_flag=True, help="Only say what would be done.")
@json_option
def disable(name: str, with_dependents: bool, only_plan: bool, as_json: bool) -> None:
    """Disable a plugin. Its data stays, and is there again when it is enabled."""
    with ready() as site:
        if only_plan:
            names = plugins.plan_disable(site, name, with_dependents=with_dependents)
        else:
            names = plugins.disable(site, name, with_dependents=with_dependents)
    if as_json:
        emit({"planned" if only_plan else "disabled": list(names)})
        return
    for each in names:
        click.echo(f"{each} would be disabled." if only_plan else f"{each} is disabled.")
    if not names:
        click.echo(f"{name} is not enabled.")


@plugin.command()
@click.argument("name", required=False)
@json_option
def errors(name: str | None, as_json: bool) -> None:
    """What fails when the plugins are loaded, with the place in their code.

    Errors while serving are on the administration page and in the server's log.
    """
    with ready() as site:
        if name is not None:
            plugins.state_of(site, name)
        found = site.manager.errors.entries(name)
    if as_json:
        document = [
            {
                "plugin": each.plugin,
                "hook": each.hook,
                "error_id": each.error_id,
                "time": each.time.isoformat(),
                "text": each.text,
                "traceback": each.traceback,
            }
            for each in found
        ]
        emit({"errors": document})
    elif found:
        rows = [(each.plugin, each.hook, each.error_id, each.text) for each in found]
        table(("plugin", "hook", "error id", "what"), rows)
    else:
        click.echo("No plugin fails to load.")
