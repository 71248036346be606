"""The people of the sample: their names, where they work and to whom they report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from kontora.lifecycle.sample.firms import Firm
from kontora.lifecycle.sample.steps import Ref, Step, moment
from kontora.lifecycle.sample.words import Words, latin

MOST = 7  # people of one firm
ALONE = ("agent", "investor")  # two people stand for themselves


@dataclass(slots=True, kw_only=True)
class Someone:
    """A person while the plan is made. `place` counts within his firm: 0 is its director."""

    number: int
    given: str
    family: str
    sex: str
    at: datetime
    place: int = 0
    firm: Firm | None = None
    boss: Someone | None = None

    @property
    def ref(self) -> Ref:
        return Ref(f"person {self.number}")


def make(words: Words, rng: Random, now: datetime, count: int, firms: list[Firm]) -> list[Someone]:
    """`count` people, each in a firm but for two."""
    found: list[Someone] = []
    names: set[tuple[str, str]] = {(each[0], each[1]) for each in words.of["people"]["known"]}
    for firm, size in zip(firms, _sizes(words, rng, count - len(ALONE), firms), strict=True):
        known = [each for each in words.of["people"]["known"] if each[3] == firm.number]
        team: list[Someone] = []
        at = firm.at
        for place in range(size):
            given, family, sex = known[place][:3] if place < len(known) else _name(
                words, rng, names
            )  # fmt: skip
            later = moment(at + (now - at) * rng.uniform(0.01, 0.1), 0, rng)
            at = at + timedelta(minutes=10) if place == 0 else max(later, at + timedelta(minutes=5))
            boss = None if place == 0 else team[0] if place < 3 else team[1 + place % 2]
            someone = Someone(
                number=len(found), given=given, family=family, sex=sex, at=at, place=place,
                firm=firm, boss=boss,
            )  # fmt: skip
            team.append(someone)
            found.append(someone)
    for _role in ALONE:
        given, family, sex = _name(words, rng, names)
        at = moment(now, -rng.randint(100, 300), rng)
        found.append(Someone(number=len(found), given=given, family=family, sex=sex, at=at))
    return found


def _sizes(words: Words, rng: Random, count: int, firms: list[Firm]) -> list[int]:
    """How many people each firm has: at least those who are known by name, and one."""
    known = [each[3] for each in words.of["people"]["known"]]
    sizes = [max(1, known.count(each.number)) for each in firms]
    weights = {"client": 4, "partner": 3, "prospect": 2}
    while sum(sizes) < count:
        free = [each for each in firms if sizes[each.number] < MOST]
        firm = rng.choices(free, [weights.get(each.role, 1) for each in free])[0]
        sizes[firm.number] += 1
    return sizes


def _name(words: Words, rng: Random, taken: set[tuple[str, str]]) -> tuple[str, str, str]:
    while True:
        sex = rng.choice(("female", "male"))
        given, family = words.some(rng, "people", sex), words.family(rng, sex)
        if (given, family) not in taken:
            taken.add((given, family))
            return given, family, sex


def steps(words: Words, rng: Random, people: list[Someone]) -> list[Step]:
    """Each person is made, with his position."""
    return [
        Step(at=each.at, path="contacts", name=each.ref.name, data=_data(words, rng, each))
        for each in people
    ]


def _data(words: Words, rng: Random, who: Someone) -> dict[str, Any]:
    domain = who.firm.domain if who.firm else "example.org"
    address = f"{latin(who.given)}.{latin(who.family)}@{domain}"
    data: dict[str, Any] = {
        "given": who.given,
        "family": who.family,
        "gender": who.sex,
        "points": [{"kind": "email", "value": address, "label": "work"}],
    }
    if "middle" in words.of["people"]:
        data["middle"] = words.some(rng, "people", "middle", who.sex)
    if rng.random() < 0.7:
        phone = f"+44 7700 900{who.number:03}"
        data["points"].append({"kind": "phone", "value": phone, "label": "mobile"})
    if rng.random() < 0.5:
        born = date(rng.randint(1960, 1999), rng.randint(1, 12), rng.randint(1, 28))
        data["birth_date"] = born.isoformat()
    if rng.random() < 0.15:
        data["tags"] = [words.some(rng, "tags")]
    if who.firm is None:
        role = ALONE[who.number % len(ALONE)]
        return {**data, "roles": [{"role": role, "from": who.at.date().isoformat()}]}
    rank = "directors" if who.boss is None else "heads" if who.place < 3 else "staff"
    position: dict[str, Any] = {
        "organisation": who.firm.ref,
        "title": words.some(rng, rank),
        "from": (who.at.date() - timedelta(days=rng.randint(60, 3000))).isoformat(),
    }
    if who.boss is not None:
        position |= {"reports_to": who.boss.ref, "department": words.some(rng, "departments")}
    owner = {"owner": Ref(who.firm.owner), "branch": Ref(who.firm.branch)}
    return {**data, **owner, "affiliations": [position]}
