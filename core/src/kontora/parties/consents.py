"""Consents: to give, to withdraw, and to ask at the moment of sending.

The ledger is only added to. A consent holds at a moment when it was given for a time with that
moment in it, and no withdrawal stands against it: one that begins later than the consent, or was
written down after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.parties.consent_models import (
    GIVEN,
    WITHDRAWN,
    Consent,
    ConsentPurpose,
    ConsentState,
)
from kontora.parties.models import Party
from kontora.records import changes, service
from kontora.records.files.models import File
from kontora.records.values import to_json
from kontora.registry.records import Change
from kontora.text import Text, _
from kontora.work.executor import Executor

DOOR = {"door": "consents"}
CHANNELS: Mapping[str, Text] = {
    "email": _("E-mail"),
    "phone": _("Phone"),
    "sms": _("SMS"),
    "messenger": _("Messenger"),
    "letter": _("Letter"),
}
BASES: Mapping[str, Text] = {
    "consent": _("Consent"),
    "contract": _("Contract"),
    "legitimate_interest": _("Legitimate interest"),
    "legal_duty": _("Legal duty"),
    "request": _("His own request"),
}
SHIPPED: Mapping[str, Text] = {
    "marketing": _("Marketing"),
    "newsletter": _("Newsletter"),
    "research": _("Surveys and research"),
    "service": _("Service and contract"),
    "transactional": _("Bills, deliveries, appointments"),
}
LONGEST_PROOF, LONGEST_SOURCE = 4_000, 255
_consent: Any = Consent.__table__
_purpose: Any = ConsentPurpose.__table__
_state: Any = ConsentState.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A purpose of the catalogue."""

    key: str
    label: Text
    needs_consent: bool
    retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Whether something may be sent, and why, or why not."""

    allowed: bool
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the ledger. `proof` is text, `file` the id of a file of the same record."""

    id: int
    purpose: str
    channel: str
    state: str
    basis: str
    valid_from: datetime
    valid_to: datetime | None
    proof: str | None
    file: UUID | None
    source: str
    who: str
    at: datetime


def purposes(executor: Executor, *, retired: bool = False) -> list[Purpose]:
    """The catalogue in its order."""
    rows = executor.execute(
        select(_purpose).order_by(_purpose.c.sort, _purpose.c.key), execution_options=DOOR
    )
    found = [
        Purpose(
            key=row.key,
            label=row.name or SHIPPED.get(row.key, row.key),
            needs_consent=row.needs_consent,
            retired=row.retired_at is not None,
        )
        for row in rows
    ]
    return [each for each in found if retired or not each.retired]


# The question at the moment of sending


def may_send(
    executor: Executor,
    party_id: UUID | None,
    purpose: str,
    channel: str,
    at: datetime | None = None,
) -> Answer:
    """Whether this party may be addressed for `purpose` by `channel` at a moment (now).

    Ask it right before sending, not when a mailing is prepared. A session or a connection does.
    """
    moment = at or clock.now()
    found = next((p for p in purposes(executor, retired=True) if p.key == purpose), None)
    channel_label = CHANNELS.get(channel, channel)
    if found is None:
        return Answer(allowed=False, reason=_("There is no purpose “%(key)s”.") % {"key": purpose})
    words: dict[str, object] = {"purpose": found.label, "channel": channel_label}
    if not found.needs_consent:
        text = _("%(purpose)s needs no consent.")
        return Answer(allowed=True, reason=text % words)
    if party_id is not None:
        entries = _entries(executor, party_id, purpose=purpose, channel=channel)
        if holds(entries, moment):
            return Answer(allowed=True, reason=_("Consent to %(purpose)s by %(channel)s.") % words)
    return Answer(allowed=False, reason=_("No consent to %(purpose)s by %(channel)s.") % words)


