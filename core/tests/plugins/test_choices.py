"""Choices that plugins add to fields of others."""

from __future__ import annotations

import pytest

from kontora.errors import PluginError
from kontora.parties.record_types import register_record_types
from kontora.registry.build import Declared, Registry, build
from kontora.registry.fields import Choice


def joined(*choices: tuple[str, str, Choice]) -> Registry:
    core = Declared(plugin="core", record_types=tuple(register_record_types()))
    return build([core, Declared(plugin="sales", choices=choices)])


def test_a_role_a_relation_and_a_kind_of_activity_join_those_of_core() -> None:
    registry = joined(
        ("party", "roles.role", Choice(value="sales.fan", label="Fan")),
        ("party", "relations.type", Choice(value="sales.rival", label="rival of")),
        ("activity", "kind", Choice(value="sales.demo", label="Demo")),
    )
    assert registry.labels("party", "roles.role")["sales.fan"] == "Fan"
    assert registry.labels("party", "relations.type")["sales.rival"] == "rival of"
    assert registry.labels("activity", "kind")["sales.demo"] == "Demo"
    assert "client" in registry.labels("party", "roles.role")
    for path in ("contacts", "counterparties"):
        roles = registry.record_types[path].field_named("roles")
        assert roles is not None and roles.collection is not None
        offered = [each.value for each in roles.collection.fields[0].choices]
        assert "sales.fan" in offered


@pytest.mark.parametrize(
    ("entity", "path", "value"),
    [
        ("party", "roles.role", "fan"),
        ("party", "roles.role", "sales." + "x" * 40),
        ("party", "nothing", "sales.fan"),
        ("party", "notes", "sales.fan"),
        ("nothing", "kind", "sales.fan"),
    ],
)
def test_what_does_not_fit_quarantines_the_plugin(entity: str, path: str, value: str) -> None:
    with pytest.raises(PluginError) as refused:
        joined((entity, path, Choice(value=value, label="Fan")))
    assert refused.value.plugin == "sales"


def test_a_choice_is_added_once() -> None:
    twice = ("activity", "kind", Choice(value="sales.demo", label="Demo"))
    with pytest.raises(PluginError):
        joined(twice, twice)
