"""The settings that administrators change on a page: their stored values, checked and logged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from marshmallow import ValidationError
from sqlalchemy import delete, insert, select

from kontora.access.models import SiteState
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.records import changes
from kontora.records.values import input_field
from kontora.registry.faces import Setting
from kontora.registry.fields import Field
from kontora.registry.records import Change
from kontora.text import _

DOOR = {"door": "administration"}
PREFIX = "setting:"
_state: Any = SiteState.__table__


def as_field(setting: Setting) -> Field:
    """The setting as a field, for forms and checks."""
    return Field(
        name=setting.name,
        label=setting.label,
        type=setting.type,
        help=setting.help,
        choices=setting.choices,
    )


def values(session: ScopedSession) -> dict[str, Any]:
    """The values of all declared settings: what was stored, or the default."""
    rows = session.execute(
        select(_state.c.key, _state.c.value).where(_state.c.key.startswith(PREFIX)),
        execution_options=DOOR,
    )
    stored = {row.key.removeprefix(PREFIX): row.value for row in rows}
    declared = session.registry.settings
    return {name: stored.get(name, each.default) for name, each in declared.items()}


def save(session: ScopedSession, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Store settings, in the JSON form of their types, and return the names of those changed.

    None goes back to the default. Raises Invalid with a message per setting.
    """
    if not session.principal.rights.has("admin.settings"):
        raise Forbidden("admin.settings")
    declared = session.registry.settings
    errors: dict[str, list[object]] = {
        name: [_("There is no such setting.")] for name in given if name not in declared
    }
    for name, value in given.items():
        if name not in errors and value is not None:
            try:
                input_field(as_field(declared[name]), required=False).deserialize(value)
            except ValidationError as error:
                errors[name] = list(error.messages)
    if errors:
        raise Invalid(errors)
    before = values(session)
    changed = {name: value for name, value in given.items() if value != before[name]}
    for name, value in changed.items():
        _store(session, name, value)
    if changed:
        _log(session, {name: before[name] for name in changed}, changed)
    return tuple(changed)


def _store(session: ScopedSession, name: str, value: Any) -> None:
    key = PREFIX + name
    session.execute(delete(_state).where(_state.c.key == key), execution_options=DOOR)
    if value is not None:
        row = {"key": key, "value": value, "updated_at": session.now}
        session.execute(insert(_state), [row], execution_options=DOOR)


def _log(session: ScopedSession, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    change = Change(
        entity="setting",
        record_id=uuid5(NAMESPACE_OID, "settings"),
        kind=None,
        verb="change",
        before=before,
        after=after,
        record=None,
    )
    changes.write(session, change, 0)
