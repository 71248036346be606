"""The activities of the sample: a year of talks, and what is late, due today and coming."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from kontora.lifecycle.sample.contacts import Someone
from kontora.lifecycle.sample.firms import Firm
from kontora.lifecycle.sample.steps import Ref, Step, moment
from kontora.lifecycle.sample.words import Words

DONE = {
    "call": 9,
    "mail": 7,
    "meeting": 3,
    "visit": 3,
    "note": 2,
    "chat": 2,
    "letter": 1,
    "task": 2,
}
PLANNED = {"plan_call": 5, "task": 5, "plan_meeting": 2, "plan_visit": 2}
# Of the planned: late, today, in the four weeks to come.
LATE, TODAY = 0.25, 0.15
QUIET_DAYS = 130  # for so long nobody has spoken with a forgotten client
OUTCOMES = {"reached": 4, "agreed": 3, "call_back": 2, "no_answer": 2, "message_left": 1}
_WEIGHTS = {"client": 6, "prospect": 4, "partner": 3, "dealer": 3, "supplier": 2, "competitor": 0.3}


def steps(
    words: Words, rng: Random, now: datetime, count: int, firms: list[Firm], people: list[Someone]
) -> list[Step]:
    """`count` activities, a tenth of them planned."""
    of = {each.number: [one for one in people if one.firm is each] for each in firms}
    planned = count // 10
    found = []
    for number in range(count - planned):
        at = moment(now, -1 - 364 * rng.random() ** 1.3, rng)
        found.append(_done(words, rng, f"activity {number}", at, now, firms, of))
    for number in range(planned):
        due = _due(rng, now, number / planned)
        name = f"activity {count - planned + number}"
        found.append(_plan(words, rng, name, due, now, firms, of))
    return found


def _due(rng: Random, now: datetime, share: float) -> datetime:
    if share < LATE:
        return moment(now, -rng.randint(1, 12), rng)
    if share < LATE + TODAY:
        return datetime.combine(now.date(), time(rng.randint(8, 16), rng.choice((0, 30))), UTC)
    return moment(now, rng.randint(1, 28), rng)


def _done(
    words: Words, rng: Random, name: str, at: datetime, now: datetime, firms: list[Firm],
    of: dict[int, Any],
) -> Step:  # fmt: skip
    forgotten = at > now - timedelta(days=QUIET_DAYS)
    firm = _one(rng, [each for each in firms if each.at < at and not (each.quiet and forgotten)])
    with_whom = [each for each in of[firm.number] if each.at < at]
    data = _data(words, rng, firm, with_whom, DONE)
    data["done_at"] = at.isoformat()
    if data["kind"] in ("call", "visit"):
        data["outcome"] = rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
    return Step(at=at, path="activities", name=name, data=data)


def _plan(
    words: Words, rng: Random, name: str, due: datetime, now: datetime, firms: list[Firm],
    of: dict[int, Any],
) -> Step:  # fmt: skip
    firm = _one(rng, [each for each in firms if not each.quiet])
    at = min(max(now, firm.at), due) - timedelta(days=rng.randint(1, 9), hours=rng.randint(1, 9))
    at = max(at, firm.at + timedelta(minutes=5))
    data = _data(words, rng, firm, [each for each in of[firm.number] if each.at < at], PLANNED)
    return Step(at=at, path="activities", name=name, data={**data, "due_at": due.isoformat()})


def _one(rng: Random, firms: list[Firm]) -> Firm:
    return rng.choices(firms, [_WEIGHTS[each.role] for each in firms])[0]


def _data(
    words: Words, rng: Random, firm: Firm, people: list[Someone], kinds: dict[str, int]
) -> dict[str, Any]:
    kind = rng.choices(list(kinds), list(kinds.values()))[0]
    subject = words.some(rng, "activities", kind)
    kind = kind.removeprefix("plan_")
    whom = [each.ref for each in rng.sample(people, min(len(people), rng.choice((1, 1, 1, 2))))]
    data: dict[str, Any] = {
        "kind": kind,
        "subject": subject.format(topic=words.some(rng, "activities", "topics")),
        "parties": [*whom, firm.ref],
        "owner": Ref(firm.owner),
        "branch": Ref(firm.branch),
    }
    if rng.random() < 0.4:
        data["body"] = words.some(rng, "activities", "bodies")
    if kind in ("call", "meeting", "visit"):
        data["duration"] = rng.choice((5, 10, 15, 30, 45, 60, 90))
    return data
