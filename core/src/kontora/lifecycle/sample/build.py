"""Make the sample: the steps of the plan, through the record service, each at its own moment."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from kontora import clock
from kontora.access import passwords
from kontora.access.models import SiteState, User, UserRole
from kontora.access.principal import Principal, system
from kontora.access.session import ScopedSession
from kontora.lifecycle import install
from kontora.lifecycle.sample import plan, words
from kontora.lifecycle.sample.steps import Ref, Step
from kontora.lifecycle.site import Site
from kontora.parties import consents, groups
from kontora.records import service

KEY = "sample"
DOOR = {"door": "administration"}
NAME = "sample"
_state: Any = SiteState.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made. `password`: that of all `users` (their addresses), unless it was given."""

    records: int = 0
    users: Sequence[str] = ()
    password: str | None = None


@dataclass(slots=True)
class _Making:
    session: ScopedSession
    ids: dict[str, UUID]
    kept: dict[str, list[str]] = field(default_factory=dict)


def principal() -> Principal:
    """Who makes the sample, and takes it back: the log tells it from all others by this name."""
    return system(NAME)


def add_sample(
    site: Site,
    owner: UUID | None = None,
    *,
    locale: str = "en",
    password: str | None = None,
    size: plan.Size = plan.FULL,
) -> Made:
    """Add the sample unless it is there; it stays or goes as a whole, in one transaction.

    `owner` is a user who looks after some of it, beside those of the sample. Without `password`
    its users get a random one. The ids are kept, so that the sample can be told from real records
    later. Raises Invalid for an unknown language or a weak password.
    """
    known = words.read(locale)
    with site.write(principal()) as session:
        present = select(_state.c.key).where(_state.c.key == KEY)
        if session.execute(present, execution_options=DOOR).first() is not None:
            return Made()
        root = install.root_branch(session)
        secret = password or secrets.token_urlsafe(12)
        passwords.check_strength(secret, passwords.shortest(session))  # not after all the work
        making = _Making(session, {})
        if root is not None:
            making.ids[plan.HEAD_OFFICE] = root
        if owner is not None:
            making.ids[plan.OWNER] = owner
        for step in plan.make(known, session.now, size, owner=owner is not None):
            with clock.frozen(step.at):
                _take(making, step)
        row = {"key": KEY, "value": making.kept, "updated_at": session.now}
        session.execute(insert(_state), [row], execution_options=DOOR)
        for user in making.kept["user"]:
            passwords.set_password(session, UUID(user), secret)
        return Made(
            records=sum(map(len, making.kept.values())),
            users=[plan.mail_of(name) for name in known.of["users"]],
            password=None if password else secret,
        )


def users_of(session: ScopedSession) -> list[tuple[str, str]]:
    """The users of the sample who can sign in: their addresses and roles."""
    found = (
        select(User.email, UserRole.role_key)
        .join(UserRole, UserRole.user_id == User.id)
        .where(User.email.endswith(f"@{plan.DOMAIN}"), User.state == "active")
        .order_by(User.id)
    )
    return [(str(email), role) for email, role in session.execute(found)]


def _take(making: _Making, step: Step) -> None:
    session, ids = making.session, making.ids
    data = _resolved(step.data, ids)
    if step.path == "members":
        groups.add(session, ids[step.name], map(UUID, data["parties"]))
    elif step.path == "consents":
        consents.add(session, ids[step.name], consents.Line(**data))
    else:
        rtype = session.registry.record_type(step.path)
        if step.path == "users" and step.name not in ids:
            _known_user(making, step.name, data["email"])
        if step.name in ids:
            service.change_record(session, rtype, ids[step.name], data)
        else:
            ids[step.name] = service.create_record(session, rtype, data).id
            making.kept.setdefault(rtype.entity, []).append(str(ids[step.name]))


def _known_user(making: _Making, name: str, email: str) -> None:
    """Users outlive the sample, disabled: when it comes again, they do too."""
    found = install.user_named(making.session, email)
    if found is not None:
        making.ids[name] = found
        making.kept.setdefault("user", []).append(str(found))


def _resolved(value: Any, ids: Mapping[str, UUID]) -> Any:
    if isinstance(value, Ref):
        return str(ids[value.name])
    if isinstance(value, Mapping):
        return {key: _resolved(each, ids) for key, each in value.items()}
    return [_resolved(each, ids) for each in value] if isinstance(value, list) else value
