"""What waits for a user: counted, each with the way to it. What is nothing is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.parties.reports.asking import BESIDE, Asked, asked
from kontora.parties.reports.parameters import PARTIES
from kontora.parties.reports.quality import NEGLECTED
from kontora.records import notices
from kontora.text import Text, _


def found(session: ScopedSession) -> Mapping[str, Any]:
    """`rows`: what there is to do, what leads there, and how many."""
    rows = []
    unread = notices.unread(session)
    if unread:
        rows.append(_row(_("New notices"), "/notices", "bell", unread))
    for label, icon, what in _lists(session):
        number, url = _count(what), what.link()
        if number and url:
            rows.append(_row(label, url, icon, number))
    return {"rows": rows}


def _row(label: Text, url: str, icon: str, number: int) -> dict[str, Any]:
    return {"label": label, "url": url, "icon": icon, "count": number}


def _lists(session: ScopedSession) -> list[tuple[Text, str, Asked]]:
    me = session.principal
    if me.user_id is None:
        return []
    mine = asked(
        session,
        PARTIES,
        ("owner", "eq", "me"),
        ("last_contact", "ne", f"last_{NEGLECTED}_days"),
        ("next_activity", "empty", True),
        role={"role": "client"},
    )
    new = asked(
        session,
        PARTIES,
        ("owner", "empty", True),
        ("branch", "eq", me.branch_id),
        ("created_at", "eq", "last_30_days"),
    )
    return [
        (_("My clients without contact and plan"), "mood-sad", mine),
        (_("New without an owner in my branch"), "user-search", new),
    ]


def _count(what: Asked) -> int:
    """How many there are; none where the reader may not ask."""
    session: Any = what.session
    model: Any = what.rtype.model
    try:
        statement = select(func.count(model.id)).where(*what.conditions())
        return session.scalar(statement, execution_options=BESIDE) or 0
    except (Invalid, Forbidden):
        return 0