def refusal(executor: Executor, mail: Mapping[str, Any]) -> Text | None:
    """Why a mail (a row of `mail_message`) may not leave now, or None. Mails without a purpose,
    and those of the program itself, which are to no party, are no concern of consents."""
    if not mail["purpose"]:
        return None
    known = {each.key for each in purposes(executor, retired=True)}
    if mail["party_id"] is None and mail["purpose"] not in known:
        return None
    answer = may_send(executor, mail["party_id"], mail["purpose"], "email")
    return None if answer.allowed else answer.reason


def holds(entries: Iterable[Entry], moment: datetime) -> bool:
    """Whether, of the lines of one purpose and channel, a consent holds at a moment."""
    known = [each for each in entries if each.valid_from <= moment]
    against = [each for each in known if each.state == WITHDRAWN]
    return any(
        each.state == GIVEN
        and (each.valid_to is None or moment < each.valid_to)
        and not any(w.valid_from > each.valid_from or w.id > each.id for w in against)
        for each in known
    )


# Reading


def history(session: ScopedSession, party_id: UUID) -> list[Entry]:
    """All lines of a party, the newest first. Raises NotFound when it may not be seen."""
    found(session, party_id)
    return _entries(session, party_id)[::-1]


def state(
    session: ScopedSession, party_id: UUID, at: datetime | None = None
) -> dict[tuple[str, str], bool]:
    """(purpose, channel) → whether a consent holds; only pairs of which the ledger speaks."""
    found(session, party_id)
    return _held(_entries(session, party_id), at or session.now)


def _held(entries: Sequence[Entry], moment: datetime) -> dict[tuple[str, str], bool]:
    pairs: dict[tuple[str, str], list[Entry]] = {}
    for each in entries:
        pairs.setdefault((each.purpose, each.channel), []).append(each)
    return {pair: holds(lines, moment) for pair, lines in pairs.items()}


def _entries(executor: Executor, party_id: UUID, **only: str) -> list[Entry]:
    statement = select(_consent).where(_consent.c.party_id == party_id).order_by(_consent.c.id)
    for name, value in only.items():
        statement = statement.where(_consent.c[name] == value)
    return [
        Entry(
            id=row.id,
            purpose=row.purpose,
            channel=row.channel,
            state=row.state,
            basis=row.basis,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            proof=row.proof,
            file=row.file_id,
            source=row.source,
            who=row.who,
            at=row.at,
        )
        for row in executor.execute(statement, execution_options=DOOR)
    ]


def as_json(entry: Entry) -> dict[str, Any]:
    """A line in the shape of the API."""
    return {
        "id": entry.id,
        "purpose": entry.purpose,
        "channel": entry.channel,
        "state": entry.state,
        "basis": entry.basis,
        "from": to_json(entry.valid_from),
        "to": to_json(entry.valid_to),
        "proof": entry.proof,
        "file": str(entry.file) if entry.file else None,
        "source": entry.source or None,
        "who": entry.who,
        "at": to_json(entry.at),
    }


def found(session: ScopedSession, party_id: UUID) -> Party:
    """The party, when it and its consents may be seen; else NotFound."""
    if session.principal.rights.hides("party", "consents"):
        raise NotFound()
    rtype = session.registry.of_entity("party")
    party: Party = service.find(session, _any_kind(session, rtype, party_id), party_id)
    return party


def _any_kind(session: ScopedSession, rtype: Any, party_id: UUID) -> Any:
    kind = session.scalar(select(Party.kind).where(Party.id == party_id))
    return session.registry.of_entity("party", kind) or rtype


# Writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What is to be written down: see `Consent`."""

    purpose: str
    channel: str
    state: str = GIVEN
    basis: str = "consent"
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    proof: str | None = None
    file: UUID | None = None
    source: str = ""


