"""Step “What you keep”: the roles in use, and fields for what is to be known of them."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.http.context import principal, site
from kontora.lifecycle import setup
from kontora.parties import kept_roles, suggested_fields
from kontora.records.custom import define
from kontora.text import _


def values(session: ScopedSession) -> dict[str, Any]:
    """The roles that are kept now."""
    known, out = kept_roles.declared(session), kept_roles.left_out(session)
    kept = [each.value for each in known if each.value not in out]
    return {"roles": kept, "fields": []}


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was ticked."""
    return {name: [each for each in form.getlist(name) if each] for name in ("roles", "fields")}


def more(session: ScopedSession) -> dict[str, Any]:
    """All roles, and the fields that are not there yet with the roles that they are for."""
    declared = kept_roles.declared(session)
    labels = {each.value: str(each.label) for each in declared}
    return {
        "role_items": [{"id": each.value, "name": each.label} for each in declared],
        "suggestions": [
            {
                "id": each.key,
                "label": each.label,
                "help": each.help,
                "roles": ", ".join(labels[role] for role in each.roles),
            }
            for each in suggested_fields.left(session)
        ],
    }


def save(form: MultiDict[str, str]) -> str:
    """Keep the roles and make the fields, all or nothing. Raises Invalid.

    The session is one of its own: a field concerns also records that one does not see.
    """
    chosen = typed(form)
    with site().write(define.elevated(principal())) as session:
        kept = kept_roles.keep(session, chosen["roles"])
        number = suggested_fields.turn_on(session, chosen["fields"], kept)
        setup.settle(session, "records")
    return str(_("Fields that are there now: %(n)s.") % {"n": number}) if number else ""
