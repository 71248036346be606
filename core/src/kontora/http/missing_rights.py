"""A missing right in words: what may not be done, with what, and who can change that."""

from __future__ import annotations

import re

from flask import g
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from kontora.access.models import User, UserRole
from kontora.access.principal import system
from kontora.access.rights import VERB_LABELS
from kontora.errors import Forbidden, KontoraError
from kontora.http.context import site
from kontora.text import _

MOST = 3
_NAMED = re.compile(r"“([\w./]+)”")


def explained(error: Forbidden) -> tuple[str, str]:
    """What a refusal says: the right that is missing, in words, and what can be done about it.

    It speaks of kinds of records only, never of one. `You lack the right “person.edit”.` becomes
    `You lack the right “edit” for “Contacts”.`
    """
    detail = _NAMED.sub(lambda found: _words(found[1]) or found[0], str(error.message))
    right, remedy = _words(error.right), str(error.remedy)
    if right is None:  # nothing that a role could hold
        return detail, remedy
    if right not in detail:
        missing = _("The right that is missing: %(right)s.") % {"right": right}
        detail = f"{detail} {missing}"
    return detail, remedy or str(_("An administrator can grant it to one of your roles."))


def whom_to_ask(right: str) -> str:
    """`Ask Anna Petrova.`: the administrators, if they are few and somebody is signed in who
    could have the right; else nothing. One statement, so once per answer."""
    if g.get("principal") is None or _words(right) is None:
        return ""
    names = _administrators()
    if not 0 < len(names) <= MOST:
        return ""
    return str(_("Ask %(names)s.") % {"names": ", ".join(names)})


def _administrators() -> list[str]:
    """The names of the first administrators. None if they are not to be had just now: the page of
    an error must not fail itself."""
    held = UserRole.role_key == "administrator"
    wanted = (
        select(User.name)
        .join(UserRole, UserRole.user_id == User.id)
        .where(held, User.state == "active", User.deleted_at.is_(None))
        .order_by(User.name)
        .limit(MOST + 1)
    )
    try:
        with site().read(system("shell")) as session:
            return list(session.scalars(wanted))
    except (KontoraError, SQLAlchemyError):
        return []


def _words(right: str) -> str | None:
    """The right as the pages of roles name it; None of what no role can hold."""
    registry = site().registry
    if right in registry.permissions:
        return f"“{registry.permissions[right].label}”"
    keys, _dot, verb = right.rpartition(".")
    rtype = registry.record_types.get(keys)  # a path may have a slash of its own
    labels = [str(rtype.label_plural)] if rtype else [_label(key) for key in keys.split("/")]
    if verb not in VERB_LABELS or None in labels:
        return None
    what = ", ".join(dict.fromkeys(str(label) for label in labels))
    return str(_("“%(verb)s” for “%(what)s”") % {"verb": VERB_LABELS[verb], "what": what})


def _label(key: str) -> str | None:
    """The record type of which grants speak by this key: an entity or a kind of parties."""
    for rtype in site().registry.record_types.values():
        if key in (rtype.entity, rtype.path) or rtype.kinds[:1] == (key,):
            return str(rtype.label_plural)
    return None
