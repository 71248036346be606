"""Core's reports by fields of administrators: the choice is offered, the counts are right."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from fields_site import Fields, without

from kontora.access.principal import system
from kontora.errors import Invalid
from kontora.records import reports

PEOPLE: list[dict[str, Any]] = [
    {"grade": "gold", "vip": True},
    {"grade": "gold", "vip": False},
    {"grade": "Срібло", "vip": True},
    {"vip": True},
    {"grade": "gold"},
    {},
]
SHOWN: dict[str, dict[Any, str]] = {
    "grade": {"gold": "Gold", "Срібло": "Срібло", None: "not given"},
    "vip": {True: "yes", False: "no", None: "not given"},
    "friend": {"Ann": "Ann", None: "not given"},
}


@pytest.fixture
def counted(fields: Fields) -> Fields:
    options = [{"value": "gold", "label": "Gold"}, {"value": "Срібло", "label": "Срібло"}]
    fields.define(key="grade", type="choice", options=options)
    fields.define(key="vip", type="boolean")
    fields.define(key="friend", type="reference", target="party", target_kind="person")
    friend = fields.make("contacts", {"given": "Ann"})
    for each in PEOPLE:
        own = {**each, **({"friend": str(friend)} if "grade" in each else {})}
        fields.make("counterparties", {"display_name": "Firm", "custom": own})
    return fields


def rows(fields: Fields, by: str, who: Any = None, **more: Any) -> dict[str, int]:
    with fields.site.read(who or system("test")) as session:
        asked = {"by": f"custom.{by}", "kind": "organisation", **more}
        found = reports.run(session, "counterparties", asked)["rows"]
    return {row[0]: row[1] for row in found if row[1]}


@pytest.mark.parametrize("key", SHOWN)
def test_records_are_counted_by_a_field_of_an_administrator(counted: Fields, key: str) -> None:
    has = [each | ({"friend": "Ann"} if "grade" in each else {}) for each in PEOPLE]
    wanted = Counter(SHOWN[key][each.get(key)] for each in has)
    assert rows(counted, key) == dict(wanted)
    with counted.site.read(system("test")) as session:
        params = reports.params_of(session, reports.find(session, "counterparties"))
        (by,) = [each for each in params if each.name == "by"]
        assert f"custom.{key}" in [choice.value for choice in by.choices]


@pytest.mark.parametrize("key", SHOWN)
def test_a_hidden_field_is_not_offered_and_not_counted_by(counted: Fields, key: str) -> None:
    me = without(counted.user("head"), "party", f"custom.{key}")
    with pytest.raises(Invalid):
        rows(counted, key, me)


def test_a_link_to_what_one_may_not_see_counts_as_not_given(counted: Fields) -> None:
    me = counted.user("manager")
    for given in ("Mine", "Also mine"):
        ann = counted.get("contacts", counted.make("contacts", {"given": "Hidden"}))["id"]
        made = counted.make("counterparties", {"display_name": given}, me)
        counted.change("counterparties", made, {"custom": {"friend": ann}})
    assert rows(counted, "friend", me) == {"not given": 2}
