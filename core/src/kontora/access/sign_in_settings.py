"""What administrators set about sign-in, read before anybody is somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kontora.access.models import SiteState

SHORTEST_PASSWORD = "security.shortest_password"
IDLE_HOURS = "security.idle_hours"
SESSION_DAYS = "security.session_days"
TOKENS = "security.tokens_per_user"
_state: Any = SiteState.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """A number that administrators set: its default, and between what it is held."""

    default: int
    least: int
    most: int

    def held(self, value: object) -> int:
        number = value if isinstance(value, int) else self.default
        return min(max(number, self.least), self.most)


BOUNDS = {
    SHORTEST_PASSWORD: Bounds(default=10, least=8, most=128),
    IDLE_HOURS: Bounds(default=336, least=1, most=8760),
    SESSION_DAYS: Bounds(default=30, least=1, most=365),
    TOKENS: Bounds(default=20, least=1, most=1000),
}


def key_of(name: str) -> str:
    """Under which key of `site_state` a setting stands."""
    return f"setting:{name}"


def in_force(session: Any) -> dict[str, int]:
    """The values in force, by the name of the setting."""
    keys = {key_of(name): name for name in BOUNDS}
    rows = session.execute(
        select(_state.c.key, _state.c.value).where(_state.c.key.in_(sorted(keys))),
        execution_options={"door": "sign_in"},
    )
    stored = {keys[key]: value for key, value in rows}
    return {name: each.held(stored.get(name)) for name, each in BOUNDS.items()}
