"""What activities do when they are saved."""

from __future__ import annotations

from typing import Any

from kontora.errors import Invalid
from kontora.registry.records import Draft
from kontora.text import _

LONGEST = 7 * 24 * 60  # minutes


def prepare(session: Any, draft: Draft) -> None:
    """Fill state, the moment of completion, and the time by which timelines are ordered."""
    data, record = draft.data, draft.record
    if draft.verb == "create" and not data.get("state"):
        open_ended = data.get("due_at") or data.get("kind") == "task"
        data["state"] = "planned" if open_ended and not data.get("done_at") else "done"
    state = data.get("state", record.state)
    done_at = data.get("done_at", record.done_at)
    if state == "done" and done_at is None:
        data["done_at"] = done_at = session.now
    elif state != "done" and done_at is not None and "done_at" not in data:
        data["done_at"] = done_at = None
    if data.get("subject", record.subject) is None:
        data["subject"] = ""
    if (duration := data.get("duration")) is not None and not 0 <= duration <= LONGEST:
        raise Invalid({"duration": [_("Give whole minutes, at most a week.")]})
    due_at = data.get("due_at", record.due_at)
    record.at = done_at or due_at or record.created_at
