"""The whole plan of the sample: our own company, its counterparties, people and activities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from kontora.lifecycle.sample import contacts, deeds, firms
from kontora.lifecycle.sample.contacts import Someone
from kontora.lifecycle.sample.steps import Ref, Step
from kontora.lifecycle.sample.words import Words, latin

DOMAIN = "sample.example.org"
HEAD_OFFICE, OWNER = "branch 0", "owner"
# Of each user of the language's list: role, number of his branch, number of his team.
USERS = (
    ("head", 0, None),
    ("administrator", 0, None),
    ("branch_manager", 1, None),
    ("branch_manager", 2, None),
    ("manager", 0, 0),
    ("manager", 1, 1),
    ("assistant", 1, 1),
    ("auditor", 0, None),
)
# Who looks after counterparties, the managers more than the rest.
OWNERS = (0, 2, 3, 4, 4, 5, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many records of each kind are made."""

    firms: int
    people: int
    activities: int


FULL = Size(firms=40, people=120, activities=400)
SMALL = Size(firms=8, people=16, activities=30)


def make(words: Words, now: datetime, size: Size = FULL, *, owner: bool = False) -> list[Step]:
    """The steps in the order in which they happened, up to `now` (aware, UTC).

    The same words, day and size give the same steps. They speak of the record `branch 0`, our
    head office, which is there already, and with `owner` of the user `owner`, who looks after
    some of the counterparties as well.
    """
    rng = Random(f"kontora {words.locale}")  # noqa: S311
    found = _company(words, now - timedelta(days=400))
    owners = [(f"user {number}", f"branch {USERS[number][1]}") for number in OWNERS]
    owners += [(OWNER, HEAD_OFFICE)] * 2 if owner else []
    organisations = firms.make(words, rng, now, size.firms, owners)
    people = contacts.make(words, rng, now, size.people, organisations)
    found += firms.steps(words, rng, now, organisations)
    found += contacts.steps(words, rng, people)
    found += deeds.steps(words, rng, now, size.activities, organisations, people)
    found += _groups(words, rng, now, people)
    found += _consents(words, rng, now, people)
    return sorted(found, key=lambda each: each.at)  # stable: what came first stays first


def mail_of(name: str) -> str:
    """The address with which a user of the sample signs in."""
    return f"{latin(name)}@{DOMAIN}"


def _company(words: Words, at: datetime) -> list[Step]:
    found = []

    def add(path: str, key: str, /, **data: Any) -> None:
        found.append(Step(at=at, path=path, name=key, data=data))

    for number, name in enumerate(words.of["branches"], 1):
        add("branches", f"branch {number}", name=name, parent=Ref(HEAD_OFFICE))
    for number, (name, (role, branch, _team)) in enumerate(
        zip(words.of["users"], USERS, strict=True)
    ):
        add(
            "users",
            f"user {number}",
            name=name,
            email=mail_of(name),
            roles=[role],
            branch=Ref(f"branch {branch}"),
            locale=words.locale,
            timezone=words.of["timezone"],
            state="active",
        )
    for number, name in enumerate(words.of["teams"]):
        members = [index for index, each in enumerate(USERS) if each[2] == number]
        add(
            "teams",
            f"team {number}",
            name=name,
            branch=Ref(f"branch {number}"),
            head=Ref(f"user {members[0]}"),
            members=[Ref(f"user {each}") for each in members],
        )
    return found


def _groups(words: Words, rng: Random, now: datetime, people: list[Someone]) -> list[Step]:
    found = []
    for number, (name, description) in enumerate(words.of["texts"]["groups"]):
        at = now - timedelta(days=5 + 20 * number)
        known = [each.ref for each in people if each.at < at]
        data = {"name": name, "description": description, "shared": True, "owner": Ref("user 0")}
        found.append(Step(at=at, path="groups", name=f"group {number}", data=data))
        some = {"parties": rng.sample(known, min(len(known), 12 - 3 * number))}
        found.append(Step(at=at, path="members", name=f"group {number}", data=some))
    return found


def _consents(words: Words, rng: Random, now: datetime, people: list[Someone]) -> list[Step]:
    """Every eighth has agreed to something; some of them have thought better of it."""
    found = []
    for each in people[::8]:
        pair = rng.choice((("newsletter", "email"), ("marketing", "email"), ("marketing", "phone")))
        line = {"purpose": pair[0], "channel": pair[1]}
        at = each.at + (now - each.at) * 0.2
        given = {**line, "state": "given", "basis": "consent", "proof": words.of["texts"]["proof"]}
        found.append(Step(at=at, path="consents", name=each.ref.name, data=given))
        if rng.random() < 0.3:
            taken = {**line, "state": "withdrawn", "basis": "request"}
            taken["source"] = words.of["texts"]["withdrawn"]
            at = at + (now - at) * 0.5
            found.append(Step(at=at, path="consents", name=each.ref.name, data=taken))
    return found
