"""The guided set-up: which of its steps are behind, kept in the state of the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from kontora.access.models import SiteState
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, NotFound

KEY = "setup"
RIGHT = "admin.settings"
DOOR = {"door": "administration"}
STEPS = ("company", "branches", "users", "records", "import", "modules")
_state: Any = SiteState.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`behind`: the steps that were done or skipped; `dismissed`: nobody wants to be asked."""

    behind: frozenset[str] = frozenset()
    dismissed: bool = False


def progress(session: ScopedSession) -> Progress:
    """How far the set-up is. What is stored in a way of others counts as nothing."""
    statement = select(_state.c.value).where(_state.c.key == KEY)
    stored = session.execute(statement, execution_options=DOOR).scalar()
    kept = stored if isinstance(stored, dict) else {}
    behind = frozenset(each for each in kept.get("behind") or () if each in STEPS)
    return Progress(behind=behind, dismissed=bool(kept.get("dismissed")))


def settle(session: ScopedSession, step: str) -> Progress:
    """Put a step behind, and take the set-up up again. Raises NotFound, Forbidden."""
    if step not in STEPS:
        raise NotFound()
    return _store(session, Progress(behind=progress(session).behind | {step}))


def dismiss(session: ScopedSession) -> Progress:
    """End it as it is; what was done stays, and it can be opened again. Raises Forbidden."""
    return _store(session, Progress(behind=progress(session).behind, dismissed=True))


def _store(session: ScopedSession, now: Progress) -> Progress:
    if not session.principal.rights.has(RIGHT):
        raise Forbidden(RIGHT)
    value = {"behind": sorted(now.behind), "dismissed": now.dismissed}
    session.execute(delete(_state).where(_state.c.key == KEY), execution_options=DOOR)
    row = {"key": KEY, "value": value, "updated_at": session.now}
    session.execute(insert(_state), [row], execution_options=DOOR)
    return now
