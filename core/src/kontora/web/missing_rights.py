"""A missing right in words: what may not be done, with what."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from kontora.access.models import User, UserRole
from kontora.access.principal import system
from kontora.access.rights import VERB_LABELS
from kontora.errors import KontoraError
from kontora.http.context import site
from kontora.text import _

MOST = 3
_NAMED = re.compile(r"“([\w./]+)”")


def in_words(text: str) -> str:
    """`You lack the right “person.edit”.` as `You lack the right “edit” for “Contacts”.`

    Rights that are not known here stay as they are: their name helps whoever is asked.
    """
    return _NAMED.sub(lambda found: _words(found[1]), text)


def who_gives() -> list[str]:
    """The names of some administrators: they can grant what is missing. None if they are not to
    be had just now: the page of an error must not fail itself."""
    held = UserRole.role_key == "administrator"
    wanted = (
        select(User.name)
        .join(UserRole, UserRole.user_id == User.id)
        .where(held, User.state == "active", User.deleted_at.is_(None))
        .order_by(User.name)
        .limit(MOST)
    )
    try:
        with site().read(system("shell")) as session:
            return list(session.scalars(wanted))
    except (KontoraError, SQLAlchemyError):
        return []


def _words(right: str) -> str:
    registry = site().registry
    if right in registry.permissions:
        return f"“{registry.permissions[right].label}”"
    keys, _dot, verb = right.rpartition(".")
    labels = [_label(key) for key in keys.split("/")]
    if verb not in VERB_LABELS or None in labels:
        return f"“{right}”"
    what = ", ".join(dict.fromkeys(str(label) for label in labels))
    return str(_("“%(verb)s” for “%(what)s”") % {"verb": VERB_LABELS[verb], "what": what})


def _label(key: str) -> str | None:
    """The record type of which grants speak by this key: an entity or a kind of parties."""
    for rtype in site().registry.record_types.values():
        if key in (rtype.entity, rtype.path) or rtype.kinds[:1] == (key,):
            return str(rtype.label_plural)
    return None
