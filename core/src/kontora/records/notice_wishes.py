"""How each user wants to hear: of each kind of notice by the bell, also by mail, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.models import UserPreference
from kontora.registry.faces import NoticeKind
from kontora.text import _

DOOR = {"door": "notices"}
KEY = "notices"
NONE, BELL, MAIL = "none", "bell", "mail"
WAYS = (NONE, BELL, MAIL)
HOUR = 8
OTHER = NoticeKind(name="other", label=_("Everything else"))
_preference: Any = UserPreference.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one user has set. `hour`: when the mail goes out, 0 to 23 in his time zone."""

    hour: int = HOUR
    kinds: Mapping[str, str] = field(default_factory=dict)

    def way(self, kinds: Mapping[str, NoticeKind], name: str) -> str:
        """How a notice named `name` reaches the user: none, bell or mail."""
        kind = kind_of(kinds, name)
        chosen = self.kinds.get(kind.name, kind.default)
        return chosen if chosen in WAYS else kind.default


def kind_of(kinds: Mapping[str, NoticeKind], name: str) -> NoticeKind:
    """The declared kind to which a notice belongs: the longest name that begins its own."""
    while name:
        if name in kinds:
            return kinds[name]
        name = name.rpartition(".")[0]
    return OTHER


def declared(kinds: Mapping[str, NoticeKind]) -> list[NoticeKind]:
    """All kinds that can be set, everything else last."""
    return [*kinds.values(), OTHER]


def wishes(session: Any, user_ids: Iterable[UUID]) -> dict[UUID, Wishes]:
    """What these users have set; who has set nothing is there with the defaults."""
    wanted = list(dict.fromkeys(user_ids))
    rows = session.execute(
        select(_preference.c.user_id, _preference.c.value).where(
            _preference.c.key == KEY, _preference.c.user_id.in_(wanted)
        ),
        execution_options=DOOR,
    )
    found = {row.user_id: from_json(row.value) for row in rows}
    return {each: found.get(each, Wishes()) for each in wanted}


def from_json(value: object) -> Wishes:
    """The kept form, as `as_json` makes it; what does not fit counts as not set."""
    given = value if isinstance(value, dict) else {}
    hour, kinds = given.get("hour", HOUR), given.get("kinds", {})
    return Wishes(
        hour=hour if isinstance(hour, int) and 0 <= hour <= 23 else HOUR,
        kinds={str(name): way for name, way in kinds.items() if way in WAYS}
        if isinstance(kinds, dict)
        else {},
    )


def as_json(found: Wishes) -> dict[str, Any]:
    """The form in which the preference keeps it."""
    return {"hour": found.hour, "kinds": dict(found.kinds)}
