"""Second factors as their owner changes them and as an administrator takes them away; each
change is noted for administrators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kontora.access import links, passkeys, passwords, second_factor, steps, strength
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Forbidden, Invalid, NotFound
from kontora.lifecycle.sign_in import email_of
from kontora.parties import account_mails, sign_in_log
from kontora.records.service import find
from kontora.text import _


def me(session: ScopedSession) -> UUID:
    """Whoever is signed in. Raises Forbidden for the system."""
    if session.principal.user_id is None:
        raise Forbidden("sign_in")
    return session.principal.user_id


def confirm_app(session: ScopedSession, code: str) -> list[str]:
    """End the set-up of my app: other devices are signed out, this one counts as strong.

    Returns new recovery codes if there were none. Raises Invalid for a wrong code.
    """
    user_id = me(session)
    if not second_factor.confirm_app(session, user_id, code):
        text = _("This is not the code of now. See that the clock of the phone is right.")
        raise Invalid({"code": [text]})
    return _added(session, "app", "password+code")


def register_passkey(
    session: ScopedSession, step: steps.Step | None, name: str, answer: str, place: passkeys.Place
) -> list[str]:
    """Keep my new passkey; returns recovery codes if there were none. Raises Invalid."""
    passkeys.register(session, step, me(session), name, answer, place)
    return _added(session, "passkey", "passkey")


def _added(session: ScopedSession, factor: str, method: str) -> list[str]:
    user_id, here = me(session), session.principal.session_id
    first = not second_factor.factors(session, user_id).codes_left
    codes = second_factor.make_codes(session, user_id) if first else []
    _note(session, "factor_added", user_id, factor=factor)
    for each in passwords.devices(session, user_id):
        if each["id"] != here and factor == "app":
            passwords.revoke_devices(session, user_id, each["id"])
    if here is not None:
        passwords.confirm_device(session, here, method)
    return codes


def remove_app(session: ScopedSession) -> None:
    """Take my app away. Raises Conflict when a role demands a factor and none would be left."""
    held = _held(session)
    if held.required and not held.passkeys:
        raise _last()
    if second_factor.remove_app(session, me(session)):
        _note(session, "factor_removed", me(session), factor="app")


def remove_passkey(session: ScopedSession, passkey_id: UUID) -> None:
    """Take one of my passkeys away. Raises Conflict as above, or NotFound."""
    held = _held(session)
    if held.required and not held.app and held.passkeys <= 1:
        raise _last()
    if not passkeys.remove(session, me(session), passkey_id):
        raise NotFound(_("There is no such passkey."))
    _note(session, "factor_removed", me(session), factor="passkey")


def _held(session: ScopedSession) -> second_factor.Factors:
    """My factors, with my account locked: of two requests that each take a different one away,
    the second sees what the first has left."""
    second_factor.lock(session, me(session))
    return second_factor.factors(session, me(session))


def _last() -> Conflict:
    return Conflict(
        _("Your role demands a second factor, and this is your only one."),
        _("Add another one first."),
    )


def make_codes(session: ScopedSession) -> list[str]:
    """New recovery codes; the former ones open nothing any more."""
    user_id = me(session)
    if not second_factor.factors(session, user_id).any:
        raise Conflict(
            _("Recovery codes stand in for a second factor, and you have none."),
            _("Set up an authenticator app or a passkey first."),
        )
    made = second_factor.make_codes(session, user_id)
    _note(session, "codes_made", user_id)
    return made


# What administrators do


def reset(session: ScopedSession, user_id: UUID) -> None:
    """Take all factors of somebody away, who lost them, and end his sessions."""
    manage(session, user_id)
    strength.require_within(session, user_id)
    second_factor.remove_all(session, user_id)
    passwords.revoke_devices(session, user_id)
    _note(session, "factors_reset", user_id)


def invite(session: ScopedSession, user_id: UUID, base_url: str) -> None:
    """Mail somebody a link to choose his first password; a former link opens nothing more."""
    _can_be_invited(session, user_id)
    account_mails.send_invitation(session, user_id, base_url)


def invitation_link(session: ScopedSession, user_id: UUID, base_url: str) -> str:
    """The same link, to hand over oneself; it is shown this once."""
    email = _can_be_invited(session, user_id)
    token, _end = links.make(session, user_id, links.INVITE)
    sign_in_log.note(session, "invite_link", user_id, user=email)
    return account_mails.address(base_url, token)


def revoke_invitation(session: ScopedSession, user_id: UUID) -> None:
    """Take an invitation back. Raises Conflict when there is none."""
    manage(session, user_id)
    if not links.revoke(session, user_id, links.INVITE):
        raise Conflict(_("There is no invitation that still opens."), "")
    _note(session, "invite_revoked", user_id)


def _can_be_invited(session: ScopedSession, user_id: UUID) -> str:
    user = manage(session, user_id)
    strength.require_within(session, user_id)
    if user.email is None:
        text = _("Without an e-mail address this user cannot sign in. Add one first.")
        raise Invalid({"email": [text]})
    if user.state != "active":
        raise Conflict(_("This account is disabled."), _("Enable it first."))
    if passwords.has_password(session, user_id):
        raise Conflict(
            _("This user has a password already."),
            _("He can choose a new one himself: “Forgotten” on the sign-in page."),
        )
    return str(user.email)


def end_session(session: ScopedSession, user_id: UUID, device_id: int) -> None:
    """Sign somebody out on one device. Raises NotFound."""
    manage(session, user_id)
    if not passwords.revoke_devices(session, user_id, device_id):
        raise NotFound(_("There is no such device."))
    _note(session, "session_ended", user_id)


def manage(session: ScopedSession, user_id: UUID) -> Any:
    """The user, for whoever may manage users. Raises Forbidden or NotFound."""
    if not session.principal.rights.has("admin.users"):
        raise Forbidden("admin.users")
    return find(session, session.registry.record_type("users"), user_id)


def _note(session: ScopedSession, verb: str, user_id: UUID, **facts: object) -> None:
    sign_in_log.note(session, verb, user_id, user=email_of(session, user_id), **facts)