def add(session: ScopedSession, party_id: UUID, line: Line) -> int:
    """Write a line and return its number. Takes the right to edit the party.

    Raises NotFound, Forbidden, or Invalid with a message for each wrong part.
    """
    party = found(session, party_id)
    rtype = session.registry.of_entity("party", party.kind)
    service.check_may(session, rtype, party, "edit")
    _check(session, party_id, line)
    before = sorted(_now(session, party_id))
    row = {
        "party_id": party_id,
        "purpose": line.purpose,
        "channel": line.channel,
        "state": line.state,
        "basis": line.basis,
        "valid_from": line.valid_from or session.now,
        "valid_to": line.valid_to if line.state == GIVEN else None,
        "proof": line.proof or None,
        "file_id": line.file,
        "source": line.source[:LONGEST_SOURCE],
        "who": session.principal.name,
        "at": session.now,
    }
    made = session.execute(
        insert(_consent).values(row).returning(_consent.c.id), execution_options=DOOR
    ).scalar_one()
    after = refresh(session, party_id)
    change = Change(
        entity="party",
        record_id=party_id,
        kind=party.kind,
        verb="consent",
        before={"consents": before},
        after={"consents": after},
    )
    changes.write(session, change, party.version)
    return int(made)


def _check(session: ScopedSession, party_id: UUID, line: Line) -> None:
    errors: dict[str, list[object]] = {}
    offered = {each.key: each.label for each in purposes(session, retired=line.state == WITHDRAWN)}
    states = {GIVEN: _("given"), WITHDRAWN: _("withdrawn")}
    for name, value, known, missing, wrong in (
        (
            *("purpose", line.purpose, offered),
            _("Say for which purpose: %(known)s."),
            _("“%(value)s” is no purpose of the catalogue. Choose one of: %(known)s."),
        ),
        (
            *("channel", line.channel, CHANNELS),
            _("Say by which channel: %(known)s."),
            _("“%(value)s” is no channel. Choose one of: %(known)s."),
        ),
        (
            *("basis", line.basis, BASES),
            _("Say on which legal basis: %(known)s."),
            _("“%(value)s” is no legal basis. Choose one of: %(known)s."),
        ),
        (
            *("state", line.state, states),
            _("Say whether it was given or withdrawn."),
            _("“%(value)s” is neither given nor withdrawn."),
        ),
    ):
        if value not in known:
            words = ", ".join(f"{label} ({key})" for key, label in known.items())
            text = wrong if value else missing
            errors[name] = [text % {"value": value[:60], "known": words}]
    start = line.valid_from or session.now
    if line.valid_to is not None and line.valid_to <= start:
        errors["to"] = [_("It must end after it begins.")]
    if len(line.proof or "") > LONGEST_PROOF:
        errors["proof"] = [_("Use at most %(n)s characters.") % {"n": LONGEST_PROOF}]
    if line.file is not None:
        here = select(File.id).where(
            File.id == line.file, File.entity == "party", File.record_id == party_id
        )
        if session.scalar(here) is None:
            errors["file"] = [_("The record has no such file.")]
    if errors:
        raise Invalid(errors)


# What lists show


def _now(executor: Executor, party_id: UUID) -> set[str]:
    statement = select(_state.c.consent).where(_state.c.party_id == party_id)
    return set(executor.execute(statement, execution_options=DOOR).scalars())


def refresh(session: ScopedSession, party_id: UUID) -> list[str]:
    """Bring what lists show in line with the ledger as it stands now; return it."""
    held = _held(_entries(session, party_id), session.now)
    wanted = {f"{purpose}.{channel}" for (purpose, channel), on in held.items() if on}
    present = _now(session, party_id)
    if gone := present - wanted:
        session.execute(
            delete(_state).where(_state.c.party_id == party_id, _state.c.consent.in_(gone)),
            execution_options=DOOR,
        )
    if new := sorted(wanted - present):
        rows = [{"party_id": party_id, "consent": each} for each in new]
        session.execute(insert(_state), rows, execution_options=DOOR)
    return sorted(wanted)


def refresh_due(session: ScopedSession, since: datetime) -> int:
    """Bring those in line whose consents began or ended since a moment; return how many."""
    begun = _consent.c.valid_from.between(since, session.now)
    ended = _consent.c.valid_to.between(since, session.now)
    statement = select(_consent.c.party_id).where(begun | ended).distinct()
    parties = list(session.execute(statement, execution_options=DOOR).scalars())
    for each in parties:
        refresh(session, each)
    return len(parties)
