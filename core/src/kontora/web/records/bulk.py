"""Work on many records of a list: the selected ones, or all that match.

It is written in short slices, each in a transaction of its own, so that other writers wait
milliseconds and not until the last record.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response, g, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, KontoraError, NotFound
from kontora.http.context import site
from kontora.http.policy import RECORDS, policy
from kontora.parties import groups
from kontora.records import bulk as records
from kontora.records import service
from kontora.records.filters import as_ids
from kontora.records.schema import writable_fields
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _, n_
from kontora.web import flash, forms, preferences
from kontora.web.addresses import with_query
from kontora.web.records import bulk_pages, filtering, saved_views
from kontora.web.records.blueprint import blueprint
from kontora.web.records.listing import ListState

IN_REQUEST = 1_000  # more are done by a job
SLICE_SECONDS, PAUSE_SECONDS = 0.05, 0.005
UNDO = "undo"
_SETTING = frozenset({"owner", "branch", "state", "stage", "tags"})
_NAMES = ("owner", "branch", "state", "stage")
# False: there was nothing to change; a number: the version that the change made; None: an undo
# that was not done, since the record was changed in the meantime.
Job = Callable[[ScopedSession, UUID], bool | int | None]


def actions(session: ScopedSession, rtype: RecordType) -> list[dict[str, Any]]:
    """The buttons of the bulk bar: only what the principal may do on some record."""
    fields = changeable(session, rtype)
    icons = {
        "owner": "user-check",
        "branch": "building-community",
        "state": "circle-check",
        "stage": "progress",
        "tags": "tag",
    }
    labels: dict[str, Text] = {
        "owner": _("Assign"),
        "branch": _("Move to a branch"),
        "state": _("Set the state"),
        "stage": _("Set the stage"),
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
    found += [
        {"label": each.label, "icon": "users-group", "dialog": f"bulk-{each.name}", "field": each}
        for each in _group_fields(session, rtype)
    ]
    if rtype.has_bin and service.grants_of(session, rtype, "delete"):
        found.append({"label": _("Move to the bin"), "icon": "trash", "value": "delete"})
    return found


def _group_fields(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """What puts parties into a group, or takes them out; for whoever may change some group."""
    groups_type = session.registry.record_type(groups.PATH)
    if rtype.entity != "party" or not service.grants_of(session, groups_type, "edit"):
        return []
    labels = {"group_add": _("Add to a group"), "group_remove": _("Take out of a group")}
    return [
        Field(name=name, label=label, type=FieldType.REFERENCE, target="group")
        for name, label in labels.items()
    ]


def changeable(session: ScopedSession, rtype: RecordType) -> list[Field]:
    """The fields that can be set for many records at once."""
    if not service.grants_of(session, rtype, "edit"):
        return []
    fields = {
        each.name: each for each in writable_fields(rtype, session.principal.rights, "change")
    }
    may_assign = service.grants_of(session, rtype, "assign")
    found = [
        fields[name]
        for name in _NAMES
        if name in fields and (name in ("state", "stage") or may_assign)
    ]
    tags = fields.get("tags")
    return [*found, tags] if tags is not None and tags.type is FieldType.TAGS else found


@blueprint.post("/<rtype:rtype>/bulk")
@policy(RECORDS)
def bulk(rtype: RecordType) -> Response:
    """Do one action on the selected records and tell how many took it."""
    with site().read(g.principal) as session:
        service.require(session, rtype, "view")
        state = _list_of(session, rtype)
        back = make_response(redirect(with_query(f"/{rtype.path}", state.pairs()), 303))
        ids = _chosen(session, rtype, state)
        action = request.form.get("action", "")
        job, undo = _job(session, rtype, action)
        offered = filtering.choosable(session, rtype)
        fields = [each for each in changeable(session, rtype) if each.name == action]
    if len(ids) > IN_REQUEST and request.form.get("all") == "1":
        sent = forms.read(fields, request.form)
        return bulk_pages.queue(rtype, state, state.filter(offered), action, sent)
    if not ids:
        flash.tell(_("Nothing was selected."), "warn")
        return back
    made, failures = _work(ids, job)
    done = {one: each for one, each in made.items() if each is not False}
    path = _keep_undo(rtype, done, action) if undo and done else None
    _report(len(made) if action in _SETTING else len(done), failures, path, action == "delete")
    return back


def _list_of(session: ScopedSession, rtype: RecordType) -> ListState:
    """The list from which the selection was made. Its conditions have brackets in their names;
    `tags` or `owner` without them are what is to be set."""
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if "[" in name or name in saved_views.PARAMETERS
    ]
    found = saved_views.opened(session, rtype, MultiDict(kept))
    if found.problems:
        text = _("The view cannot be applied as it was meant, so nothing was changed.")
        raise Conflict(text, _("Open the list without the condition that does not fit."))
    return found.state


def _chosen(session: ScopedSession, rtype: RecordType, state: ListState) -> list[UUID]:
    if request.form.get("all") != "1":
        return as_ids(list(dict.fromkeys(request.form.getlist("ids"))))
    offered = filtering.choosable(session, rtype)
    return service.matching(session, rtype, state.query(rtype, offered, ()))


def _job(session: ScopedSession, rtype: RecordType, action: str) -> tuple[Job, bool]:
    """What to do with each record, and whether it can be undone."""
    if action == "delete":
        return lambda inner, record_id: _delete(inner, rtype, record_id), True
    if action in ("group_add", "group_remove"):
        return _membership(session, rtype, action), True
    fields = {each.name: each for each in changeable(session, rtype)}
    if action not in fields:
        raise NotFound(_("There is no such action on these records."))
    sent = forms.read([fields[action]], request.form)
    if action == "tags":
        added = sent.get("tags") or []
        return lambda inner, record_id: _tag(inner, rtype, record_id, added), True
    return lambda inner, record_id: _change(inner, rtype, record_id, sent), True


def _membership(session: ScopedSession, rtype: RecordType, action: str) -> Job:
    (group_id,) = as_ids([request.form.get(action) or ""])
    groups.changeable(session, group_id)
    return _joining(rtype, group_id, action)


def _joining(rtype: RecordType, group_id: UUID, action: str) -> Job:
    """Put into a group, or take out; False where that changes nothing, so that an undo does not
    touch it either."""
    do = groups.add if action == "group_add" else groups.remove

    def job(session: ScopedSession, record_id: UUID) -> bool:
        service.find(session, rtype, record_id)
        return bool(do(session, group_id, [record_id]))

    return job


def _delete(session: ScopedSession, rtype: RecordType, record_id: UUID) -> bool:
    service.delete_record(session, rtype, record_id)
    return True


def _change(session: ScopedSession, rtype: RecordType, record_id: UUID, data: Any) -> int | bool:
    """The version that the change made; False when the values stood there already."""
    saved = service.change_record(session, rtype, record_id, data)
    return saved.version if saved.changed else False


def _tag(
    session: ScopedSession, rtype: RecordType, record_id: UUID, added: Sequence[str]
) -> int | bool:
    present = service.get_record(session, rtype, record_id, fields=("tags",))["tags"]
    tags = list(dict.fromkeys([*present, *added]))
    return _change(session, rtype, record_id, {"tags": tags})


def _work(ids: Sequence[UUID], job: Job) -> tuple[dict[UUID, bool | int | None], int]:
    """What became of each record, and how many could not be changed."""
    done: dict[UUID, bool | int | None] = {}
    failures = 0
    waiting = iter(ids)
    with site().write(g.principal) as session:
        for first in waiting:
            for record_id in _slice(first, waiting):
                try:
                    with session.begin_nested():
                        done[record_id] = job(session, record_id)
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


def _report(done: int, failures: int, undo: str | None, binned: bool) -> None:
    if failures:
        text = n_(
            "%(n)s record could not be changed.", "%(n)s records could not be changed.", failures
        )
        flash.tell(f"{n_('%(n)s record done.', '%(n)s records done.', done)} {text}", "warn", undo)
        return
    words = (
        n_("%(n)s record is in the bin.", "%(n)s records are in the bin.", done)
        if binned
        else n_("%(n)s record changed.", "%(n)s records changed.", done)
    )
    flash.tell(words, "good", undo)


def _keep_undo(
    rtype: RecordType, done: Mapping[UUID, bool | int | None], action: str
) -> str | None:
    """Keep what was done to which records under a token; the last one counts."""
    if g.principal.user_id is None:
        return None
    token = secrets.token_urlsafe(12)
    kept: dict[str, Any] = {"token": token, "at": clock.now().isoformat()}
    kept |= {"ids": [str(each) for each in done], "versions": list(done.values())}
    kept |= {"action": action, "group": request.form.get(action) or ""}
    with site().write(g.principal) as session:
        preferences.put(session, g.principal.user_id, UNDO, kept)
    return f"/{rtype.path}/undo/{token}"


@blueprint.post("/<rtype:rtype>/undo/<token>")
@policy(RECORDS)
def undo(rtype: RecordType, token: str) -> Response:
    """Take the last bulk work of this user back: a deletion, a change of a group, or of a field.
    What somebody has changed since stays as it is."""
    with site().read(g.principal) as session:
        kept = preferences.get(session, g.principal.user_id, UNDO)
    if not isinstance(kept, dict) or str(kept.get("token")) != token:
        late = _("This can no longer be undone: something else was done since.")
        raise NotFound(late, _("Deleted records are in the bin; values are in the history."))
    text: object
    other = {"group_add": "group_remove", "group_remove": "group_add"}.get(kept.get("action", ""))
    if other is not None:
        (group_id,) = as_ids([kept["group"]])
        done, failures = _work(as_ids(kept["ids"]), _joining(rtype, group_id, other))
        text = n_("%(n)s record changed.", "%(n)s records changed.", len(done))
    elif kept.get("action", "delete") == "delete":
        done, failures = _work(as_ids(kept["ids"]), _restoring(rtype))
        text = n_("%(n)s record is back.", "%(n)s records are back.", len(done))
    else:
        done, failures = _work(as_ids(kept["ids"]), _taking_back(rtype, kept))
        taken = sum(each is not None for each in done.values())
        text = n_("%(n)s record is as it was.", "%(n)s records are as they were.", taken)
        if left := len(done) - taken:
            more = n_(
                "%(n)s was changed since and stays as it is.",
                "%(n)s were changed since and stay as they are.",
                left,
            )
            text, failures = f"{text} {more}", failures + left
    flash.tell(str(text), "warn" if failures else "good")
    return make_response(redirect(f"/{rtype.path}", 303))


def _restoring(rtype: RecordType) -> Job:
    return lambda session, record_id: service.restore_record(session, rtype, record_id)


def _taking_back(rtype: RecordType, kept: Mapping[str, Any]) -> Job:
    versions = dict(zip(as_ids(kept["ids"]), kept["versions"], strict=True))
    return lambda session, record_id: records.take_back(
        session, rtype, record_id, int(versions[record_id])
    )
