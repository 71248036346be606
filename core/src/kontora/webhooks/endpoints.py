"""Receivers: who is told of what. Only for holders of `admin.webhooks`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from kontora.access import sealing, strength
from kontora.access.models import User
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, NotFound, Stale
from kontora.ids import new_id
from kontora.records import changes
from kontora.registry.records import Change
from kontora.text import Text, _
from kontora.webhooks import deliveries, events, signing
from kontora.webhooks.deliveries import DOOR, ENDPOINT
from kontora.work.egress_rules import Refused, Rules, parse

PERMISSION = "admin.webhooks"
PURPOSE = "webhook"
OLD_SECRET = timedelta(hours=24)
SHOWN = (
    *("id", "url", "description", "events", "active", "owner_id", "failures", "failing_since"),
    *("disabled_reason", "disabled_at", "old_until", "created_at", "updated_at"),
    "version",
)
INPUT = ("url", "description", "events", "active", "owner")
LONGEST_URL, LONGEST_DESCRIPTION = 2000, 255
_user: Any = User.__table__


def listed(session: ScopedSession) -> list[dict[str, Any]]:
    """All receivers with the names of their owners and how their deliveries stand."""
    _check(session)
    statement = (
        select(*(ENDPOINT.c[name] for name in SHOWN), _user.c.name.label("owner_name"))
        .join(_user, _user.c.id == ENDPOINT.c.owner_id)
        .order_by(ENDPOINT.c.created_at, ENDPOINT.c.id)
    )
    counts = deliveries.counts(session)
    rows = session.execute(statement, execution_options=DOOR)
    return [{**row._mapping, "counts": counts.get(row.id, {})} for row in rows]


def get(session: ScopedSession, endpoint_id: UUID) -> dict[str, Any]:
    """One receiver. Raises NotFound."""
    found = next((each for each in listed(session) if each["id"] == endpoint_id), None)
    if found is None:
        raise NotFound(_("There is no such webhook."))
    return found


def create(session: ScopedSession, data: Mapping[str, Any]) -> tuple[UUID, str]:
    """Make a receiver; returns its id and its secret, which is never shown again."""
    _check(session)
    values = _checked(session, {"active": True, "description": "", **data}, creating=True)
    made, secret = new_id(), signing.new_secret()
    now = session.now
    row = {
        **values,
        "id": made,
        "secret": sealing.seal(session, PURPOSE, secret),
        "failures": 0,
        "version": 1,
        "created_at": now,
        "updated_at": now,
    }
    session.execute(ENDPOINT.insert(), [row], execution_options=DOOR)
    _log(session, made, "create", {}, values)
    return made, secret


def change(
    session: ScopedSession, endpoint_id: UUID, data: Mapping[str, Any], version: int | None = None
) -> None:
    """Change what `data` names. Turning a receiver on forgets its failures. Raises Stale when
    `version` is given and is not the present one."""
    before = _held(session, endpoint_id, version)
    values = _checked(session, data, creating=False)
    changed = {name: value for name, value in values.items() if value != before[name]}
    if not changed:
        return
    if changed.keys() & {"url", "events"}:
        _check_lent(session, values.get("owner_id", before["owner_id"]))
    more: dict[str, Any] = {}
    if changed.get("active") or "url" in changed:
        more = {"failures": 0, "failing_since": None, "paused_until": None}
    if changed.get("active"):
        more |= {"disabled_reason": None, "disabled_at": None}
    _update(session, endpoint_id, {**changed, **more})
    if changed.get("active") is False:
        deliveries.bury(session, endpoint_id, str(_("The webhook was turned off.")))
    _log(session, endpoint_id, "change", {name: before[name] for name in changed}, changed)


def _held(session: ScopedSession, endpoint_id: UUID, version: int | None) -> dict[str, Any]:
    """One receiver, which nobody else changes until this transaction ends."""
    _check(session)
    lock = select(ENDPOINT.c.id).where(ENDPOINT.c.id == endpoint_id).with_for_update()
    session.execute(lock, execution_options=DOOR)
    before = get(session, endpoint_id)
    if version is not None and version != before["version"]:
        raise Stale(before["version"])
    return before


def remove(session: ScopedSession, endpoint_id: UUID, version: int | None = None) -> None:
    """Delete a receiver with all its deliveries. Raises Stale as `change` does."""
    before = _held(session, endpoint_id, version)
    statement = delete(ENDPOINT).where(ENDPOINT.c.id == endpoint_id)
    session.execute(statement, execution_options=DOOR)
    _log(session, endpoint_id, "delete", {"url": before["url"]}, {})


def rotate(session: ScopedSession, endpoint_id: UUID) -> str:
    """Give a receiver a new secret and return it, this once; messages are signed with the old one
    too for 24 hours."""
    get(session, endpoint_id)
    kept = select(ENDPOINT.c.secret).where(ENDPOINT.c.id == endpoint_id)
    secret = signing.new_secret()
    values = {
        "old_secret": session.execute(kept, execution_options=DOOR).scalar_one(),
        "old_until": session.now + OLD_SECRET,
        "secret": sealing.seal(session, PURPOSE, secret),
    }
    _update(session, endpoint_id, values)
    _log(session, endpoint_id, "rotate", {}, {})
    return secret


def test(session: ScopedSession, endpoint_id: UUID) -> int:
    """Queue a test event, which is tried once; return the id of its delivery."""
    if not get(session, endpoint_id)["active"]:
        raise Invalid({"active": [_("Turn the webhook on first.")]})
    return deliveries.add(session, endpoint_id, events.TEST, None)


def disable(session: ScopedSession, endpoint_id: UUID, reason: str) -> None:
    """Turn a receiver off by the program's own decision; its page says why."""
    values = {"active": False, "disabled_reason": reason[:255], "disabled_at": session.now}
    _update(session, endpoint_id, values)
    deliveries.bury(session, endpoint_id, reason)
    _log(session, endpoint_id, "change", {"active": True}, {"active": False, "reason": reason})


