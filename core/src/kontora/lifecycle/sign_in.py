"""Who comes in: password, second factor, passkey; each try counted, each outcome noted.

Limits are counted on a connection of their own and hold over all processes. A browser that was
signed in before is told from strangers: tries of theirs do not keep its owner out.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access import passkeys, passwords, second_factor, steps
from kontora.access.models import User
from kontora.access.principal import system
from kontora.lifecycle.site import Site
from kontora.parties import sign_in_log
from kontora.work import throttle

_user: Any = User.__table__
DOOR = {"door": "sign_in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `tries` of a kind in `seconds`."""

    kind: str
    tries: int
    seconds: float


NETWORK = Limit(kind="sign-in:network", tries=30, seconds=60)
ACCOUNT = Limit(kind="sign-in:account", tries=5, seconds=60)
CODE_MINUTE = Limit(kind="sign-in:code", tries=5, seconds=60)
CODE_HOUR = Limit(kind="sign-in:code-hour", tries=20, seconds=3600)
CONFIRM = Limit(kind="sign-in:confirm", tries=10, seconds=300)
RESET = Limit(kind="reset:account", tries=3, seconds=3600)
LINK = Limit(kind="reset:network", tries=30, seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """From where somebody comes: network address, browser, and whether it was here before."""

    address: str
    agent: str
    known: str | None = None


def network_of(address: str) -> str:
    """What limits count as one network: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network(f"{found}/64", strict=False))
    return str(found)


def may_try(site: Site, *tries: tuple[Limit, object]) -> bool:
    """Count a try of each limit; False when one of them is used up."""
    with site.database.write_engine.begin() as connection:
        # In this order: what a network may no longer try does not use an account's tries up.
        return all(
            throttle.hit(connection, f"{limit.kind}:{key}", limit.tries, limit.seconds)
            for limit, key in tries
        )


def forgive(site: Site, *tries: tuple[Limit, object]) -> None:
    """Forget the tries that led to a success."""
    with site.database.write_engine.begin() as connection:
        for limit, key in tries:
            throttle.reset(connection, f"{limit.kind}:{key}")


# The first step


def password_tries(email: str, device: Device) -> tuple[tuple[Limit, object], ...]:
    """What a try of a password counts for. A known browser has its own count of an account."""
    account = f"{email}:{device.known}" if device.known else email
    return (NETWORK, network_of(device.address)), (ACCOUNT, account)


def check_password(site: Site, email: str, password: str, device: Device) -> UUID | None:
    """The user with this e-mail and password; a failure is noted."""
    with site.read(system("sign-in")) as session:
        user_id = passwords.verify(session, email, password)
        known = None if user_id else _user_of(session, email)
    if user_id is None:
        reason = "wrong password" if known else "unknown account"
        failed(site, known, device, reason=reason, method="password")
    return user_id


def _user_of(session: Any, email: str) -> UUID | None:
    known = select(_user.c.id).where(_user.c.email == email, _user.c.deleted_at.is_(None))
    found: UUID | None = session.execute(known, execution_options=DOOR).scalar()
    return found


def failed(site: Site, user_id: UUID | None, device: Device, **facts: object) -> None:
    """Note a failure, in a transaction of its own."""
    with site.write(system("sign-in")) as session:
        email = email_of(session, user_id) if user_id else None
        sign_in_log.note(
            session, "sign_in_failed", user_id, user=email, address=device.address, **facts
        )


def email_of(session: Any, user_id: UUID) -> str | None:
    """The address of a user."""
    known = select(_user.c.email).where(_user.c.id == user_id)
    found: str | None = session.execute(known, execution_options=DOOR).scalar()
    return found


# The second step


def wait_for_factor(site: Site, user_id: UUID) -> str | None:
    """The handle of the second step, or None when the password is enough."""
    with site.write(system("sign-in")) as session:
        if not second_factor.factors(session, user_id).asked_after_password:
            return None
        return steps.begin(session, steps.CODE, user_id)


def waiting(site: Site, handle: str | None) -> UUID | None:
    """Who waits at the second step of this handle."""
    with site.read(system("sign-in")) as session:
        step = steps.look(session, steps.CODE, handle)
    return step.user_id if step else None


def code_tries(user_id: UUID, device: Device) -> tuple[tuple[Limit, object], ...]:
    """What a try of a code counts for."""
    return (
        (NETWORK, network_of(device.address)),
        (CODE_MINUTE, user_id),
        (CODE_HOUR, user_id),
    )


def check_code(session: Any, user_id: UUID, code: str) -> str | None:
    """`code` or `recovery`, by what kind of code it was; None when it fits nothing."""
    if second_factor.check_app(session, user_id, code):
        return "code"
    if second_factor.use_code(session, user_id, code):
        return "recovery"
    return None


def open_by_code(site: Site, handle: str | None, code: str, device: Device) -> str | None:
    """End the second step; the token of the new device, or None for a wrong code."""
    with site.write(system("sign-in")) as session:
        step = steps.look(session, steps.CODE, handle)
        user_id = step.user_id if step else None
        kind = check_code(session, user_id, code) if user_id else None
        if user_id and kind and steps.end(session, steps.CODE, handle):
            return _open(session, user_id, device, "password+code", kind)
    if user_id:
        failed(site, user_id, device, reason="wrong code", method="code")
    return None


def open_by_password(site: Site, user_id: UUID, device: Device) -> str:
    """Sign in where the password is enough."""
    with site.write(system("sign-in")) as session:
        return _open(session, user_id, device, "password", "password")


def open_by_passkey(
    site: Site, handle: str | None, answer: str, place: passkeys.Place, device: Device
) -> str | None:
    """Sign in by passkey alone; the challenge is used up, whatever comes of it."""
    user_id = by_passkey(site, handle, answer, place)
    if user_id is None:
        failed(site, None, device, reason="not accepted", method="passkey")
        return None
    with site.write(system("sign-in")) as session:
        return _open(session, user_id, device, "passkey", "passkey")


def by_passkey(site: Site, handle: str | None, answer: str, place: passkeys.Place) -> UUID | None:
    """Who signed the challenge of this handle, or None."""
    with site.write(system("sign-in")) as session:
        step = steps.end(session, steps.PASSKEY_IN, handle)
    with site.write(system("sign-in")) as session:
        return passkeys.verify(session, step, answer, place)


def _open(session: Any, user_id: UUID, device: Device, method: str, shown: str) -> str:
    facts = {"method": shown, "address": device.address, "user": email_of(session, user_id)}
    sign_in_log.note_of(session, "sign_in", user_id, **facts)
    return passwords.open_device(
        session, user_id, address=device.address, agent=device.agent, method=method
    )
