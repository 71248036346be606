"""A manifest that cannot work is refused in words, at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import kontora
from kontora.errors import PluginError
from kontora.plugins.manifest import RESERVED, Manifest
from kontora.plugins.order import arrange

CORE = Path(kontora.__file__).parent
SHIPPED = """
    accounts catalogue sales calendar service field telesales marketing leads prm knowledge
    ebusiness bi help regulations hello dedupe mailbox webhooks documents surveys loyalty dav
    telephony sso staff rollout
""".split()


@pytest.mark.parametrize("name", ["x", "Sales", "1st", "a-b", "продажи", "a" * 32, ""])
def test_names_that_cannot_be_a_table_prefix(name):
    with pytest.raises(PluginError, match="not allowed"):
        Manifest(name=name, label="Label")


@pytest.mark.parametrize("name", ["core", "kontora", "contacts", "party", "static"])
def test_names_that_core_uses(name):
    with pytest.raises(PluginError, match="reserved"):
        Manifest(name=name, label="Label")


def test_no_plugin_can_take_the_first_word_of_a_table_of_core():
    """Tables are told apart by prefix: a plugin `party` would be held to own `party_role`."""
    source = "".join(path.read_text() for path in CORE.rglob("*.py"))
    tables = re.findall(r"""__tablename__ = ["'](\w+)["']""", source)
    assert len(tables) > 10
    takeable = {table for table in tables if table.partition("_")[0] not in RESERVED}
    # Must be renamed before there is a plugin `field`: purging that would take this table along.
    assert takeable <= {"field_rule"}


def test_the_names_of_our_own_plugins_are_free():
    assert not RESERVED & set(SHIPPED)
    for name in SHIPPED:
        Manifest(name=name, label=name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"requires": "sales"}, "`requires` is not a tuple of strings"),
        ({"hooks": ["menu"]}, "`hooks` is not a tuple of strings"),
        ({"hooks": ("menu.py!",)}, "is not a module name"),
        ({"requires": ("leads",)}, "it requires itself"),
        ({"migrations": "../core"}, "leaves the package"),
        ({"label": ""}, "the label is empty"),
    ],
)
def test_slips_in_a_manifest(given, message):
    with pytest.raises(PluginError, match=message):
        Manifest(**{"name": "leads", "label": "Leads", **given})


def test_optional_dependencies_order_unless_they_close_a_circle():
    requires = {"alpha": (), "bravo": ("alpha",), "zulu": ()}
    assert arrange(requires, {"alpha": ("zulu", "bravo", "missing")}).names == (
        "zulu",
        "alpha",
        "bravo",
    )


def test_one_circle_does_not_hide_another():
    requires = {"a": ("b",), "b": ("a",), "c": ("d",), "d": ("c",), "e": ("c",), "f": ()}
    order = arrange(requires)
    assert order.names == ("f",)
    assert sorted(order.failed) == ["a", "b", "c", "d", "e"]
    assert str(order.failed["e"]) == "It needs “c”, which is quarantined."
