"""`kontora user handover`: what somebody owns goes to others, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from sqlalchemy import select

from kontora.access.models import Team
from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, table
from kontora.errors import Conflict, NotFound
from kontora.lifecycle import install
from kontora.lifecycle.site import Site
from kontora.records.handover import desk, run
from kontora.records.handover.owned import preview
from kontora.records.handover.rules import Rule, Rules

if TYPE_CHECKING:
    from kontora.access.session import ScopedSession


@click.command()
@click.argument("email")
@click.option("--to", metavar="EMAIL", help="Everything goes to this user.")
@click.option("--team", metavar="T", help="Evenly over the members of this team (name or id).")
@click.option("--team-head", is_flag=True, help="To the head of the user's team.")
@click.option("--branch-heads", is_flag=True, help="Evenly over the heads of the user's branch.")
@click.option(
    "--preview", "only_show", is_flag=True, help="Show what would move, and move nothing."
)
@click.option("--undo", is_flag=True, help="Hand back the user's last handover.")
@json_option
def handover(
    email: str,
    to: str | None,
    team: str | None,
    team_head: bool,
    branch_heads: bool,
    only_show: bool,
    undo: bool,
    as_json: bool,
) -> None:
    """Give everything that a user owns to others, in one step that can be undone once.

    Records of every type with an owner, roles of clients and open activities move; activities
    that are done stay with who did them.
    """
    ways = [name for name, on in (("to", to), ("team", team), ("team_head", team_head)) if on]
    ways += [name for name, on in (("branch_heads", branch_heads), ("undo", undo)) if on]
    if len(ways) > 1 or (not ways and not only_show):
        raise click.UsageError(
            "Say one of --to, --team, --team-head, --branch-heads, --preview and --undo."
        )
    with ready() as site:
        leaver = _leaver(site, email)
        if only_show:
            _show_owned(site, leaver, as_json)
            return
        if undo:
            made = _last(site, leaver)
            with site.write(operator()) as session:
                desk.undo(session, made, at_once=True)
        else:
            with site.write(operator()) as session:
                rule = _rule(session, ways[0], to, team)
                made = desk.start(session, leaver, Rules(default=rule), at_once=True)
        _run(site, made)
        _show_outcome(site, made, as_json)


def _leaver(site: Site, email: str) -> UUID:
    with site.read(operator()) as session:
        return _user(session, email)


def _user(session: ScopedSession, email: str) -> UUID:
    found = install.user_named(session, email)
    if found is None:
        raise NotFound(f"There is no user {email}.", "`kontora user list` shows who is there.")
    return found


def _rule(session: ScopedSession, way: str, to: str | None, team: str | None) -> Rule:
    if way == "to":
        return Rule(kind="user", id=_user(session, str(to)))
    if way == "team":
        return Rule(kind="team", id=_team(session, str(team)))
    return Rule(kind=way)


def _team(session: ScopedSession, given: str) -> UUID:
    try:
        wanted: Any = Team.id == UUID(given)
    except ValueError:
        wanted = Team.name == given
    found = session.scalars(select(Team.id).where(wanted).limit(2)).all()
    if not found:
        raise NotFound(f"There is no team “{given}”.", "Give its name or its id.")
    if len(found) > 1:
        raise Conflict(f"There are several teams “{given}”.", "Give the id of the team.")
    return found[0]


def _last(site: Site, leaver: UUID) -> UUID:
    with site.read(operator()) as session:
        rows = desk.of_user(session, leaver)
    if not rows:
        raise NotFound("There is no handover of this user.")
    return UUID(str(rows[0]["id"]))


def _run(site: Site, made: UUID) -> None:
    more = True
    while more:
        with site.write(operator()) as session:
            more = run.step(session, made)


def _show_owned(site: Site, leaver: UUID, as_json: bool) -> None:
    with site.read(operator()) as session:
        found = preview(session, leaver)
    if as_json:
        rows = [{"type": each.path, "records": each.records, "rows": each.rows} for each in found]
        emit({"owned": rows})
    else:
        table(("type", "records", "rows"), [[e.path, str(e.records), str(e.rows)] for e in found])


def _show_outcome(site: Site, made: UUID, as_json: bool) -> None:
    with site.read(operator()) as session:
        row = desk.seen(session, made)
        left = desk.left_out(session, made)
    if as_json:
        named = [
            {"type": each["path"], "id": str(each["record_id"]), "reason": each["reason"]}
            for each in left
        ]
        emit({"id": str(made), "state": row["state"], "counts": row["counts"], "left_out": named})
        return
    for name in ("moved", "refused", "back", "kept"):
        for path, number in (row["counts"] or {}).get(name, {}).items():
            click.echo(f"{name}: {number} {path}")
    for each in left:
        click.echo(f"left out: {each['path']}/{each['record_id']}: {each['reason']}")
    click.echo(f"The handover is {row['state']}.")
