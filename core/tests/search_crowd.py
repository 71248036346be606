"""Generated people whose names resemble one another, and a site filled with them."""

from __future__ import annotations

import random
from typing import Any

from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.records import service

ROOTS = "Бел Черн Зелен Нов Мал Гор Лес Пол Дуб Клен Волк Лис Орл Green Stone Wood Hill".split()
ENDS = "ов ова ин енко ский ская анов ушкин son er ley".split()
GIVEN = "Анна Иван Мария Олег Ірина Павло Дмитрий Kate John Emma".split()


def crowd(number: int, seed: int = 7) -> list[dict[str, Any]]:
    """Generated people whose names resemble one another, the same for each engine."""
    chance = random.Random(seed)
    return [
        {
            "kind": "person",
            "given": chance.choice(GIVEN),
            "family": chance.choice(ROOTS) + chance.choice(ENDS),
            "notes": chance.choice([None, f"встреча {at}", "договор", "call back"]),
            "tags": chance.sample(["vip", "опт", "dealer"], chance.randint(0, 2)),
        }
        for at in range(number)
    ]


def fill(site: Site, rows: list[dict[str, Any]]) -> Site:
    with site.write(system("test")) as session:
        rtype = session.registry.record_type("counterparties")
        for each in rows:
            service.create_record(session, rtype, each)
    return site
