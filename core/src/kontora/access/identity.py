"""From a user, a device or a token to a principal with rights.

Every request reads who it is, and compares the generation of roles, teams and branches with the
one for which this process knows the rest: so a right taken away, or a user disabled, is gone at
the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from kontora import clock
from kontora.access import models
from kontora.access.principal import Principal, PrincipalKind
from kontora.access.rights import Rights, Scope, scope_named
from kontora.access.sign_in_settings import BOUNDS, IDLE_HOURS, SESSION_DAYS, key_of
from kontora.db import generations

DOOR = {"door": "sign_in"}
SEEN_EVERY = timedelta(minutes=5)
# How a device was signed in when more than a password was asked.
STRONG = frozenset({"password+code", "passkey"})
_DEVICE = ("id", "user_id", "method", "confirmed_at", "seen_at", "created_at")
_TOKEN = ("id", "user_id", "scope", "per_minute", "per_day", "used_at")
READING = frozenset({"view", "export"})
_user: Any = models.User.__table__
_branch: Any = models.Branch.__table__
_member: Any = models.TeamMember.__table__
_user_role: Any = models.UserRole.__table__
_grant: Any = models.Grant.__table__
_permission: Any = models.RolePermission.__table__
_rule: Any = models.FieldRule.__table__
_role: Any = models.Role.__table__
_device: Any = models.UserSession.__table__
_token: Any = models.ApiToken.__table__
_state: Any = models.SiteState.__table__
CATALOGUE = "catalogue"
GENERATION = generations.key_of("access")
# Whatever a principal is made of beside his own row, his token and his device.
generations.follow(
    "access",
    (
        *("user_account", "user_role", "team_member", "team", "branch"),
        *("role", "role_grant", "role_permission", "role_field_rule"),
    ),
)


def hashed(token: str) -> str:
    """How an opaque token is kept: SHA-256 in hex; the token itself is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Place:
    """What the tables of roles, teams and branches say about a user."""

    roles: tuple[str, ...]
    rights: Rights
    team_mates: tuple[UUID, ...]
    branches_below: tuple[UUID, ...]
    demands_factor: bool


class Known:
    """What a process knows of the principals of one site, of one generation."""

    def __init__(self) -> None:
        self._of: tuple[str, dict[Any, Any]] = ("", {})

    def of(self, generation: str) -> dict[Any, Any]:
        """What is known of this generation; of another, nothing any more."""
        found = self._of
        if found[0] != generation:
            found = self._of = (generation, {})
        return found[1]


def _value(key: str, name: str) -> Any:
    return select(_state.c.value).where(_state.c.key == key).scalar_subquery().label(name)


_GENERATIONS = (_value(GENERATION, "generation"), _value(CATALOGUE, "catalogue"))
# How long a device stays signed in is asked in the same statement.
_LIMITS = (_value(key_of(IDLE_HOURS), "idle"), _value(key_of(SESSION_DAYS), "days"))
_USER = [_user.c[name] for name in ("name", "email", "branch_id", "locale", "timezone")]
_ACTIVE = (_user.c.state == "active", _user.c.deleted_at.is_(None))


def principal_of_user(
    session: Any, user_id: UUID, kind: PrincipalKind = "user"
) -> Principal | None:
    """The principal of an active user, or None when he is disabled, deleted or unknown."""
    found = session.execute(
        select(*_GENERATIONS, *_USER).where(_user.c.id == user_id, *_ACTIVE),
        execution_options=DOOR,
    ).first()
    return None if found is None else _principal(session, found, user_id, kind)[0]


def _principal(
    session: Any, row: Any, user_id: UUID, kind: PrincipalKind, request_id: str | None = None
) -> tuple[Principal, _Place]:
    """The principal of a user of whom `_USER` and the generation were just read."""
    place = _place(session, row.generation, user_id, row.branch_id)
    found = Principal(
        kind=kind,
        name=row.name,
        email=row.email,
        user_id=user_id,
        branch_id=row.branch_id,
        roles=place.roles,
        rights=place.rights,
        team_mates=place.team_mates,
        branches_below=place.branches_below,
        locale=row.locale,
        timezone=row.timezone,
        generation=row.generation,
        catalogue=row.catalogue,
        request_id=request_id,
    )
    return found, place


