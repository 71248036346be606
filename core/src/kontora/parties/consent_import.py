"""Consents in a file: `consent.<purpose>.<channel>` with yes, no or the day since when it holds,
and beside it, with `.from`, `.to`, `.basis`, `.proof` and `.source`, what the ledger says of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, KontoraError
from kontora.parties import consents
from kontora.parties.consent_models import GIVEN, WITHDRAWN
from kontora.records.transfer import beside
from kontora.records.transfer.beside import Complaint, Given
from kontora.records.transfer.clean import clean_boolean, clean_date
from kontora.text import _

WORD = "consent"
FACTS = ("from", "to", "basis", "proof", "source")
_STATES = {GIVEN: True, WITHDRAWN: False}


def write(session: ScopedSession, party_id: UUID, cells: Mapping[str, Given]) -> list[Complaint]:
    """Add a line to the ledger for each purpose and channel of a row, unless it stands there."""
    found: list[Complaint] = []
    for pair, given in _by_pair(cells, found).items():
        try:
            _write(session, party_id, pair, given, found)
        except Invalid as error:
            for name, texts in error.errors.items():
                column, value = given.get(name) or next(iter(given.values()))
                found.append((column, value, " ".join(str(each) for each in texts)))
        except KontoraError as error:
            column, value = next(iter(given.values()))
            found.append((column, value, str(error)))
    return found


def _by_pair(
    cells: Mapping[str, Given], found: list[Complaint]
) -> dict[tuple[str, str], dict[str, Given]]:
    pairs: dict[tuple[str, str], dict[str, Given]] = {}
    for path, given in cells.items():
        steps = path.split(".")[1:]
        if len(steps) not in (2, 3) or (len(steps) == 3 and steps[2] not in FACTS):
            text = _(
                "A column of consents is called consent.<purpose>.<channel>, or so with %(k)s."
            )
            found.append((*given, text % {"k": ", ".join(f".{each}" for each in FACTS)}))
            continue
        fact = steps[2] if len(steps) == 3 else ""
        pairs.setdefault((steps[0], steps[1]), {})[fact] = given
    return pairs


def _write(
    session: ScopedSession,
    party_id: UUID,
    pair: tuple[str, str],
    given: Mapping[str, Given],
    found: list[Complaint],
) -> None:
    texts = {name: value.strip() for name, (_column, value) in given.items()}
    state, since = _state(texts.get("", ""))
    if state is None:
        text = _("Write yes or no, or the day since when it holds.")
        found.append((*given[""], text))
        return
    begin = _day(texts.get("from")) or since
    end = _day(texts.get("to"))
    line = consents.Line(
        purpose=pair[0],
        channel=pair[1],
        state=state,
        basis=_basis(texts.get("basis", "")),
        valid_from=_start(session, begin) if begin else None,
        valid_to=_start(session, end + timedelta(days=1)) if end else None,
        proof=texts.get("proof") or None,
        source=texts.get("source") or str(session.info.get("source") or ""),
    )
    if not _stands(session, party_id, line):
        with session.begin_nested():
            consents.add(session, party_id, line)


def _state(text: str) -> tuple[str | None, date | None]:
    """What a cell says: nothing but facts beside it means that the consent was given."""
    if not text:
        return GIVEN, None
    if text.casefold() in _STATES:
        return text.casefold(), None
    answer = clean_boolean(text).value
    if answer is not None:
        return (GIVEN if answer else WITHDRAWN), None
    day = clean_date(text).value
    return (GIVEN, day) if day is not None else (None, None)


def _basis(text: str) -> str:
    """A legal basis by its key or its name; consent where none is named."""
    if not text:
        return "consent"
    names = {str(label).casefold(): key for key, label in consents.BASES.items()}
    return names.get(text.casefold(), text)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _start(session: ScopedSession, day: date) -> datetime:
    zone = clock.zone(session.principal.timezone)
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _stands(session: ScopedSession, party_id: UUID, line: consents.Line) -> bool:
    """Whether the last line of the pair says the same, so that a file can be imported again."""
    pair = (line.purpose, line.channel)
    mine = (e for e in consents.history(session, party_id) if (e.purpose, e.channel) == pair)
    last = next(mine, None)
    if last is None or last.state != line.state:
        return False
    same = line.valid_from in (None, last.valid_from) and line.valid_to in (None, last.valid_to)
    return same and last.basis == line.basis and line.proof in (None, last.proof)


def choices(session: Any) -> Iterator[tuple[str, str]]:
    """What a column of the preview can be."""
    for purpose in consents.purposes(session):
        for channel, label in consents.CHANNELS.items():
            text = _("Consent: %(purpose)s, %(channel)s")
            words = text % {"purpose": purpose.label, "channel": label}
            yield f"{WORD}.{purpose.key}.{channel}", str(words)


PARTS: Iterable[beside.Beside] = (
    beside.Beside(
        word=WORD,
        entity="party",
        field="consents",
        label=_("Consent"),
        days=("from", "to"),
        write=write,
        choices=choices,
    ),
)
for _part in PARTS:
    beside.add(_part)
