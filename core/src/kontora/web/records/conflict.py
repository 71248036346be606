"""Two people, one record: what each of them changed, and the page on which to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template

from kontora.access.session import ScopedSession
from kontora.records import service
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.web import forms
from kontora.web.records.cells import Cells, plain
from kontora.web.records.record_page import heading, loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnChanges:
    """What the user of a form changed since he opened it.

    `contested` are the fields that somebody else changed too, to another value; `merged` says
    that others changed only other fields.
    """

    changes: dict[str, Any]
    contested: tuple[Field, ...] = ()
    merged: bool = False
    version: int = 0
    who: str = ""
    at: datetime | None = None
    fields: Sequence[Field] = field(default_factory=tuple)


def own_changes(
    session: ScopedSession,
    rtype: RecordType,
    record: Mapping[str, Any],
    fields: Sequence[Field],
    sent: Mapping[str, Any],
    version: int | None,
) -> OwnChanges:
    """Compare a form with the record as it was when the form was opened, and as it is now."""
    record_id = UUID(str(record["id"]))
    current = service.version_of(session, rtype, record_id)
    now = forms.flat(record, fields)
    later = [
        each
        for each in service.history(session, rtype, record_id)
        if version is not None and each.version > version
    ]
    before = dict(now)
    for entry in later:  # newest first, so the oldest value is what remains
        before |= {name: old for name, _label, old, _new in entry.fields}
    theirs = {name for entry in later for name, *_rest in entry.fields}
    changes: dict[str, Any] = {}
    contested = []
    for each in fields:
        if each.name not in sent or forms.same(each, sent[each.name], before.get(each.name)):
            continue
        changes[each.name] = sent[each.name]
        if each.name in theirs and not forms.same(each, sent[each.name], now.get(each.name)):
            contested.append(each)
    return OwnChanges(
        changes=changes,
        contested=tuple(contested),
        merged=bool(theirs),
        version=current,
        who=later[0].who if later else "",
        at=later[0].at if later else None,
        fields=fields,
    )


def page(
    session: ScopedSession, rtype: RecordType, record: Mapping[str, Any], mine: OwnChanges
) -> Response:
    """Both values of each contested field side by side; nothing of either is lost."""
    _record, readable = loaded(session, rtype, UUID(str(record["id"])))
    cells = Cells(session, mine.fields)
    now = forms.flat(record, mine.fields)
    shown = forms.shown(session, mine.fields, mine.changes)
    names = {each.name for each in mine.contested}
    rows = [
        {
            "name": each.name,
            "label": each.label,
            "theirs": words_of(cells, each, now.get(each.name)),
            "mine": words_of(cells, each, _readable(each, mine.changes[each.name], shown)),
            "inputs": _inputs(each, mine.changes[each.name]),
        }
        for each in mine.contested
    ]
    hidden = [
        pair
        for each in mine.fields
        if each.name in mine.changes and each.name not in names
        for pair in _inputs(each, mine.changes[each.name])
    ]
    body = render_template(
        "core/pages/conflict.html",
        **heading(session, rtype, record, readable),
        contested=rows,
        version=mine.version,
        who=mine.who,
        at=mine.at,
        hidden=hidden,
    )
    return make_response(body, 412)


def _readable(each: Field, value: Any, shown: Mapping[str, Any]) -> Any:
    """References need their names to be read; other values are shown as they were sent."""
    return shown.get(each.name) if each.type == "reference" else value


def words_of(cells: Cells, each: Field, value: Any) -> str:
    if value in (None, "", []):
        return ""
    if each.collection is not None and not each.collection.single:
        return "; ".join(cells.sentence(_scalar(each), row) for row in value)
    try:
        return plain(cells.cell(each, value))
    except (ValueError, KeyError, TypeError, AttributeError):  # typed, but not understood
        return str(value)


def _scalar(each: Field) -> list[Field]:
    assert each.collection is not None
    return [inner for inner in each.collection.fields if inner.type != "reference"]


def _inputs(each: Field, value: Any) -> list[tuple[str, Any]]:
    """The hidden inputs that send a value once more, as the form would."""
    if each.type == "tags":
        return [(each.name, ""), *((each.name, tag) for tag in value or [])]
    if each.type == "money":
        amount = value or {"amount": "", "currency": ""}
        return [
            (f"{each.name}.amount", amount["amount"]),
            (f"{each.name}.currency", amount["currency"]),
        ]
    if each.type == "boolean":
        return [(each.name, "" if value is None else "true" if value else "false")]
    if each.collection is not None:
        found: list[tuple[str, Any]] = [(each.name, "")]
        for number, row in enumerate(value or []):
            cells = {each.collection.single: row} if each.collection.single else row
            for inner in each.collection.fields:
                pairs = _inputs(inner, cells.get(inner.name))
                found += [(f"{each.name}.{number}.{name}", text) for name, text in pairs]
        return found
    text = value.get("id") if isinstance(value, Mapping) else value
    return [(each.name, "" if text is None else text)]
