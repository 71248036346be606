"""Enabling and disabling plugins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from kontora.access.models import PluginRow, RolePermission
from kontora.access.principal import system
from kontora.errors import Conflict, NotFound, PluginError
from kontora.lifecycle import generation, ledger, plugins
from kontora.lifecycle.site import Site

Again = Callable[[Site], Site]
DOOR = {"door": "administration"}


def state(site: Site, name: str) -> str:
    return plugins.state_of(site, name).state


def holders(site: Site, permission: str) -> set[str]:
    table: Any = RolePermission.__table__
    statement = select(table.c.role_key).where(table.c.permission == permission)
    with site.read(system("test")) as session:
        return set(session.execute(statement, execution_options=DOOR).scalars())


def test_enabling_also_enables_what_is_required_in_order(
    site: Site, shelf: Any, again: Again
) -> None:
    shelf.put("spare")
    shelf.put("wheel")
    shelf.put("cart", requires=("wheel",))
    site = again(site)
    assert plugins.plan_enable(site, "cart").names == ("wheel", "cart")
    assert plugins.enable(site, "cart") == ("wheel", "cart")
    fresh = again(site)
    assert [state(fresh, name) for name in ("cart", "wheel", "spare")] == [
        "enabled", "enabled", "available"
    ]  # fmt: skip
    assert "cart.wave" in fresh.registry.permissions


def test_enabling_twice_changes_nothing(site: Site, shelf: Any, again: Again) -> None:
    shelf.put("wheel")
    site = again(site)
    assert plugins.enable(site, "wheel") == ("wheel",)
    number = generation.current(site.database)
    assert plugins.enable(again(site), "wheel") == ()
    assert generation.current(site.database) == number


def test_each_change_of_the_set_is_a_new_generation(site: Site, shelf: Any, again: Again) -> None:
    shelf.put("wheel")
    site = again(site)
    assert generation.current(site.database) == 0
    plugins.enable(site, "wheel")
    assert generation.current(site.database) == 1
    plugins.disable(again(site), "wheel")
    assert generation.current(site.database) == 2
    assert generation.bump(site) == 3


def test_roles_get_what_a_plugin_suggests_the_first_time_only(
    site: Site, shelf: Any, again: Again
) -> None:
    from sqlalchemy import delete

    shelf.put("wheel")
    plugins.enable(again(site), "wheel")
    assert holders(site, "wheel.wave") == {"manager", "administrator"}
    table: Any = RolePermission.__table__
    with site.write(system("test")) as session:
        taken = delete(table).where(
            table.c.role_key == "manager", table.c.permission == "wheel.wave"
        )
        session.execute(taken, execution_options=DOOR)
    plugins.disable(again(site), "wheel")
    plugins.enable(again(site), "wheel")
    assert holders(site, "wheel.wave") == {"administrator"}


def test_a_plugin_that_others_need_is_not_disabled(site: Site, shelf: Any, again: Again) -> None:
    shelf.put("wheel")
    shelf.put("cart", requires=("wheel",))
    shelf.put("train", requires=("cart",))
    plugins.enable(again(site), "train")
    with pytest.raises(Conflict, match=r"needed by train, cart"):
        plugins.disable(again(site), "wheel")
    gone = plugins.disable(again(site), "wheel", with_dependents=True)
    assert gone == ("train", "cart", "wheel")
    assert plugins.disable(again(site), "wheel") == ()
    assert state(again(site), "wheel") == "disabled"


def test_an_unknown_name_is_refused_with_the_nearest_one(
    site: Site, shelf: Any, again: Again
) -> None:
    shelf.put("wheel")
    site = again(site)
    with pytest.raises(NotFound, match="Did you mean “wheel”"):
        plugins.enable(site, "whel")
    with pytest.raises(NotFound, match="There is no plugin"):
        plugins.disable(site, "zzz")


def test_a_plugin_that_cannot_be_loaded_stays_off(site: Site, shelf: Any, again: Again) -> None:
    shelf.put("wheel", broken="raise RuntimeError('no rubber')")
    shelf.put("cart", requires=("wheel",))
    shelf.put("sledge", requires=("runner",))
    site = again(site)
    with pytest.raises(PluginError, match="no rubber"):
        plugins.enable(site, "cart")
    with pytest.raises(PluginError, match="needs “runner”, which is not installed"):
        plugins.enable(site, "sledge")
    table: Any = PluginRow.__table__
    with site.read(system("test")) as session:
        count = session.execute(select(func.count()).select_from(table), execution_options=DOOR)
        assert count.scalar() == 0


def test_a_plugin_whose_package_is_gone_is_orphaned_and_can_be_disabled(
    site: Site, shelf: Any, again: Again
) -> None:
    import importlib
    import shutil

    shelf.put("wheel")
    plugins.enable(again(site), "wheel")
    for path in shelf.folder.iterdir():
        shutil.rmtree(path)
    importlib.invalidate_caches()
    site = again(site)
    listed = {each["name"]: each for each in plugins.listing(site)}
    assert listed["wheel"]["state"] == "orphaned"
    assert listed["wheel"]["version"] == "1.0"
    with site.read(system("test")) as session:
        assert ledger.entries(session, "wheel")
    assert plugins.disable(site, "wheel") == ("wheel",)


def test_tables_are_made_kept_and_known(shelf: Any, tmp_path: Path, database_url: str) -> None:
    shelf.put("wheel", table=True)
    plugin = [
        ("plugin", *rest, "--json")
        for rest in (
            ("enable", "wheel", "--plan"),
            ("enable", "wheel"),
            ("disable", "wheel"),
            ("info", "wheel"),
            ("enable", "wheel"),
            ("list",),
        )
    ]
    _init, *done = shelf.kontora(tmp_path, database_url, ("init",), *plugin)
    planned, enabled, disabled, info, again, listed = (each.json for each in done)
    assert planned == {"planned": ["wheel"], "migrations": {"wheel": ["wheel_0001_first"]}}
    assert enabled["enabled"] == disabled["disabled"] == again["enabled"] == ["wheel"]
    assert info["state"] == "disabled"
    owned = {(each["kind"], each["key"]) for each in info["owns"]}
    assert owned == {("table", "wheel_note"), ("permission", "wheel.wave")}
    assert {"name": "wheel", "version": "1.0", "state": "enabled", "cause": ""} in listed["plugins"]


def test_core_is_in_the_ledger_from_the_start(site: Site) -> None:
    with site.read(system("test")) as session:
        owned = {(each["kind"], each["key"]) for each in ledger.entries(session, "core")}
    assert {("table", "party"), ("record_type", "contacts"), ("permission", "admin.users")} <= owned
    assert ("foreign_key", "affiliation.person_id>party.id") in owned
    assert ("schedule", "core.refresh_reach") in owned


@pytest.mark.parametrize(
    ("name", "owner"),
    [("hello_card", "hello"), ("hello_world_card", "hello_world"), ("party", "core")],
)
def test_the_longest_name_owns_a_table(name: str, owner: str) -> None:
    assert ledger.owner_of(name, ("hello", "hello_world"), "_") == owner
