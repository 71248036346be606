"""The catalogue of purposes: administrators add, rename and retire them; none is deleted."""

from __future__ import annotations

import re
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import func, insert, select, update

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, NotFound
from kontora.parties import consents
from kontora.parties.consent_models import ConsentPurpose
from kontora.records import changes
from kontora.registry.records import Change
from kontora.text import _

DOOR = consents.DOOR
_KEY = re.compile(r"[a-z][a-z0-9_]{1,47}")
_purpose: Any = ConsentPurpose.__table__


def listed(session: ScopedSession) -> list[consents.Purpose]:
    """All purposes, the retired ones too."""
    _require(session)
    return consents.purposes(session, retired=True)


def save(session: ScopedSession, key: str, name: str, needs_consent: bool) -> None:
    """Add a purpose, or change name and need of the one that has this key."""
    _require(session)
    key, name, errors = key.strip(), name.strip(), dict[str, list[object]]()
    if not _KEY.fullmatch(key):
        errors["key"] = [_("Use 2 to 48 small letters, digits and _, beginning with a letter.")]
    if not name or len(name) > 120 or not name.isprintable():
        errors["name"] = [_("Use 1 to 120 characters in one line.")]
    if errors:
        raise Invalid(errors)
    values = {"name": name, "needs_consent": needs_consent}
    before = _row(session, key)
    if before is None:
        last = session.execute(select(func.max(_purpose.c.sort)), execution_options=DOOR).scalar()
        row = {"key": key, "sort": (last or 0) + 10, **values}
        session.execute(insert(_purpose).values(row), execution_options=DOOR)
    else:
        if name == str(consents.SHIPPED.get(key, "")):
            values["name"] = ""
        session.execute(
            update(_purpose).where(_purpose.c.key == key).values(**values), execution_options=DOOR
        )
    _log(session, key, before or {}, values)


def retire(session: ScopedSession, key: str, *, back: bool = False) -> None:
    """Offer a purpose no more, or again; what is on record for it stays."""
    _require(session)
    if _row(session, key) is None:
        raise NotFound(_("There is no purpose “%(key)s”.") % {"key": key})
    values = {"retired_at": None if back else session.now}
    session.execute(
        update(_purpose).where(_purpose.c.key == key).values(**values), execution_options=DOOR
    )
    _log(session, key, {"retired": back}, {"retired": not back})


def _row(session: ScopedSession, key: str) -> dict[str, Any] | None:
    columns = select(_purpose.c.name, _purpose.c.needs_consent).where(_purpose.c.key == key)
    found = session.execute(columns, execution_options=DOOR).mappings().first()
    return dict(found) if found is not None else None


def _require(session: ScopedSession) -> None:
    if not session.principal.rights.has("admin.settings"):
        raise Forbidden("admin.settings")


def _log(session: ScopedSession, key: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    change = Change(
        entity="setting",
        record_id=uuid5(NAMESPACE_OID, f"purpose:{key}"),
        kind=None,
        verb="change",
        before={f"purpose.{key}.{name}": value for name, value in before.items()},
        after={f"purpose.{key}.{name}": value for name, value in after.items()},
    )
    changes.write(session, change, 0)
