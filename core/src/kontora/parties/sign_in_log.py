"""What happens around sign-in, in the log that administrators read.

It has an entity of its own, so that a user's history tells nothing of when he comes and goes.
"""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from kontora.access import identity
from kontora.records import changes
from kontora.registry.records import Change

ENTITY = "sign_in"
_NOBODY = uuid5(NAMESPACE_OID, "sign-in: unknown account")


def note(session: Any, verb: str, user_id: UUID | None, **facts: object) -> None:
    """Append one line, in the session's transaction. `facts` hold no secret, and of an unknown
    account not what was typed: people type passwords into the wrong field."""
    changes.write(session, _change(verb, user_id, facts), 0)


def note_of(session: Any, verb: str, user_id: UUID, **facts: object) -> None:
    """The same for what the user did himself, though the session is the program's own."""
    who = identity.principal_of_user(session, user_id)
    changes.write(session, _change(verb, user_id, facts), 0, who)


def _change(verb: str, user_id: UUID | None, facts: dict[str, object]) -> Change:
    return Change(
        entity=ENTITY,
        record_id=user_id or _NOBODY,
        kind=None,
        verb=verb,
        before={},
        after={name: value for name, value in facts.items() if value},
    )
