"""T-02, T-03, T-05 over links that administrators defined: each link field × role × record.

A link to what the role does not see is as if it were empty: in records and lists, as a condition,
as an order, as what figures are counted by.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from small_company import LINKS, ROLES, Company, Item

from kontora.records import service
from kontora.records.query import Query

FIELDS = [
    (path, key)
    for path, entity in (
        ("contacts", "party"),
        ("counterparties", "party"),
        ("activities", "activity"),
        ("groups", "group"),
    )
    for key in LINKS[entity]
]


def _linked(company: Company, role: str, path: str, key: str) -> dict[str, Item | None]:
    """What the rule says: to where each record leads that the role sees; None when it does not
    see that one."""
    found: dict[str, Item | None] = {}
    for item in company.items:
        if path in (item.path, *item.listed) and not item.deleted:
            if company.may(role, "view", item):
                target = item.links[key]
                found[str(item.id)] = target if company.may(role, "view", target) else None
    return found


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("path", "key"), FIELDS)
def test_a_link_leads_only_to_what_the_role_sees(
    company: Company, role: str, path: str, key: str
) -> None:
    rule, rtype, name = _linked(company, role, path, key), company.rtype(path), f"custom.{key}"
    with company.site.read(company.principal(role)) as session:

        def ids(op: str, value: Any) -> set[str]:
            leaf = {"field": name, "op": op, "value": value}
            items = service.list_records(session, rtype, Query(filter=leaf, limit=200)).items
            return {each["id"] for each in items}

        page = service.list_records(session, rtype, Query(limit=200, sort=(name,)))
        shown = {each["id"]: (each["custom"].get(key) or {}).get("id") for each in page.items}
        assert shown == {one: str(to.id) if to else None for one, to in rule.items()}
        assert ids("empty", True) == {one for one, to in rule.items() if to is None}
        assert ids("empty", False) == {one for one, to in rule.items() if to is not None}
        for target in {item.links[key].id for item in company.items if key in item.links}:
            wanted = {one for one, to in rule.items() if to is not None and to.id == target}
            assert ids("eq", str(target)) == wanted
        counted = service.aggregate(session, rtype, Query(), name)
        known = {str(to.id) for to in rule.values() if to is not None}
        told = {str(item.id) for item in company.items if str(item.id) in repr(counted)}
        assert told <= known
        assert sum(row["count"] for row in counted) == len(rule)


@pytest.mark.parametrize("role", ROLES)
def test_no_link_can_be_set_to_what_the_role_does_not_see(company: Company, role: str) -> None:
    """Else an error, or its absence, would tell whether a record with this id is there."""
    with company.site.write(company.principal(role)) as session:
        mine = [
            each
            for each in company.items
            if each.place == "own manager" and company.may(role, "edit", each)
        ]
        for item in mine:
            rtype = company.rtype(item.path)
            for key in item.links:
                told = set()
                for target in (_unseen(company, role, item.links[key]), UUID(int=7)):
                    if target is not None:
                        data = {"custom": {key: str(target)}}
                        (row,) = service.change_many(session, rtype, [item.id], data).rows
                        assert not row.ok
                        told.add(str(row.error).replace(str(target), "…"))
                assert len(told) == 1


def _unseen(company: Company, role: str, like: Item) -> UUID | None:
    unseen = (
        each.id
        for each in company.items
        if each.path == like.path and not company.may(role, "view", each)
    )
    return next(unseen, None)
