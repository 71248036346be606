"""Roles as administrators see and change them: grants, permissions, rules for fields."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import delete, func, insert, select, update

from kontora.access.models import FieldRule, Grant, Role, RolePermission, User, UserRole
from kontora.access.rights import VERBS, Scope
from kontora.access.session import ScopedSession
from kontora.access.shipped import ROLE_LABELS
from kontora.errors import Conflict, Forbidden, Invalid, NotFound
from kontora.parties.administrators import keep_one
from kontora.records import changes
from kontora.registry.build import Registry
from kontora.registry.records import Change
from kontora.text import Text, _

DOOR = {"door": "administration"}
SCOPES = tuple(scope.key for scope in Scope)
ACCESSES = ("hidden", "read_only")
KIND_LABELS: Mapping[str, Text] = {"person": _("People"), "organisation": _("Organisations")}
_role: Any = Role.__table__
_grant: Any = Grant.__table__
_permission: Any = RolePermission.__table__
_rule: Any = FieldRule.__table__
_held: Any = UserRole.__table__
_user: Any = User.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleContent:
    """What a role holds. `grants` is (record type, verb) → scope; `rules` is (entity, field) →
    `hidden` or `read_only`. `second_factor`: who has the role must sign in with one."""

    grants: Mapping[tuple[str, str], str] = field(default_factory=dict)
    permissions: frozenset[str] = frozenset()
    rules: Mapping[tuple[str, str], str] = field(default_factory=dict)
    second_factor: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLine:
    """A role in the list; `users` counts those who are not in the bin."""

    key: str
    label: Text
    built_in: bool
    users: int


def role_id(key: str) -> UUID:
    """The id under which the change log speaks of a role."""
    return uuid5(NAMESPACE_OID, f"role:{key}")


def label_of(key: str, name: str) -> Text:
    """How a role is called: shipped ones in the reader's language."""
    return ROLE_LABELS[key] if key in ROLE_LABELS and name == key else name


def grant_labels(registry: Registry) -> dict[str, Text]:
    """The record types as grants name them, with their labels, in the order of declaration."""
    found: dict[str, Text] = {}
    for rtype in registry.record_types.values():
        for key in rtype.model.__guard__.grant_keys():
            found.setdefault(key, KIND_LABELS.get(key, rtype.label_plural))
    return found


def roles(session: ScopedSession) -> list[RoleLine]:
    """All roles, the shipped ones first."""
    active = select(_user.c.id).where(_user.c.deleted_at.is_(None))
    counted = (
        select(_held.c.role_key, func.count())
        .where(_held.c.user_id.in_(active))
        .group_by(_held.c.role_key)
    )
    rows = session.execute(counted, execution_options=DOOR)
    numbers = {row[0]: row[1] for row in rows}
    rows = session.execute(
        select(_role).order_by(_role.c.built_in.desc(), _role.c.sort, _role.c.name),
        execution_options=DOOR,
    )
    return [
        RoleLine(
            key=row.key,
            label=label_of(row.key, row.name),
            built_in=row.built_in,
            users=numbers.get(row.key, 0),
        )
        for row in rows
    ]


def line(session: ScopedSession, key: str) -> RoleLine:
    """One role. Raises NotFound."""
    found = next((each for each in roles(session) if each.key == key), None)
    if found is None:
        raise NotFound(_("There is no such role."))
    return found


def content(session: ScopedSession, key: str) -> RoleContent:
    """What a role holds now."""

    def rows(statement: Any) -> Any:
        return session.execute(statement, execution_options=DOOR)

    grants = select(_grant.c.entity, _grant.c.verb, _grant.c.scope).where(_grant.c.role_key == key)
    held = select(_permission.c.permission).where(_permission.c.role_key == key)
    rules = select(_rule.c.entity, _rule.c.field, _rule.c.access).where(_rule.c.role_key == key)
    demand = select(_role.c.second_factor).where(_role.c.key == key)
    return RoleContent(
        grants={(entity, verb): scope for entity, verb, scope in rows(grants)},
        permissions=frozenset(rows(held).scalars()),
        rules={(entity, name): access for entity, name, access in rows(rules)},
        second_factor=bool(rows(demand).scalar()),
    )


def create(session: ScopedSession, name: str, copy_of: str | None = None) -> str:
    """Make a role, empty or with what another one holds; return its key."""
    _require(session)
    name = name.strip()[:255]
    if not name:
        raise Invalid({"name": [_("Give the role a name.")]})
    if any(str(each.label).casefold() == name.casefold() for each in roles(session)):
        raise Invalid({"name": [_("There is a role of this name.")]})
    key = _free_key(session, name)
    row = {"key": key, "name": name, "built_in": False, "sort": 100}
    session.execute(insert(_role), [row], execution_options=DOOR)
    _log(session, key, "add", {}, {"name": name})
    if copy_of:
        line(session, copy_of)
        _write(session, key, content(session, copy_of))
    return key


