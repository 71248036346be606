"""`kontora user …` and `kontora token …`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from sqlalchemy import select

from kontora.access import passwords
from kontora.access.models import Branch, Team, User
from kontora.cli.handover import handover
from kontora.cli.opening import operator, ready
from kontora.cli.output import emit, json_option, table
from kontora.errors import Conflict, NotFound
from kontora.lifecycle import factors, install
from kontora.records import service
from kontora.records.service import Query

if TYPE_CHECKING:
    from kontora.access.session import ScopedSession


# Where `kontora serve` answers when nothing else is set.
DEFAULT_URL = "http://127.0.0.1:8000"


@click.group()
def user() -> None:
    """Add, disable and list the users of our own company, and hand over what one of them owns."""


user.add_command(handover)


@user.command()
@click.argument("email")
@click.option("--name", metavar="N", help="What he is called; without it, from the address.")
@click.option("--role", "roles", metavar="R", multiple=True, help="A role; may be repeated.")
@click.option("--branch", metavar="B", help="Name or id of his branch; without it the root.")
@click.option("--team", "teams", metavar="T", multiple=True, help="Name or id; may be repeated.")
@click.option("--password", metavar="P", help="Without it he cannot sign in by password.")
@click.option("--invite", is_flag=True, help="Mail him a link to choose his password.")
@json_option
def add(
    email: str,
    name: str | None,
    roles: tuple[str, ...],
    branch: str | None,
    teams: tuple[str, ...],
    password: str | None,
    invite: bool,
    as_json: bool,
) -> None:
    """Add a user and print his id.

    Roles: administrator, head, branch_manager, manager, assistant, auditor. A team that does not
    exist is not made.
    """
    if invite and password:
        raise click.UsageError("--invite and --password exclude each other.")
    with ready() as site, site.write(operator()) as session:
        made = install.add_user(
            session,
            email=email,
            name=name,
            roles=list(roles),
            branch=_named(session, Branch, "branch", branch) if branch else None,
            teams=[_named(session, Team, "team", each) for each in teams],
            password=password,
        )
        if invite:
            factors.invite(session, made, site.settings.base_url or DEFAULT_URL)
        shown = service.get_record(session, session.registry.record_type("users"), made)
    if as_json:
        emit(shown)
    else:
        click.echo(str(made))


@user.command()
@click.argument("email")
@json_option
def disable(email: str, as_json: bool) -> None:
    """Keep a user from signing in, by password or token, from his next request on.

    His records stay, and stay his.
    """
    with ready() as site, site.write(operator()) as session:
        users = session.registry.record_type("users")
        found = _user(session, email)
        service.change_record(session, users, found, {"state": "disabled"})
        passwords.revoke_devices(session, found)
        shown = service.get_record(session, users, found)
    if as_json:
        emit(shown)
    else:
        click.echo(f"{email} is disabled.")


@user.command("reset-factors")
@click.argument("email")
@json_option
def reset_factors(email: str, as_json: bool) -> None:
    """Take all second factors and passkeys of a user away, who lost them.

    He is signed out everywhere, and signs in with his password. API tokens keep working.
    """
    with ready() as site, site.write(operator()) as session:
        factors.reset(session, _user(session, email))
    if as_json:
        emit({"user": email, "factors": []})
    else:
        click.echo(f"The second factors of {email} are gone.")


@user.command("list")
@json_option
def list_users(as_json: bool) -> None:
    """All users with their roles, branch, teams and state."""
    found: list[dict[str, Any]] = []
    with ready() as site, site.read(operator()) as session:
        users = session.registry.record_type("users")
        cursor: str | None = None
        while True:
            page = service.list_records(session, users, Query(limit=200, cursor=cursor))
            found += page.items
            cursor = page.next
            if cursor is None:
                break
    if as_json:
        emit({"users": found})
        return
    heads = ("email", "name", "roles", "branch", "teams", "state")
    table(heads, [[_cell(each.get(head)) for head in heads] for each in found])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value)
    return str(value["name"] if isinstance(value, dict) else value or "")


@click.group()
def token() -> None:
    """Make API tokens."""


@token.command()
@click.option("--user", "email", required=True, metavar="EMAIL", help="For whom it acts.")
@click.option("--name", required=True, metavar="N", help="What it is for.")
@click.option("--read-only", is_flag=True, help="It may read and export, and change nothing.")
@click.option("--per-minute", type=click.IntRange(1), metavar="N", help="Requests a minute.")
@click.option("--per-day", type=click.IntRange(1), metavar="N", help="Requests a day.")
@json_option
def create(
    email: str,
    name: str,
    read_only: bool,
    per_minute: int | None,
    per_day: int | None,
    as_json: bool,
) -> None:
    """Make an API token and print it, alone. It is not shown again: only its hash is kept."""
    scope = "read" if read_only else "write"
    with ready() as site, site.write(operator()) as session:
        found = _user(session, email)
        if session.scalars(select(User.state).where(User.id == found)).one() != "active":
            raise Conflict(f"{email} is disabled.", "A token of his would open nothing.")
        quota = {"per_minute": per_minute, "per_day": per_day}
        made = passwords.create_token(session, found, name, scope=scope, **quota)
    if as_json:
        emit({"token": made, "name": name, "user": email, "scope": scope, **quota})
    else:
        click.echo(made)


def _user(session: ScopedSession, email: str) -> UUID:
    found = install.user_named(session, email)
    if found is None:
        raise NotFound(f"There is no user {email}.", "`kontora user list` shows who is there.")
    return found


def _named(session: ScopedSession, model: Any, what: str, given: str) -> UUID:
    """The branch or team of this id or name. Raises NotFound, or Conflict for several."""
    try:
        wanted = model.id == UUID(given)
    except ValueError:
        wanted = model.name == given
    found = session.scalars(select(model.id).where(wanted).limit(2)).all()
    if not found:
        raise NotFound(f"There is no {what} “{given}”.", "Give its name or its id.")
    if len(found) > 1:
        raise Conflict(f"There are several of the name “{given}”.", f"Give the id of the {what}.")
    return UUID(str(found[0]))
