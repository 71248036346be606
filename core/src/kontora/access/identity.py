"""From a user, a device or a token to a principal with rights. Read anew for every request, so
that a right taken away, or a user disabled, is gone at the next one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from kontora.access import models
from kontora.access.principal import Principal, PrincipalKind
from kontora.access.rights import Rights, Scope, scope_named

DOOR = {"door": "sign_in"}
SEEN_EVERY = timedelta(minutes=5)
READING = frozenset({"view", "export"})
_user: Any = models.User.__table__
_branch: Any = models.Branch.__table__
_member: Any = models.TeamMember.__table__
_user_role: Any = models.UserRole.__table__
_grant: Any = models.Grant.__table__
_permission: Any = models.RolePermission.__table__
_rule: Any = models.FieldRule.__table__
_device: Any = models.UserSession.__table__
_token: Any = models.ApiToken.__table__


def hashed(token: str) -> str:
    """How an opaque token is kept: SHA-256 in hex; the token itself is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def principal_of_user(
    session: Any, user_id: UUID, kind: PrincipalKind = "user", request_id: str | None = None
) -> Principal | None:
    """The principal of an active user, or None when he is disabled, deleted or unknown."""
    found = session.execute(
        select(_user).where(
            _user.c.id == user_id, _user.c.state == "active", _user.c.deleted_at.is_(None)
        ),
        execution_options=DOOR,
    ).first()
    if found is None:
        return None
    user = found._mapping
    roles = _column(session, select(_user_role.c.role_key).where(_user_role.c.user_id == user_id))
    return Principal(
        kind=kind,
        name=user["name"],
        email=user["email"],
        user_id=user_id,
        branch_id=user["branch_id"],
        roles=tuple(sorted(roles)),
        rights=rights_of(session, roles),
        team_mates=_team_mates(session, user_id),
        branches_below=_branches_below(session, user["branch_id"]),
        locale=user["locale"],
        timezone=user["timezone"],
        request_id=request_id,
    )


def principal_of_device(
    session: Any, token: str, request_id: str | None = None
) -> Principal | None:
    """The principal of a browser that is signed in, or None when the device was revoked."""
    row = session.execute(
        select(_device.c.id, _device.c.user_id).where(
            _device.c.token_hash == hashed(token), _device.c.revoked_at.is_(None)
        ),
        execution_options=DOOR,
    ).first()
    if row is None:
        return None
    found = principal_of_user(session, row.user_id, "user", request_id)
    return replace(found, session_id=row.id) if found else None


def principal_of_token(session: Any, token: str, request_id: str | None = None) -> Principal | None:
    """The principal of an API token, with the rights of its user as far as its scope goes."""
    return _principal_of_token(session, _token.c.token_hash == hashed(token), request_id)


def principal_of_token_id(
    session: Any, token_id: UUID, request_id: str | None = None
) -> Principal | None:
    """The same for work that a token asked for, by the token's id; None when it was revoked."""
    return _principal_of_token(session, _token.c.id == token_id, request_id)


def _principal_of_token(session: Any, which: Any, request_id: str | None) -> Principal | None:
    row = session.execute(
        select(_token.c.id, _token.c.user_id, _token.c.scope).where(
            which,
            _token.c.revoked_at.is_(None),
            or_(_token.c.expires_at.is_(None), _token.c.expires_at > session.now),
        ),
        execution_options=DOOR,
    ).first()
    if row is None:
        return None
    found = principal_of_user(session, row.user_id, "token", request_id)
    if found is None:
        return None
    rights = found.rights if row.scope == "write" else found.rights.narrowed(READING)
    return replace(found, rights=rights, token_id=row.id)


def note_use(session: Any, principal: Principal) -> None:
    """Note, at most every five minutes, when a device or a token was last used. Needs a writer."""
    before = session.now - SEEN_EVERY
    if principal.session_id is not None:
        statement = update(_device).where(
            _device.c.id == principal.session_id, _device.c.seen_at < before
        )
        session.execute(statement.values(seen_at=session.now), execution_options=DOOR)
    elif principal.token_id is not None:
        unused = or_(_token.c.used_at.is_(None), _token.c.used_at < before)
        statement = update(_token).where(_token.c.id == principal.token_id, unused)
        session.execute(statement.values(used_at=session.now), execution_options=DOOR)


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
        hidden=_everywhere(rules, keys, ("hidden",)),
        read_only=_everywhere(rules, keys, ("hidden", "read_only")),
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
