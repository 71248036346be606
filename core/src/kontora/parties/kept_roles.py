"""Which roles the company keeps: forms offer the others no more, unless a record has them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import delete, insert, select

from kontora.access.models import SiteState
from kontora.errors import Forbidden, Invalid
from kontora.registry.choices import field_at
from kontora.registry.fields import Choice
from kontora.text import _

KEY = "roles_left_out"
RIGHT = "admin.settings"
DOOR = {"door": "administration"}
_state: Any = SiteState.__table__


def declared(session: Any) -> tuple[Choice, ...]:
    """All roles there are, with those of plugins."""
    found = field_at(session.site.registry.record_type("contacts"), "roles.role")
    assert found is not None
    return found[0].choices


def left_out(session: Any) -> frozenset[str]:
    """The values of those that forms do not offer. Lists, imports and the API know them still."""
    statement = select(_state.c.value).where(_state.c.key == KEY)
    kept = session.execute(statement, execution_options=DOOR).scalar()
    return frozenset(kept if isinstance(kept, list) else ())


def keep(session: Any, wanted: Iterable[str]) -> frozenset[str]:
    """Offer these roles and no others. Raises Invalid, Forbidden."""
    if not session.principal.rights.has(RIGHT):
        raise Forbidden(RIGHT)
    known = [each.value for each in declared(session)]
    kept = frozenset(wanted)
    if not kept:
        raise Invalid({"roles": [_("Keep at least one role.")]})
    if not kept <= set(known):
        raise Invalid({"roles": [_("Choose one of the list.")]})
    session.execute(delete(_state).where(_state.c.key == KEY), execution_options=DOOR)
    value = [each for each in known if each not in kept]
    row = {"key": KEY, "value": value, "updated_at": session.now}
    session.execute(insert(_state), [row], execution_options=DOOR)
    return kept
