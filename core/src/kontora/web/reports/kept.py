"""What a user keeps of reports: those he has starred, and with what he ran each last."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.exc import SQLAlchemyError

from kontora.access.session import ScopedSession
from kontora.http.context import principal, site
from kontora.web import preferences

STARRED, LAST = "reports:starred", "reports:last"
LONGEST = 1_000


def starred(session: ScopedSession) -> list[str]:
    """The ids of the starred reports."""
    found = preferences.get(session, session.principal.user_id, STARRED)
    return [str(each) for each in found] if isinstance(found, list) else []


def star(session: ScopedSession, report_id: str, on: bool) -> None:
    """Star a report, or take the star away."""
    user = session.principal.user_id
    assert user is not None
    kept = [each for each in starred(session) if each != report_id]
    preferences.put(session, user, STARRED, [*kept, report_id] if on else kept or None)


def last(session: ScopedSession) -> dict[str, str]:
    """The query with which each report was run last, by its id."""
    found = preferences.get(session, session.principal.user_id, LAST)
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def note(session: ScopedSession, report_id: str, pairs: list[tuple[str, str]]) -> None:
    """Keep what a report was run with, if it differs from before. The page was only read; so this
    is written by itself, and nothing is lost when it cannot be."""
    query = urlencode([pair for pair in pairs if pair[1]])
    before = last(session)
    user = session.principal.user_id
    if user is None or len(query) > LONGEST or before.get(report_id, "") == query:
        return
    after: dict[str, Any] = {**before, report_id: query}
    with suppress(SQLAlchemyError), site().write(principal()) as writer:
        preferences.put(writer, user, LAST, after)
