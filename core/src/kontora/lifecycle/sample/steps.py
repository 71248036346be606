"""The steps of which the sample consists: what happened when, in the shape of the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any


@dataclass(frozen=True, slots=True)
class Ref:
    """A record of the sample by its name there; its id is put in when the step is taken."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One save at a moment (aware, UTC). `path` is the record type; the first step of a `name`
    makes the record, later ones change it. Two paths are no types: `members` puts those of
    `data["parties"]` into a group, `consents` adds a line to the ledger of a party."""

    at: datetime
    path: str
    name: str
    data: Mapping[str, Any]


def moment(now: datetime, days: float, rng: Random) -> datetime:
    """A moment in office hours so many days after today (before it: negative), on a work day."""
    day = (now + timedelta(days=days)).date()
    if day.weekday() > 4:  # never from the future into today, nor back into it
        day += timedelta(days=7 - day.weekday() if days > 0 else 4 - day.weekday())
    return datetime.combine(day, time(rng.randint(7, 14), rng.choice((0, 15, 30, 45))), UTC)
