"""Users and tokens by command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from kontora.access import identity, passwords
from kontora.access.principal import system
from kontora.lifecycle.site import Site

Invoke = Callable[..., Any]


def test_a_user_is_added_and_his_id_printed(invoke: Invoke, site: Site) -> None:
    done = invoke(
        "user", "add", "Ann@Example.org", "--role", "manager", "--password", "long enough 1"
    )
    assert done.exit_code == 0, done.output
    made = UUID(done.stdout.strip())
    with site.read(system("test")) as session:
        assert passwords.verify(session, "ann@example.org", "long enough 1") == made
        principal = identity.principal_of_user(session, made)
    assert principal is not None
    assert principal.roles == ("manager",)
    assert principal.branch_id is not None
    assert principal.team_mates == ()


def test_a_user_with_an_unknown_role_or_branch_is_refused(invoke: Invoke) -> None:
    done = invoke("user", "add", "b@example.org", "--role", "emperor")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "emperor" in done.stderr
    done = invoke("user", "add", "b@example.org", "--branch", "Atlantis")
    assert "There is no branch “Atlantis”." in done.stderr
    assert json.loads(invoke("user", "list", "--json").stdout) == {"users": []}


def test_the_same_address_is_refused(invoke: Invoke) -> None:
    assert invoke("user", "add", "c@example.org").exit_code == 0
    done = invoke("user", "add", "C@example.org")
    assert done.exit_code == 1
    assert "Another user has this address." in done.stderr


def test_the_list_of_users_is_json(invoke: Invoke) -> None:
    invoke("user", "add", "d@example.org", "--name", "Dana", "--role", "auditor")
    users = json.loads(invoke("user", "list", "--json").stdout)["users"]
    assert [(one["name"], one["roles"], one["state"]) for one in users] == [
        ("Dana", ["auditor"], "active")
    ]
    assert "Dana" in invoke("user", "list").stdout


def test_a_token_is_printed_alone_and_opens_the_api_for_its_user(
    invoke: Invoke, site: Site
) -> None:
    invoke("user", "add", "e@example.org", "--role", "manager")
    done = invoke("token", "create", "--user", "e@example.org", "--name", "Export")
    token = done.stdout.removesuffix("\n")
    assert done.exit_code == 0
    assert not set(token) & set(" \n")
    with site.read(system("test")) as session:
        principal = identity.principal_of_token(session, token)
    assert principal is not None
    assert principal.email == "e@example.org"


def test_a_disabled_user_is_nobody_at_once(invoke: Invoke, site: Site) -> None:
    made = UUID(invoke("user", "add", "f@example.org", "--role", "manager").stdout.strip())
    token = invoke("token", "create", "--user", "f@example.org", "--name", "x").stdout.strip()
    assert invoke("user", "disable", "f@example.org").exit_code == 0
    with site.read(system("test")) as session:
        assert identity.principal_of_user(session, made) is None
        assert identity.principal_of_token(session, token) is None
    assert "disabled" in invoke("token", "create", "--user", "f@example.org", "--name", "y").stderr
    assert "no user" in invoke("user", "disable", "nobody@example.org").stderr


def test_a_user_is_invited_and_the_mail_lies_in_the_outbox(invoke: Invoke, site: Site) -> None:
    from kontora.work.runner import run_pending

    done = invoke("user", "add", "ann@example.org", "--role", "manager", "--invite")
    assert done.exit_code == 0, done.output
    run_pending(site.work_site())
    (file,) = (site.settings.home / "outbox").glob("*.eml")
    assert "set-password?token" in file.read_text()
    both = ("--invite", "--password", "long enough 1")
    assert invoke("user", "add", "b@example.org", *both).exit_code == 2


def test_factors_are_reset_by_command(invoke: Invoke, site: Site) -> None:
    from kontora.access import second_factor

    made = UUID(invoke("user", "add", "ann@example.org", "--role", "manager").stdout.strip())
    with site.write(system("test")) as session:
        second_factor.make_codes(session, made)
    done = invoke("user", "reset-factors", "ann@example.org", "--json")
    assert json.loads(done.stdout) == {"user": "ann@example.org", "factors": []}
    with site.read(system("test")) as session:
        assert second_factor.factors(session, made).codes_left == 0
    assert invoke("user", "reset-factors", "nobody@example.org").exit_code == 1
