"""What is sent: the record as the API shows it to the user behind the receiver, at that moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from kontora.access import identity
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.errors import NotFound
from kontora.records import service
from kontora.records.read import choose, serialise
from kontora.records.schema import sees_custom
from kontora.records.values import to_json
from kontora.registry.records import RecordType
from kontora.webhooks.events import TEST


class NoOwner(Exception):
    """The user behind the receiver may no longer sign in."""


def owner(site: Any, owner_id: UUID) -> Principal:
    """The principal whose rights decide what is sent. Raises NoOwner."""
    with site.read(system("webhooks")) as session:
        found = identity.principal_of_user(session, owner_id, "job")
    if found is None:
        raise NoOwner
    return found


def build(site: Any, owner_id: UUID, delivery: Mapping[str, Any]) -> bytes | None:
    """The body of a message, or None when the owner may not see what it tells of.

    Raises NoOwner.
    """
    principal = owner(site, owner_id)
    if delivery["event"] == TEST:
        return _body(TEST, delivery["created_at"], {"message": "A test of Kontora."})
    with site.read(principal) as session:
        data = _data(session, delivery)
    return None if data is None else _body(delivery["event"], delivery["created_at"], data)


def _body(event: str, at: datetime, data: Mapping[str, Any]) -> bytes:
    document = {"type": event, "timestamp": to_json(at), "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _data(session: ScopedSession, delivery: Mapping[str, Any]) -> dict[str, Any] | None:
    slug, _dot, verb = delivery["event"].rpartition(".")
    types = session.registry.record_types.values()
    rtype = next((each for each in types if each.slug == slug), None)
    if rtype is None:  # its plugin was taken away
        return None
    names = _seen(session, rtype, delivery["changed"])
    if delivery["changed"] and verb == "changed" and not names:
        # Only what the owner may not see was changed: even that it happened is not told.
        return None
    try:
        with session.with_deleted():
            record = service.find(session, rtype, delivery["record_id"])
            shown = None if verb == "deleted" else _shown(session, rtype, record)
    except NotFound:
        return None
    found = {"id": str(delivery["record_id"]), "record_type": rtype.path, "record": shown}
    return {**found, "changed": names} if verb == "changed" else found


def _shown(session: ScopedSession, rtype: RecordType, record: Any) -> dict[str, Any]:
    fields = choose(rtype, session, None, ())
    return serialise(session, rtype, [record], fields)[0]


def _seen(session: ScopedSession, rtype: RecordType, names: Iterable[str]) -> list[str]:
    """The names of changed fields that the owner may see."""
    rights = session.principal.rights

    def is_seen(name: str) -> bool:
        if name.startswith("custom."):
            return sees_custom(rtype, rights, name.removeprefix("custom."))
        return not rights.hides(rtype.entity, name)

    return [name for name in names if is_seen(name)]
