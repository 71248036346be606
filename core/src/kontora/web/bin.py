"""The bin: deleted records by type, and the way back for one or many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy import func, select

from kontora.access.session import ScopedSession
from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.privacy.bin import days as bin_days
from kontora.records import service
from kontora.records.changes import DOOR
from kontora.records.filters import as_ids
from kontora.records.models import ChangeRow
from kontora.records.service import Query
from kontora.registry.records import RecordType
from kontora.text import _, n_
from kontora.web import flash, names
from kontora.web.addresses import with_query

blueprint = Blueprint("bin", __name__)
MOST = 1_000
_change: Any = ChangeRow.__table__


@blueprint.get("/bin")
@policy(RECORDS)
def bin_page() -> str:
    """What was deleted, of one record type; `type` is its path."""
    session = db()
    types = _types(session)
    rtype = _chosen(types, request.args.get("type"))
    shown: dict[str, Any] = {"rows": [], "total": 0, "next_url": None}
    if rtype is not None:
        shown = _page(session, rtype, request.args.get("cursor"))
    return render_template(
        "core/pages/bin.html",
        page={"title": _("Bin")},
        tabs=[_tab(each, rtype) for each in types],
        rtype=rtype,
        keeps=bin_days(session, rtype.entity) if rtype is not None else 0,
        may_restore=rtype is not None and service.grants_of(session, rtype, "delete"),
        **shown,
    )


def _types(session: ScopedSession) -> list[RecordType]:
    """The record types that have a bin and that the user may see."""
    return [
        each
        for each in session.registry.record_types.values()
        if each.has_bin and service.grants_of(session, each, "view")
    ]


def _chosen(types: Sequence[RecordType], path: str | None) -> RecordType | None:
    if not path:
        return types[0] if types else None
    found = next((each for each in types if each.path == path), None)
    if found is None:
        raise NotFound(_("There is no such record type."))
    return found


def _tab(each: RecordType, chosen: RecordType | None) -> dict[str, Any]:
    url = with_query("/bin", [("type", each.path)])
    return {"label": each.label_plural, "url": url, "active": each is chosen}


def _page(session: ScopedSession, rtype: RecordType, cursor: str | None) -> dict[str, Any]:
    query = Query(
        fields=(rtype.title,), sort=("-updated_at",), bin=True, total=True, cursor=cursor or None
    )
    page = service.list_records(session, rtype, query)
    ids = [UUID(each["id"]) for each in page.items]
    deleted = _deletions(session, rtype, ids)
    kinds = names.kinds(session, rtype.entity, ids)
    next_url = with_query("/bin", [("type", rtype.path), ("cursor", page.next or "")])
    return {
        "rows": [_row(rtype, each, deleted, kinds) for each in page.items],
        "total": page.total,
        "next_url": next_url if page.next else None,
    }


def _row(
    rtype: RecordType,
    item: dict[str, Any],
    deleted: dict[UUID, tuple[Any, str]],
    kinds: dict[UUID, str],
) -> dict[str, Any]:
    record_id = UUID(item["id"])
    at, who = deleted.get(record_id, (None, ""))
    back = f"/bin/restore?type={rtype.path}&ids={record_id}"
    name = item.get(rtype.title) or str(_("no name"))
    return {
        "id": item["id"],
        "kind": kind if (kind := kinds.get(record_id)) in ("person", "organisation") else None,
        "name": name,
        "cells": {"name": name, "at": at, "who": who},
        "back_url": back,
    }


def _deletions(
    session: ScopedSession, rtype: RecordType, ids: Sequence[UUID]
) -> dict[UUID, tuple[Any, str]]:
    """When and by whom these records, which the scope has shown, were deleted last."""
    if not ids:
        return {}
    mine = _change.c.entity == rtype.entity, _change.c.record_id.in_(ids)
    last = select(func.max(_change.c.id)).where(*mine, _change.c.verb == "delete")
    last = last.group_by(_change.c.record_id)
    rows = session.execute(
        select(_change.c.record_id, _change.c.at, _change.c.principal_name)
        .add_columns(_change.c.principal_kind)
        .where(_change.c.id.in_(last)),
        execution_options=DOOR,
    )
    return {row.record_id: (row.at, _who(row)) for row in rows}


def _who(row: Any) -> str:
    own = row.principal_kind == "system"
    return str(_("the system")) if own else str(row.principal_name)


@blueprint.post("/bin/restore")
@policy(RECORDS)
def restore() -> Response:
    """Bring back the chosen records of a type (`ids`), or all of them (`all=1`)."""
    session = db()
    rtype = _chosen(_types(session), request.values.get("type"))
    if rtype is None:
        raise NotFound(_("There is no such record type."))
    result = service.restore_many(session, rtype, _ids(session, rtype))
    if not result.rows:
        flash.tell(_("Nothing was selected."), "warn")
    elif result.failed:
        done = n_("%(n)s record is back.", "%(n)s records are back.", result.done)
        failed = len(result.failed)
        rest = n_("%(n)s could not be restored.", "%(n)s could not be restored.", failed)
        flash.tell(f"{done} {rest}", "warn")
    else:
        flash.tell(n_("%(n)s record is back.", "%(n)s records are back.", result.done), "good")
    return make_response(redirect(with_query("/bin", [("type", rtype.path)]), 303))


def _ids(session: ScopedSession, rtype: RecordType) -> list[UUID]:
    if request.values.get("all") != "1":
        return as_ids(list(dict.fromkeys(request.values.getlist("ids"))))
    with session.with_deleted():
        ids = service.matching(session, rtype, Query(bin=True))
    if len(ids) > MOST:
        text = _("These are more than %(n)s records. Bring them back in parts.") % {"n": MOST}
        raise Invalid({"": [text]})
    return ids