def _place(session: Any, generation: str | None, user_id: UUID, branch: UUID | None) -> _Place:
    known: Known | None = getattr(getattr(session, "site", None), "principals", None)
    kept: dict[Any, Any] = known.of(generation) if known is not None and generation else {}
    if (place := kept.get(user_id)) is None:
        mine = select(_user_role.c.role_key).where(_user_role.c.user_id == user_id)
        roles = tuple(sorted(_column(session, mine)))
        rights = kept.get(roles)
        if rights is None:
            rights = kept[roles] = rights_of(session, roles)
        place = kept[user_id] = _Place(
            roles=roles,
            rights=rights,
            team_mates=_team_mates(session, user_id),
            branches_below=_branches_below(session, branch),
            demands_factor=_demands_factor(session, roles),
        )
    found: _Place = place
    return found


def principal_of_device(
    session: Any, token: str, request_id: str | None = None
) -> Principal | None:
    """The principal of a browser that is signed in, or None when the device was revoked, was
    not used for too long, or was signed in too long ago."""
    row = session.execute(
        select(*_GENERATIONS, *_LIMITS, *(_device.c[name] for name in _DEVICE), *_USER)
        .join(_user, _user.c.id == _device.c.user_id)
        .where(_device.c.token_hash == hashed(token), _device.c.revoked_at.is_(None), *_ACTIVE),
        execution_options=DOOR,
    ).first()
    if row is None or not _alive(session, row):
        return None
    found, place = _principal(session, row, row.user_id, "user", request_id)
    lacks = row.method not in STRONG and place.demands_factor
    return replace(
        found,
        session_id=row.id,
        confirmed_at=row.confirmed_at,
        lacks_factor=lacks,
        used_at=row.seen_at,
    )


def _alive(session: Any, row: Any) -> bool:
    """Whether a device was used lately, and was not signed in too long ago."""
    idle = session.now - timedelta(hours=BOUNDS[IDLE_HOURS].held(row.idle))
    oldest = session.now - timedelta(days=BOUNDS[SESSION_DAYS].held(row.days))
    return bool(row.seen_at > idle and row.created_at > oldest)


def _demands_factor(session: Any, roles: Iterable[str]) -> bool:
    """Whether one of these roles demands a second factor."""
    keys = sorted(roles)
    demanding = select(_role.c.key).where(_role.c.key.in_(keys), _role.c.second_factor).limit(1)
    return bool(keys) and bool(_column(session, demanding))


def principal_of_token(session: Any, token: str, request_id: str | None = None) -> Principal | None:
    """The principal of an API token, with the rights of its user as far as its scope goes."""
    return _principal_of_token(session, _token.c.token_hash == hashed(token), request_id)


def principal_of_token_id(session: Any, token_id: UUID) -> Principal | None:
    """The same for work that a token asked for, by the token's id; None when it was revoked."""
    return _principal_of_token(session, _token.c.id == token_id)


def _principal_of_token(
    session: Any, which: Any, request_id: str | None = None
) -> Principal | None:
    row = session.execute(
        select(*_GENERATIONS, *(_token.c[name] for name in _TOKEN), *_USER)
        .join(_user, _user.c.id == _token.c.user_id)
        .where(
            which,
            _token.c.revoked_at.is_(None),
            or_(_token.c.expires_at.is_(None), _token.c.expires_at > session.now),
            *_ACTIVE,
        ),
        execution_options=DOOR,
    ).first()
    if row is None:
        return None
    found, _where = _principal(session, row, row.user_id, "token", request_id)
    rights = found.rights if row.scope == "write" else found.rights.narrowed(READING)
    return replace(
        found,
        rights=rights,
        token_id=row.id,
        per_minute=row.per_minute,
        per_day=row.per_day,
        used_at=row.used_at,
    )


def note_use(session: Any, principal: Principal) -> None:
    """Note, at most every five minutes, when a device or a token was last used. Needs a writer,
    or a connection of one."""
    now = clock.now()
    before = now - SEEN_EVERY
    if principal.used_at and principal.used_at > before:
        return
    if principal.session_id is not None:
        statement = update(_device).where(
            _device.c.id == principal.session_id, _device.c.seen_at < before
        )
        session.execute(statement.values(seen_at=now), execution_options=DOOR)
    elif principal.token_id is not None:
        unused = or_(_token.c.used_at.is_(None), _token.c.used_at < before)
        statement = update(_token).where(_token.c.id == principal.token_id, unused)
        session.execute(statement.values(used_at=now), execution_options=DOOR)


