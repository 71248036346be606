"""Passkeys (WebAuthn): registered on the profile page, then a way in without a password.

A passkey verifies its user (by finger, face or PIN), so it counts as both factors. Challenges
are steps (`kontora.access.steps`): held by the database, used once, five minutes long.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
import webauthn
from sqlalchemy import delete, insert, select, update
from webauthn.helpers import base64url_to_bytes, options_to_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kontora.access import steps
from kontora.access.identity import DOOR
from kontora.access.models import User
from kontora.access.sign_in_models import Passkey
from kontora.errors import Invalid
from kontora.ids import new_id
from kontora.text import _

log = structlog.get_logger("kontora.sign_in")
MOST = 20
_LONGEST_ANSWER, _LONGEST_ID = 20_000, 1023
_passkey: Any = Passkey.__table__
_user: Any = User.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where passkeys belong: the host's name, and the origins that its pages may have."""

    rp_id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the browser is asked (JSON), and the handle of the step."""

    options: str
    handle: str


def passkeys(session: Any, user_id: UUID) -> list[dict[str, Any]]:
    """The passkeys of a user, without their keys, the oldest first."""
    rows = session.execute(
        select(_passkey.c.id, _passkey.c.name, _passkey.c.created_at, _passkey.c.used_at)
        .where(_passkey.c.user_id == user_id)
        .order_by(_passkey.c.created_at, _passkey.c.id),
        execution_options=DOOR,
    )
    return [dict(row._mapping) for row in rows]


def remove(session: Any, user_id: UUID, passkey_id: UUID) -> bool:
    """Take one passkey of a user away."""
    mine = (_passkey.c.id == passkey_id) & (_passkey.c.user_id == user_id)
    return bool(session.execute(delete(_passkey).where(mine), execution_options=DOOR).rowcount)


# Registration


def offer_registration(session: Any, user_id: UUID, email: str, name: str, place: Place) -> Offer:
    """What a browser needs to make a passkey for this user."""
    held = session.execute(
        select(_passkey.c.credential_id).where(_passkey.c.user_id == user_id),
        execution_options=DOOR,
    )
    options = webauthn.generate_registration_options(
        rp_id=place.rp_id,
        rp_name=place.name,
        user_id=user_id.bytes,
        user_name=email,
        user_display_name=name,
        exclude_credentials=[PublicKeyCredentialDescriptor(id=bytes(row[0])) for row in held],
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
    )
    handle = steps.begin(session, steps.PASSKEY_ADD, user_id, options.challenge)
    return Offer(options=options_to_json(options), handle=handle)


def register(
    session: Any, step: steps.Step | None, user_id: UUID, name: str, answer: str, place: Place
) -> UUID:
    """Keep the passkey that a browser made; `step` is the one that was just ended.

    Raises Invalid when the answer does not fit, without telling more than that.
    """
    if step is None or step.user_id != user_id or step.challenge is None:
        raise Invalid({"": [_("This took too long. Try again.")]})
    given = _parsed(answer)
    try:
        made = webauthn.verify_registration_response(
            credential=given,
            expected_challenge=step.challenge,
            expected_rp_id=place.rp_id,
            expected_origin=list(place.origins),
            require_user_verification=True,
        )
    except Exception as error:  # the library raises its own and others for odd input
        raise _refused(error) from error
    if len(made.credential_id) > _LONGEST_ID:
        raise _refused("the id of the credential is too long")
    digest = hashlib.sha256(made.credential_id).hexdigest()
    _check_free(session, user_id, digest)
    row = {
        "id": new_id(),
        "user_id": user_id,
        "name": "".join(filter(str.isprintable, name)).strip()[:100] or str(_("Passkey")),
        "credential_id": made.credential_id,
        "credential_hash": digest,
        "public_key": made.credential_public_key,
        "sign_count": made.sign_count,
        "transports": _transports(given),
        "created_at": session.now,
    }
    session.execute(insert(_passkey), [row], execution_options=DOOR)
    return UUID(str(row["id"]))


def _check_free(session: Any, user_id: UUID, digest: str) -> None:
    same = select(_passkey.c.id).where(_passkey.c.credential_hash == digest)
    if session.execute(same, execution_options=DOOR).first() is not None:
        raise Invalid({"": [_("This passkey is registered already.")]})
    if len(passkeys(session, user_id)) >= MOST:
        raise Invalid({"": [_("You have %(n)s passkeys. Remove one first.") % {"n": MOST}]})


def _transports(given: Mapping[str, Any]) -> list[str]:
    response = given.get("response")
    found = response.get("transports") if isinstance(response, dict) else None
    return [str(each)[:20] for each in found[:8]] if isinstance(found, list) else []


# Signing in


def offer_sign_in(session: Any, place: Place, user_id: UUID | None = None) -> Offer:
    """What a browser needs to sign somebody in; with `user_id`, that one and nobody else."""
    options = webauthn.generate_authentication_options(
        rp_id=place.rp_id, user_verification=UserVerificationRequirement.REQUIRED
    )
    handle = steps.begin(session, steps.PASSKEY_IN, user_id, options.challenge)
    return Offer(options=options_to_json(options), handle=handle)


def verify(session: Any, step: steps.Step | None, answer: str, place: Place) -> UUID | None:
    """The active user who signed the challenge of `step`, the one just ended; else None.

    A counter that does not rise (of a passkey that counts) is a copy of the passkey: refused.
    """
    try:
        return _verify(session, step, answer, place)
    except Invalid:  # it is in the log
        return None


def _verify(session: Any, step: steps.Step | None, answer: str, place: Place) -> UUID | None:
    if step is None or step.challenge is None:
        return None
    given = _parsed(answer)
    row = _known(session, given)
    if row is None or step.user_id not in (None, row.user_id) or _foreign(given, row.user_id):
        return None
    try:
        done = webauthn.verify_authentication_response(
            credential=given,
            expected_challenge=step.challenge,
            expected_rp_id=place.rp_id,
            expected_origin=list(place.origins),
            credential_public_key=bytes(row.public_key),
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except Exception as error:
        raise _refused(error) from error
    # The counter is compared once more by the database: of two answers at once one is let in.
    unchanged = (_passkey.c.id == row.id) & (_passkey.c.sign_count == row.sign_count)
    values = {"sign_count": done.new_sign_count, "used_at": session.now}
    noted = session.execute(
        update(_passkey).where(unchanged).values(values), execution_options=DOOR
    )
    return UUID(str(row.user_id)) if noted.rowcount else None


def _known(session: Any, given: Mapping[str, Any]) -> Any:
    try:
        digest = hashlib.sha256(base64url_to_bytes(str(given.get("rawId", "")))).hexdigest()
    except ValueError as error:
        raise _refused(error) from error
    return session.execute(
        select(_passkey.c.id, _passkey.c.user_id, _passkey.c.public_key, _passkey.c.sign_count)
        .join(_user, _user.c.id == _passkey.c.user_id)
        .where(_passkey.c.credential_hash == digest)
        .where(_user.c.state == "active", _user.c.deleted_at.is_(None)),
        execution_options=DOOR,
    ).first()


def _foreign(given: Mapping[str, Any], user_id: UUID) -> bool:
    """Whether the passkey names another user than the one it was registered for."""
    response = given.get("response")
    handle = response.get("userHandle") if isinstance(response, dict) else None
    if not handle:
        return False
    try:
        return base64url_to_bytes(str(handle)) != user_id.bytes
    except ValueError:
        return True


def _parsed(answer: str) -> dict[str, Any]:
    try:
        given = json.loads(answer) if len(answer) <= _LONGEST_ANSWER else None
    except ValueError as error:
        raise _refused(error) from error
    if not isinstance(given, dict):
        raise _refused("the answer is no JSON object")
    return given


def _refused(cause: object) -> Invalid:
    log.warning("passkey refused", reason=str(cause)[:200])
    return Invalid({"": [_("The passkey was not accepted. Try again.")]})