def keys(session: ScopedSession, row: Mapping[str, Any]) -> list[str]:
    """The secrets to sign with now, the new one first. Raises sealing.Unreadable."""
    found = [sealing.open_sealed(session, PURPOSE, row["secret"])]
    if row["old_secret"] and row["old_until"] and row["old_until"] > session.now:
        found.append(sealing.open_sealed(session, PURPOSE, row["old_secret"]))
    return found


def _check(session: ScopedSession) -> None:
    if not session.principal.rights.has(PERMISSION):
        raise Forbidden(PERMISSION)


def _check_lent(session: ScopedSession, owner_id: UUID) -> None:
    """Who may not manage users does not lead what somebody else sees to where he likes."""
    me = session.principal
    if owner_id != me.user_id and not me.rights.has("admin.users"):
        message = _("To choose somebody else you need the right to manage users.")
        raise Invalid({"owner": [message]})


def _update(session: ScopedSession, endpoint_id: UUID, values: Mapping[str, Any]) -> None:
    more = {"version": ENDPOINT.c.version + 1, "updated_at": session.now}
    statement = update(ENDPOINT).where(ENDPOINT.c.id == endpoint_id).values(**values, **more)
    session.execute(statement, execution_options=DOOR)


def _checked(session: ScopedSession, data: Mapping[str, Any], *, creating: bool) -> dict[str, Any]:
    """The input as columns. Raises Invalid with a message per field."""
    errors: dict[str, list[Text]] = {}
    values: dict[str, Any] = {}
    needed = ("url", "events") if creating else ()
    for name in needed:
        if not data.get(name):
            errors[name] = [_("Fill this in.") if name == "url" else _("Choose at least one.")]
    for name in data.keys() - set(INPUT):
        errors[name] = [_("Unknown field.")]
    if data.get("url"):
        values["url"] = _url(session, str(data["url"]).strip(), errors)
    elif "url" in data:
        errors["url"] = [_("Fill this in.")]
    if "description" in data:
        values["description"] = str(data["description"] or "").strip()
        if len(values["description"]) > LONGEST_DESCRIPTION:
            message = _("At most %(n)s characters.") % {"n": LONGEST_DESCRIPTION}
            errors["description"] = [message]
    if "events" in data and "events" not in errors:
        values["events"] = _events(session, data["events"], errors)
    if "active" in data:
        values["active"] = bool(data["active"])
    if creating or "owner" in data:
        values["owner_id"] = _owner(session, data.get("owner"), errors)
    if errors:
        raise Invalid(errors)
    return values


def _url(session: ScopedSession, url: str, errors: dict[str, list[Text]]) -> str:
    try:
        if len(url) > LONGEST_URL:
            raise Refused(_("At most %(n)s characters.") % {"n": LONGEST_URL})
        Rules.of(session.site.settings.egress_allow).check_early(parse(url))
    except Refused as refused:
        errors["url"] = [str(refused.message)]
    return url


def _events(
    session: ScopedSession, given: Iterable[str], errors: dict[str, list[Text]]
) -> list[str]:
    known = events.event_types(session.registry)
    chosen = [str(each) for each in dict.fromkeys(given)]
    unknown = [each for each in chosen if each not in known]
    if unknown:
        message = _("There is no event “%(name)s”.")
        errors["events"] = [message % {"name": each[:80]} for each in unknown[:5]]
    elif not chosen:
        errors["events"] = [_("Choose at least one.")]
    return [name for name in known if name in chosen]


def _owner(session: ScopedSession, given: Any, errors: dict[str, list[Text]]) -> UUID | None:
    """Whose rights decide what is sent. Who may not manage users can only lend his own."""
    me = session.principal
    try:
        wanted = UUID(str(given)) if given else me.user_id
    except ValueError:
        wanted = None
    active = select(User.id).where(User.id == wanted, User.state == "active")
    if wanted is None or session.scalar(active) is None:
        errors["owner"] = [_("Choose a user who may sign in.")]
    elif wanted != me.user_id and not me.rights.has("admin.users"):
        errors["owner"] = [_("To choose somebody else you need the right to manage users.")]
    elif wanted != me.user_id and strength.too_strong(session, strength.roles_of(session, wanted)):
        errors["owner"] = [_("This user may do more than you; choose another one.")]
    return wanted


def _log(
    session: ScopedSession,
    endpoint_id: UUID,
    verb: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    def plain(values: Mapping[str, Any]) -> dict[str, Any]:
        return {k: str(v) if isinstance(v, UUID) else v for k, v in values.items()}

    changed = Change(
        entity="webhook",
        record_id=endpoint_id,
        kind=None,
        verb=verb,
        before=plain(before),
        after=plain(after),
        record=None,
    )
    changes.write(session, changed, 0)