def seen_long_ago(session: Any, principal: Principal) -> bool:
    """Whether `note_use` would note something for this device."""
    late = session.now - SEEN_EVERY
    return principal.session_id is not None and not (principal.used_at and principal.used_at > late)


def kept(session: Any) -> dict[Any, Any] | None:
    """What the process of a session keeps by name for the generation that was just read; None
    where none was. It may hold only what is made of the tables that `follow` names above."""
    generation = session.principal.generation
    if not session.info.get("just_read") or generation is None:
        return None
    found: dict[Any, Any] = session.site.names.of(generation)
    return found


def rights_of(session: Any, roles: Iterable[str]) -> Rights:
    """Join the grants and rules of roles: the widest scope wins; a field is hidden, or fixed,
    only when each of the roles says so."""
    keys = sorted(set(roles))
    if not keys:
        return Rights()
    grants: dict[tuple[str, str], Scope] = {}
    rows = session.execute(
        select(_grant.c.entity, _grant.c.verb, _grant.c.scope).where(_grant.c.role_key.in_(keys)),
        execution_options=DOOR,
    )
    for entity, verb, scope in rows:
        wider = max(scope_named(scope), grants.get((entity, verb), Scope.OWN))
        grants[entity, verb] = wider
    held = select(_permission.c.permission).where(_permission.c.role_key.in_(keys))
    rules = session.execute(
        select(_rule.c.role_key, _rule.c.entity, _rule.c.field, _rule.c.access).where(
            _rule.c.role_key.in_(keys)
        ),
        execution_options=DOOR,
    ).all()
    return Rights(
        grants=grants,
        permissions=frozenset(_column(session, held)),
        hidden=_by_all_ways(session, _everywhere(rules, keys, ("hidden",))),
        read_only=_by_all_ways(session, _everywhere(rules, keys, ("hidden", "read_only"))),
    )


def _everywhere(
    rules: Iterable[Any], keys: list[str], accesses: tuple[str, ...]
) -> Mapping[str, frozenset[str]]:
    by_field: dict[tuple[str, str], set[str]] = {}
    for role, entity, field, access in rules:
        if access in accesses:
            by_field.setdefault((entity, field), set()).add(role)
    found: dict[str, set[str]] = {}
    for (entity, field), roles in by_field.items():
        if roles == set(keys):
            found.setdefault(entity, set()).add(field)
    return {entity: frozenset(fields) for entity, fields in found.items()}


def _by_all_ways(session: Any, named: Mapping[str, frozenset[str]]) -> Mapping[str, frozenset[str]]:
    """The same fact has one rule: a short form (`email`) hides the collection that it stands for
    (`points`), else the fact would stand there; and a collection hides its short forms."""
    if not named or session.site is None:
        return named
    found = {entity: set(names) for entity, names in named.items()}
    for rtype in session.site.registry.record_types.values():
        names = named.get(rtype.entity, frozenset())
        for each in rtype.fields if names else ():
            if each.shortcut is None:
                continue
            if each.name in names:
                found[rtype.entity].add(each.shortcut.collection)
            elif each.shortcut.collection in names:
                found[rtype.entity].add(each.name)
    return {entity: frozenset(names) for entity, names in found.items()}


def _column(session: Any, statement: Any) -> set[Any]:
    return set(session.execute(statement, execution_options=DOOR).scalars())


def _team_mates(session: Any, user_id: UUID) -> tuple[UUID, ...]:
    mine = select(_member.c.team_id).where(_member.c.user_id == user_id)
    return tuple(
        sorted(_column(session, select(_member.c.user_id).where(_member.c.team_id.in_(mine))))
    )


def _branches_below(session: Any, branch_id: UUID | None) -> tuple[UUID, ...]:
    """A branch and all under it; the whole tree is small, so it is walked here."""
    if branch_id is None:
        return ()
    rows = session.execute(select(_branch.c.id, _branch.c.parent_id), execution_options=DOOR)
    children: dict[UUID | None, list[UUID]] = {}
    for child, parent in rows:
        children.setdefault(parent, []).append(child)
    found: list[UUID] = []
    todo = [branch_id]
    while todo:
        each = todo.pop()
        if each not in found:
            found.append(each)
            todo += children.get(each, [])
    return tuple(sorted(found))
