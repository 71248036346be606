"""Work on many records of a list: the selected ones, or all that match.

It is written in short slices, each in a transaction of its own, so that other writers wait
milliseconds and not until the last record.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, KontoraError, NotFound
from kontora.http.context import site
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.records.filters import as_ids
from kontora.records.schema import writable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _, n_
from kontora.web import flash, forms, preferences
from kontora.web.addresses import with_query
from kontora.web.records import filtering
from kontora.web.records.blueprint import blueprint
from kontora.web.records.listing import ListState

MOST = 5_000
SLICE_SECONDS, PAUSE_SECONDS = 0.05, 0.005
UNDO = "undo"
_NAMES = ("owner", "branch", "state")
Job = Callable[[ScopedSession, UUID], None]


def actions(session: ScopedSession, rtype: RecordType) -> list[dict[str, Any]]:
    """The buttons of the bulk bar: only what the principal may do on some record."""
    fields = changeable(session, rtype)
    icons = {
        "owner": "user-check",
        "branch": "building-community",
        "state": "circle-check",
        "tags": "tag",
    }
    labels: dict[str, Text] = {
        "owner": _("Assign"),
        "branch": _("Move to a branch"),
        "state": _("Set the state"),
        "tags": _("Add a tag"),
    }
    found: list[dict[str, Any]] = [
        {
            "label": labels[each.name],
            "icon": icons[each.name],
            "dialog": f"bulk-{each.name}",
            "field": each,
        }
        for each in fields
    ]
    if rtype.has_bin and service.grants_of(session, rtype, "delete"):
        found.append({"label": _("Move to the bin"), "icon": "trash", "value": "delete"})
    return found


def changeable(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The fields that can be set for many records at once."""
    if not service.grants_of(session, rtype, "edit"):
        return []
    fields = {
        each.name: each for each in writable_fields(rtype, session.principal.rights, "change")
    }
    may_assign = service.grants_of(session, rtype, "assign")
    found = [fields[name] for name in _NAMES if name in fields and (name == "state" or may_assign)]
    tags = fields.get("tags")
    return [*found, tags] if tags is not None and tags.type is FieldType.TAGS else found


@blueprint.post("/<rtype:rtype>/bulk")
@policy(RECORDS)
def bulk(rtype: RecordType) -> Response:
    """Do one action on the selected records and tell how many took it."""
    state = _list_of(rtype)
    back = make_response(redirect(with_query(f"/{rtype.path}", state.pairs()), 303))
    with site().read(g.principal) as session:
        service.require(session, rtype, "view")
        ids = _chosen(session, rtype, state)
        job, undo = _job(session, rtype, request.form.get("action", ""))
    if not ids:
        flash.tell(_("Nothing was selected."), "warn")
        return back
    done, failures = _work(ids, job)
    path = _keep_undo(rtype, done) if undo and done else None
    _report(len(done), failures, path)
    return back


def _list_of(rtype: RecordType) -> ListState:
    """The list from which the selection was made. Its conditions have brackets in their names;
    `tags` or `owner` without them are what is to be set."""
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if "[" in name or name in ("q", "sort")
    ]
    return ListState.of(rtype, MultiDict(kept))


def _chosen(session: ScopedSession, rtype: RecordType, state: ListState) -> list[UUID]:
    if request.form.get("all") != "1":
        return as_ids(list(dict.fromkeys(request.form.getlist("ids"))))
    offered = filtering.choosable(session, rtype)
    ids = service.matching(session, rtype, state.query(rtype, offered, ()))
    if len(ids) > MOST:
        text = _("These are more than %(n)s records. Narrow the filter.") % {"n": MOST}
        raise Invalid({"": [text]})
    return ids


def _job(session: ScopedSession, rtype: RecordType, action: str) -> tuple[Job, bool]:
    """What to do with each record, and whether it can be undone."""
    if action == "delete":
        return lambda inner, record_id: service.delete_record(inner, rtype, record_id), True
    fields = {each.name: each for each in changeable(session, rtype)}
    if action not in fields:
        raise NotFound(_("There is no such action on these records."))
    sent = forms.read([fields[action]], request.form)
    if action == "tags":
        added = sent.get("tags") or []
        return lambda inner, record_id: _tag(inner, rtype, record_id, added), False
    return lambda inner, record_id: _change(inner, rtype, record_id, sent), False


def _change(session: ScopedSession, rtype: RecordType, record_id: UUID, data: Any) -> None:
    service.change_record(session, rtype, record_id, data)


def _tag(session: ScopedSession, rtype: RecordType, record_id: UUID, added: Sequence[str]) -> None:
    present = service.get_record(session, rtype, record_id, fields=("tags",))["tags"]
    service.change_record(
        session, rtype, record_id, {"tags": list(dict.fromkeys([*present, *added]))}
    )


def _work(ids: Sequence[UUID], job: Job) -> tuple[list[UUID], int]:
    done: list[UUID] = []
    failures = 0
    waiting = iter(ids)
    with site().write(g.principal) as session:
        for first in waiting:
            for record_id in _slice(first, waiting):
                try:
                    with session.begin_nested():
                        job(session, record_id)
                    done.append(record_id)
                except KontoraError:
                    failures += 1
            session.commit()
            time.sleep(PAUSE_SECONDS)
    return done, failures


def _slice(first: UUID, waiting: Iterator[UUID]) -> Iterator[UUID]:
    """Records until the time of a slice is over."""
    end = time.monotonic() + SLICE_SECONDS
    yield first
    while time.monotonic() < end:
        following = next(waiting, None)
        if following is None:
            return
        yield following


def _report(done: int, failures: int, undo: str | None) -> None:
    if failures:
        text = n_(
            "%(n)s record could not be changed.", "%(n)s records could not be changed.", failures
        )
        flash.tell(f"{n_('%(n)s record done.', '%(n)s records done.', done)} {text}", "warn", undo)
        return
    words = (
        n_("%(n)s record is in the bin.", "%(n)s records are in the bin.", done)
        if undo
        else n_("%(n)s record changed.", "%(n)s records changed.", done)
    )
    flash.tell(words, "good", undo)


def _keep_undo(rtype: RecordType, ids: Sequence[UUID]) -> str | None:
    """Keep what was deleted under a token; the last one counts."""
    if g.principal.user_id is None:
        return None
    token = secrets.token_urlsafe(12)
    kept = {"token": token, "ids": [str(each) for each in ids], "at": clock.now().isoformat()}
    with site().write(g.principal) as session:
        preferences.put(session, g.principal.user_id, UNDO, kept)
    return f"/{rtype.path}/undo/{token}"


@blueprint.post("/<rtype:rtype>/undo/<token>")
@policy(RECORDS)
def undo(rtype: RecordType, token: str) -> Response:
    """Take the last bulk deletion of this user back."""
    with site().read(g.principal) as session:
        kept = preferences.get(session, g.principal.user_id, UNDO)
    if not isinstance(kept, dict) or str(kept.get("token")) != token:
        raise NotFound(_("This can no longer be undone; the records are in the bin."))
    done, failures = _work(
        as_ids(kept["ids"]), lambda inner, one: service.restore_record(inner, rtype, one)
    )
    text = n_("%(n)s record is back.", "%(n)s records are back.", len(done))
    flash.tell(text, "warn" if failures else "good")
    return make_response(redirect(f"/{rtype.path}", 303))
