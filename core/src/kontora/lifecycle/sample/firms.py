"""The counterparties of the sample: who they are to us, since when, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from kontora.lifecycle.sample.steps import Ref, Step, moment
from kontora.lifecycle.sample.words import Words, latin

ROLES = "client client supplier client partner client competitor client prospect dealer".split()
# Number → number of the parent: a holding with two levels, and a smaller one.
PARENTS = {11: 5, 13: 5, 21: 13, 19: 9, 23: 9}
STAGES = {
    "client": ("client_new", "client_talks", "client_buys"),
    "partner": ("partner_candidate", "partner_terms", "partner_active"),
}
# What links a firm to an earlier one of the wanted role.
LINKS = {
    "supplier": ("supplies", "client"),
    "competitor": ("competes_with", "competitor"),
    "dealer": ("dealer_of", "supplier"),
    "partner": ("advises", "client"),
}


@dataclass(slots=True, kw_only=True)
class Firm:
    """A counterparty while the plan is made. `quiet`: a client whom everybody has forgotten."""

    number: int
    name: str
    domain: str
    role: str
    owner: str
    branch: str
    at: datetime
    quiet: bool = False
    role_row: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> Ref:
        return Ref(f"firm {self.number}")


def make(words: Words, rng: Random, now: datetime, count: int, owners: list[Any]) -> list[Firm]:
    """`count` firms, the eldest first. `owners`: pairs of a user and his branch, by their names."""
    taken = {str(name) for name, _domain in words.of["firms"]["known"]}
    found = []
    for number in range(count):
        known = words.of["firms"]["known"][number : number + 1]
        name, domain = known[0] if known else _name(words, rng, number, taken)
        owner, branch = rng.choice(owners)
        found.append(
            Firm(
                number=number,
                name=name,
                domain=f"{domain}.example.org",
                role=ROLES[number % len(ROLES)],
                owner=owner,
                branch=branch,
                at=moment(now, -(372 - 364 * (number / count) ** 1.5), rng),
                quiet=number % 10 == 5,
            )
        )
    return found


def _name(words: Words, rng: Random, number: int, taken: set[str]) -> tuple[str, str]:
    firms = words.of["firms"]
    trade = industry(words, number)[1]
    while True:
        gender = rng.choice([each for each, nouns in firms["nouns"].items() for _noun in nouns])
        stem, noun = rng.choice(firms["stems"]), rng.choice(firms["nouns"][gender])
        core = f"{stem}{firms['endings'][gender]} {noun}"
        if core not in taken:
            taken.add(core)
            break
    name = firms["pattern"].format(
        form=rng.choice(firms["forms"]),
        stem=stem,
        ending=firms["endings"][gender],
        noun=noun,
        trade=trade,
    )
    return name, latin(core).replace(".", "")


def industry(words: Words, number: int) -> list[str]:
    """The industry of a firm, and how such firms call themselves."""
    known: list[list[str]] = words.of["firms"]["industries"]
    return known[number % len(known)]


def steps(words: Words, rng: Random, now: datetime, firms: list[Firm]) -> list[Step]:
    """Each firm is made, and goes through the stages of its role."""
    found = []
    for firm in firms:
        since = firm.at.date().isoformat()
        firm.role_row = {"role": firm.role, "from": since, "owner": Ref(firm.owner)}
        if firm.role == "client":
            firm.role_row["class"] = rng.choice("ABBCC")
        if firm.role in STAGES:
            firm.role_row["stage"] = STAGES[firm.role][0]
        found.append(Step(at=firm.at, path="counterparties", name=firm.ref.name,
                          data=_data(words, rng, firm, firms)))  # fmt: skip
        found += _later(rng, now, firm)
    return found


def _data(words: Words, rng: Random, firm: Firm, firms: list[Firm]) -> dict[str, Any]:
    employees = rng.choice((8, 15, 24, 40, 65, 120, 300, 850))
    data: dict[str, Any] = {
        "display_name": firm.name,
        "industry": industry(words, firm.number)[0],
        "employees": employees,
        "founded": rng.randint(1951, 2019),
        "roles": [dict(firm.role_row)],
        "points": [{"kind": "email", "value": f"office@{firm.domain}", "label": "work"}],
        "tags": rng.sample(words.of["tags"], rng.choice((0, 0, 1, 1, 2))),
        "owner": Ref(firm.owner),
        "branch": Ref(firm.branch),
    }
    if rng.random() < 0.8:
        phone = f"+44 20 7946 {firm.number:04}"
        data["points"].append({"kind": "phone", "value": phone, "label": "work"})
        data["points"].append({"kind": "web", "value": f"https://{firm.domain}/"})
    if rng.random() < 0.85:
        street = f"{words.some(rng, 'streets')} {rng.randint(1, 60)}"
        city = words.some(rng, "cities")
        data["addresses"] = [{"street": street, "locality": city, "country": words.of["country"]}]
    if rng.random() < 0.5:
        data["revenue"] = str(employees * rng.randint(60, 140) * 1000)
    if rng.random() < 0.25:
        data["notes"] = words.some(rng, "texts", "notes")
    if (parent := PARENTS.get(firm.number)) is not None:
        data["parent"] = firms[parent].ref
    kind, wanted = LINKS.get(firm.role, ("", ""))
    earlier = [each for each in firms[: firm.number] if each.role == wanted]
    if earlier:
        data["relations"] = [
            {"type": kind, "other": each.ref, "from": firm.at.date().isoformat()}
            for each in rng.sample(earlier, min(len(earlier), rng.choice((1, 1, 2))))
        ]
    return data


def _later(rng: Random, now: datetime, firm: Firm) -> list[Step]:
    stages = list(STAGES.get(firm.role, ()))[1:]
    if firm.quiet and stages:
        stages = [*stages, "client_sleeps"]
    changes: list[dict[str, Any]] = [{"stage": each} for each in stages]
    # Some clients have left us, some partnerships have ended.
    if firm.number % 20 in (7, 14):
        lost = {"client": {"stage": "client_lost"}, "partner": {"stage": "partner_ended"}}
        changes.append({"status": "ended", "to": None, **lost.get(firm.role, {})})
    found, at = [], firm.at
    for each in changes:
        at = at + timedelta(days=rng.randint(9, 45), minutes=rng.randint(1, 50))
        if at >= now:
            break
        if "to" in each:
            each = {**each, "to": at.date().isoformat()}
        firm.role_row = {**firm.role_row, **each}
        if "stage" in each:
            firm.role_row["stage_since"] = at.date().isoformat()
        data = {"roles": [dict(firm.role_row)]}
        found.append(Step(at=at, path="counterparties", name=firm.ref.name, data=data))
    return found