def save(session: ScopedSession, key: str, name: str | None, wanted: RoleContent) -> bool:
    """Give a role exactly what `wanted` says, and tell whether that changed anything.

    What it holds of plugins that are off now is kept. Raises Invalid for unknown words and
    Conflict when nobody would be left who can give rights.
    """
    _require(session)
    role = line(session, key)
    known = _Known(session.registry)
    known.check(wanted)
    before = content(session, key)
    after = known.with_unknown_of(before, wanted)
    old, new = _flat(before), _flat(after)
    if name is not None and not role.built_in and name.strip() and name.strip() != str(role.label):
        old["name"], new["name"] = str(role.label), name.strip()[:255]
        renamed = update(_role).where(_role.c.key == key).values(name=new["name"])
        session.execute(renamed, execution_options=DOOR)
    changed = sorted(each for each in {*old, *new} if old.get(each) != new.get(each))
    if not changed:
        return False
    _write(session, key, after)
    keep_one(session)
    _log(
        session,
        key,
        "change",
        {each: old.get(each) for each in changed},
        {each: new.get(each) for each in changed},
    )
    return True


def remove(session: ScopedSession, key: str) -> None:
    """Delete a role of one's own making; those who had it lose it."""
    _require(session)
    role = line(session, key)
    if role.built_in:
        raise Conflict(
            _("This role belongs to Kontora and cannot be deleted."),
            _("Take it from the users who have it."),
        )
    _log(session, key, "remove", {"name": str(role.label)}, {"name": None})
    for table in (_grant, _permission, _rule, _held):
        session.execute(delete(table).where(table.c.role_key == key), execution_options=DOOR)
    session.execute(delete(_role).where(_role.c.key == key), execution_options=DOOR)
    keep_one(session)


class _Known:
    """The words that grants, permissions and rules may use in this site."""

    def __init__(self, registry: Registry) -> None:
        self.entities = frozenset(grant_labels(registry))
        self.permissions = frozenset(registry.permissions)
        self.fields = frozenset(
            (rtype.entity, each.name)
            for rtype in registry.record_types.values()
            for each in rtype.fields
        )

    def check(self, wanted: RoleContent) -> None:
        """Raise Invalid, naming what this site does not know."""
        wrong = [
            *(each for each, _verb in wanted.grants if each not in self.entities),
            *(verb for _each, verb in wanted.grants if verb not in VERBS),
            *(scope for scope in wanted.grants.values() if scope not in SCOPES),
            *(each for each in wanted.permissions if each not in self.permissions),
            *(name for entity, name in wanted.rules if (entity, name) not in self.fields),
            *(access for access in wanted.rules.values() if access not in ACCESSES),
        ]
        if wrong:
            raise Invalid({"": [_("“%(word)s” is unknown here.") % {"word": wrong[0]}]})

    def with_unknown_of(self, before: RoleContent, wanted: RoleContent) -> RoleContent:
        """`wanted`, and what `before` says of plugins that are off."""
        grants = {k: v for k, v in before.grants.items() if k[0] not in self.entities}
        rules = {k: v for k, v in before.rules.items() if k not in self.fields}
        return RoleContent(
            grants={**grants, **wanted.grants},
            permissions=wanted.permissions | (before.permissions - self.permissions),
            rules={**rules, **wanted.rules},
            second_factor=wanted.second_factor,
        )


def _flat(held: RoleContent) -> dict[str, Any]:
    found: dict[str, Any] = {f"grant:{e}:{verb}": scope for (e, verb), scope in held.grants.items()}
    found |= {f"permission:{each}": True for each in held.permissions}
    if held.second_factor:
        found["second_factor"] = True
    return found | {f"field:{e}:{name}": access for (e, name), access in held.rules.items()}


def _write(session: ScopedSession, key: str, held: RoleContent) -> None:
    demand = update(_role).where(_role.c.key == key).values(second_factor=held.second_factor)
    session.execute(demand, execution_options=DOOR)
    for table in (_grant, _permission, _rule):
        session.execute(delete(table).where(table.c.role_key == key), execution_options=DOOR)
    rows: list[tuple[Any, list[dict[str, Any]]]] = [
        (_grant, [{"entity": e, "verb": v, "scope": s} for (e, v), s in held.grants.items()]),
        (_permission, [{"permission": each} for each in sorted(held.permissions)]),
        (_rule, [{"entity": e, "field": n, "access": a} for (e, n), a in held.rules.items()]),
    ]
    for table, made in rows:
        if made:
            session.execute(
                insert(table), [{"role_key": key, **row} for row in made], execution_options=DOOR
            )


def _free_key(session: ScopedSession, name: str) -> str:
    """A key that may stand in a command line: from the name if that has Latin letters."""
    slug = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:40]
    slug = slug if re.match(r"[a-z]", slug) else f"role_{secrets.token_hex(3)}"
    taken = {each.key for each in roles(session)} | set(ROLE_LABELS)
    return slug if slug not in taken else f"{slug}_{secrets.token_hex(3)}"


def _require(session: ScopedSession) -> None:
    if not session.principal.rights.has("admin.roles"):
        raise Forbidden("admin.roles")


def _log(
    session: ScopedSession, key: str, verb: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    change = Change(
        entity="role",
        record_id=role_id(key),
        kind=None,
        verb=verb,
        before={"role": key, **before},
        after={"role": key, **after},
        record=None,
    )
    changes.write(session, change, 0)
