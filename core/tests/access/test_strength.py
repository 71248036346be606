"""Who manages users gives no more than he has; and two at once do not take the last one away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pyotp
import pytest

from kontora.access import identity, second_factor
from kontora.access.principal import Principal, system
from kontora.access.rights import Rights, Scope
from kontora.access.sign_in_models import Passkey
from kontora.access.strength import covers
from kontora.errors import Conflict, Forbidden, Invalid
from kontora.ids import new_id
from kontora.lifecycle import accounts, factors, install, roles
from kontora.lifecycle.roles import RoleContent
from kontora.lifecycle.site import Site
from kontora.records import service


def add(site: Site, name: str, *keys: str) -> UUID:
    with site.write(system("test")) as session:
        return install.add_user(session, email=f"{name}@example.org", roles=list(keys))


def of(site: Site, user_id: UUID) -> Principal:
    with site.read(system("test")) as session:
        found = identity.principal_of_user(session, user_id)
    assert found is not None
    return found


def change(site: Site, by: UUID, whom: UUID, **data: Any) -> None:
    with site.write(of(site, by)) as session:
        rtype = session.registry.record_type("users")
        service.change_record(session, rtype, whom, data)


@pytest.fixture
def clerk(site: Site) -> UUID:
    """Somebody with a role of his own making: manages users, and sees people of his team."""
    add(site, "first", "administrator")
    with site.write(system("test")) as session:
        key = roles.create(session, "Personnel", "assistant")
        more = {("user", verb): "all" for verb in ("view", "create", "edit")}
        held = roles.content(session, key)
        wanted = RoleContent(grants={**held.grants, **more}, permissions=frozenset({"admin.users"}))
        roles.save(session, key, None, wanted)
    return add(site, "clerk", "personnel")


def test_rights_cover_what_is_no_wider_than_they() -> None:
    own = Rights(grants={("person", "view"): Scope.TEAM}, permissions=frozenset({"a"}))
    assert covers(own, own) and covers(own, Rights())
    assert covers(own, Rights(grants={("person", "view"): Scope.OWN}))
    assert not covers(own, Rights(grants={("person", "view"): Scope.ALL}))
    assert not covers(own, Rights(grants={("person", "edit"): Scope.OWN}))
    assert not covers(own, Rights(permissions=frozenset({"b"})))
    assert covers(Rights(everything=True), own)


def test_who_manages_users_gives_himself_no_role_that_is_stronger(site: Site, clerk: UUID) -> None:
    for role in ("administrator", "head", "auditor"):
        with pytest.raises(Invalid) as refused:
            change(site, clerk, clerk, roles=["personnel", role])
        assert "roles" in refused.value.errors
    assert of(site, clerk).roles == ("personnel",)


def test_he_gives_roles_within_his_own_and_keeps_what_others_have(site: Site, clerk: UUID) -> None:
    other, head = add(site, "other"), add(site, "head", "head")
    change(site, clerk, other, roles=["assistant"])
    assert of(site, other).roles == ("assistant",)
    change(site, clerk, head, roles=["head", "assistant"])  # that he is a head is not his doing
    assert of(site, head).roles == ("assistant", "head")


def test_he_gets_into_no_account_that_is_stronger(site: Site, clerk: UUID) -> None:
    head, other = add(site, "head", "head"), add(site, "other", "assistant")
    with pytest.raises(Forbidden):
        change(site, clerk, head, email="clerk-too@example.org")
    doings: list[Callable[[Any, UUID], Any]] = [
        accounts.reset_password,
        factors.reset,
        lambda session, user: factors.invitation_link(session, user, "https://x.example"),
    ]
    for do in doings:
        with pytest.raises(Forbidden), site.write(of(site, clerk)) as session:
            do(session, head)
    with site.write(of(site, clerk)) as session:
        assert accounts.reset_password(session, other)


def test_who_manages_roles_is_not_bound(site: Site, clerk: UUID) -> None:
    with site.write(system("test")) as session:
        held = roles.content(session, "personnel")
        free = replace(held, permissions=frozenset({"admin.users", "admin.roles"}))
        roles.save(session, "personnel", None, free)
    change(site, clerk, clerk, roles=["personnel", "head"])
    assert of(site, clerk).roles == ("head", "personnel")


def at_once(site: Site, one: Any, two: Any) -> list[str]:
    """Do `one`, and `two` by somebody else before the first has ended; say how each ended."""
    (first, do_first), (second, do_second) = one, two
    ended: list[str] = []

    def later() -> None:
        try:
            with site.write(second) as session:
                do_second(session)
        except Conflict:
            ended.append("refused")
        else:
            ended.append("done")

    thread = threading.Thread(target=later)
    with site.write(first) as session:
        do_first(session)
        thread.start()
        time.sleep(0.3)
        assert not ended  # it waits for the first
    thread.join(20)
    return ended


def test_of_two_administrators_who_dismiss_each_other_one_stays(site: Site) -> None:
    anna, oleg = add(site, "anna", "administrator"), add(site, "oleg", "administrator")

    def dismiss(whom: UUID) -> Callable[[Any], Any]:
        def do(session: Any) -> None:
            rtype = session.registry.record_type("users")
            service.change_record(session, rtype, whom, {"roles": ["manager"]})

        return do

    one, two = (of(site, anna), dismiss(oleg)), (of(site, oleg), dismiss(anna))
    assert at_once(site, one, two) == ["refused"]
    assert of(site, anna).roles == ("administrator",)


def test_app_and_last_passkey_are_not_both_taken_away(site: Site) -> None:
    user = add(site, "anna", "administrator")
    key = new_id()
    with site.write(system("test")) as session:
        totp = pyotp.TOTP(second_factor.begin_app(session, user))
        assert second_factor.confirm_app(session, user, totp.at(session.now))
        row = {
            "id": key,
            "user_id": user,
            "name": "key",
            "credential_id": b"1",
            "credential_hash": "1",
            "public_key": b"1",
            "sign_count": 0,
            "transports": [],
            "created_at": session.now,
        }
        table: Any = Passkey.__table__
        session.execute(table.insert(), [row], execution_options={"door": "sign_in"})
        held = roles.content(session, "administrator")
        roles.save(session, "administrator", None, replace(held, second_factor=True))
    me = of(site, user)
    one = (me, factors.remove_app)
    two = (me, lambda session: factors.remove_passkey(session, key))
    assert at_once(site, one, two) == ["refused"]
    with site.read(system("test")) as session:
        assert second_factor.factors(session, user).passkeys == 1
