"""What one may not see changes nothing that one sees (T-04): two sites that differ only in hidden
fields, or in records out of reach, answer every query alike."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from search_crowd import crowd
from search_people import inputs

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.lifecycle.install import add_user
from kontora.lifecycle.site import Site
from kontora.records import search, search_find, service
from kontora.records.service import Query
from kontora.registry.records import RecordType

HIDDEN = frozenset({"points", "email", "phone", "tags", "identifiers", "files"})
TAGS = "Секрет Щербакова secret Smithson Ivanoff ромашка петренки тайный Kowalski брукс".split()
QUERIES = 60


def people(*, with_hidden: bool) -> list[dict[str, Any]]:
    chance = random.Random(3)
    rows = []
    for each in crowd(40, seed=5):
        bare = {key: value for key, value in each.items() if key not in HIDDEN}
        word = chance.choice(TAGS)
        number = str(chance.randint(1_000_000, 9_999_999))
        if with_hidden:
            bare["tags"] = [word]
            bare["points"] = [
                {"kind": "email", "value": f"{word}{number}@example.org"},
                {"kind": "phone", "value": f"+7 495 {number}"},
            ]
        rows.append(bare)
    return rows


def member(site: Site) -> Principal:
    with site.write(system("test")) as session:
        team = service.create_record(session, site.registry.record_type("teams"), {"name": "T"}).id
        user = add_user(session, email="m@example.org", roles=["manager"], teams=[team])
        found = identity.principal_of_user(session, user)
    assert found is not None
    return found


def add(site: Site, rows: list[dict[str, Any]], owner: Any) -> list[Any]:
    ids = []
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        for each in rows:
            ids.append(service.create_record(session, rtype, {**each, "owner": owner}).id)
    return ids


def asked() -> list[str]:
    """Words of hidden fields and of foreign records: whole, cut, with an error, in the other
    layout or script; and words that stand in what is seen."""
    chance = random.Random(9)
    foreign = [each.get("family") or each["display_name"] for each in inputs()]
    seen = [each["family"] for each in crowd(40, seed=5)]
    found = ["495", "example", "ghbdtn"]
    while len(found) < QUERIES:
        word = chance.choice([*TAGS, *foreign, *seen])
        at = chance.randrange(len(word))
        found.append(
            chance.choice(
                [
                    word,
                    word[: at + 1],
                    word[:at] + word[at + 1 :],
                    word[:at] + chance.choice("аеoix") + word[at:],
                    word + "ом",
                    f"{chance.choice(seen)[:3]} {word}",
                ]
            )
        )
    return found


def answers(site: Site, principal: Principal) -> list[Any]:
    """All that a query shows: order, totals, facets, suggestion, the word forgiven."""
    found = []
    for q in asked():
        with site.read(principal) as session:
            whole = search_find.find(session, q)
            facets = [(each.rtype.path, each.total) for each in whole.facets]
            rtype = session.registry.record_type("counterparties")
            found.append((q, whole.shown, whole.suggestion, facets, names(session, rtype, q)))
    return found


def names(session: Any, rtype: RecordType, q: str) -> list[Any]:
    query = Query(q=q, fields=("display_name",), limit=20, total=True)
    page = service.list_records(session, rtype, query)
    return [page.total, *(each["display_name"] for each in page.items)]


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_hidden_fields_influence_nothing(new_site: Callable[[str], Site], engine: str) -> None:
    found = []
    for with_hidden in (False, True):
        site = new_site(engine)
        me = member(site)
        ids = add(site, people(with_hidden=with_hidden), str(me.user_id))
        if with_hidden:
            with site.write(system("test")) as session:
                search.index_text(session, "party", ids[0], "files", " ".join(TAGS), "1")
        blind = replace(me, rights=replace(me.rights, hidden={"party": HIDDEN}))
        found.append((answers(site, blind), answers(site, me)))
    (bare, _bare_open), (full, full_open) = found
    assert bare == full
    # The comparison sees a difference where there is one: who may see the fields finds by them.
    assert full_open != full


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_records_out_of_reach_influence_nothing(
    new_site: Callable[[str], Site], engine: str
) -> None:
    found = []
    for with_foreign in (False, True):
        site = new_site(engine)
        me = member(site)
        add(site, people(with_hidden=False), str(me.user_id))
        if with_foreign:
            add(site, [*inputs(), *people(with_hidden=True)], None)
        found.append((answers(site, me), answers(site, system("test"))))
    (bare, bare_all), (full, full_all) = found
    assert bare == full
    assert bare_all != full_all
