"""Sign-in in words: what the audit log and the lists of sessions say."""

from __future__ import annotations

from kontora.text import Text, _

ENTITY: Text = _("Account")
VERBS: dict[str, Text] = {
    "sign_in": _("signed in"),
    "sign_in_failed": _("failed to sign in"),
    "sign_out": _("signed out"),
    "confirm_failed": _("failed to confirm"),
    "reset_asked": _("asked for a new password"),
    "reset_done": _("set a new password by link"),
    "invite": _("invited"),
    "invite_link": _("made an invitation link for"),
    "invite_revoked": _("took an invitation back"),
    "invite_accepted": _("accepted an invitation"),
    "factor_added": _("added a second factor"),
    "factor_removed": _("removed a second factor"),
    "factors_reset": _("reset the second factors of"),
    "codes_made": _("made recovery codes"),
    "session_ended": _("ended a session of"),
    "sessions_ended": _("ended all sessions of"),
}
METHODS: dict[str, Text] = {
    "password": _("password"),
    "password+code": _("password and second factor"),
    "passkey": _("passkey"),
    "code": _("code of the app"),
    "recovery": _("recovery code"),
    "app": _("authenticator app"),
}
FACTS: dict[str, Text] = {
    "method": _("Signed in by"),
    "address": _("Network address"),
    "factor": _("Factor"),
    "reason": _("Reason"),
}
REASONS: dict[str, Text] = {
    "unknown account": _("unknown account"),
    "wrong password": _("wrong password"),
    "wrong code": _("wrong code"),
    "not accepted": _("not accepted"),
}


def fact(name: str, value: object) -> dict[str, object]:
    """One line of an entry, as the kit's history takes it."""
    words = {**METHODS, **REASONS}
    return {"label": FACTS.get(name, name), "old": "", "new": str(words.get(str(value), value))}
