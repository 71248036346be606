"""How a user wants a list to look: its columns with their widths, the kind of view, the order of
its saved views, and, for all lists, how high rows are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, request

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.records import RecordType
from kontora.web import preferences
from kontora.web.addresses import came_from
from kontora.web.records.blueprint import blueprint
from kontora.web.records.listing import key_of, listable

STEP = 16  # widths are kept in steps, for each is a class: a page has no styles of its own
NARROWEST, WIDEST = 4, 40
ROWS = "list-rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What is kept. `widths` are steps of 16 px by column; `order` are keys of saved views."""

    columns: tuple[str, ...] = ()
    widths: Mapping[str, int] = field(default_factory=dict)
    kind: str = ""
    order: tuple[str, ...] = ()
    compact: bool = False


def layout_of(session: ScopedSession, rtype: RecordType) -> Layout:
    """The layout of a list, read in one statement; what is damaged counts as not there."""
    keys = (key_of(rtype), _key(rtype), ROWS)
    kept = preferences.several(session, session.principal.user_id, keys)
    own = kept.get(_key(rtype))
    own = own if isinstance(own, dict) else {}
    widths = own.get("widths")
    return Layout(
        columns=_texts(kept.get(key_of(rtype))),
        widths={
            str(name): int(each)
            for name, each in (widths if isinstance(widths, dict) else {}).items()
            if isinstance(each, int) and NARROWEST <= each <= WIDEST
        },
        kind=str(own.get("kind") or ""),
        order=_texts(own.get("order")),
        compact=kept.get(ROWS) == "compact",
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def _key(rtype: RecordType) -> str:
    return f"layout:{rtype.path}"


@blueprint.post("/<rtype:rtype>/layout")
@policy(RECORDS)
def keep_layout(rtype: RecordType) -> Response:
    """Keep what was moved, widened or chosen in the list: `columns`, `order` (repeated),
    `width.<column>` in steps, `kind`, `rows`. A script gets an empty answer."""
    session = db()
    service.require(session, rtype, "view")
    user_id = session.principal.user_id
    if user_id is not None:
        _keep(session, rtype, user_id)
    if request.headers.get("X-Part"):
        return make_response("", 204)
    return make_response(redirect(came_from(f"/{rtype.path}"), 303))


def _keep(session: ScopedSession, rtype: RecordType, user_id: UUID) -> None:
    form, known = request.form, {each.name for each in listable(session, rtype)}
    kept = preferences.get(session, user_id, _key(rtype))
    own: dict[str, Any] = dict(kept) if isinstance(kept, dict) else {}
    before = dict(own)
    if columns := [each for each in form.getlist("columns") if each in known]:
        preferences.put(session, user_id, key_of(rtype), columns)
    widths = dict(own["widths"]) if isinstance(own.get("widths"), dict) else {}
    for name in form:
        column = name.removeprefix("width.")
        if column != name and column in known:
            steps = form.get(name, 0, type=int)
            widths[column] = min(max(steps, NARROWEST), WIDEST)
            if not steps:
                del widths[column]
            own["widths"] = widths
    if "kind" in form:
        own["kind"] = form["kind"][:64]
    if order := form.getlist("order"):
        own["order"] = [each[:32] for each in order[:200]]
    if own != before:
        preferences.put(session, user_id, _key(rtype), own)
    keep_rows(session, user_id, form.get("rows"))


def keep_rows(session: ScopedSession, user_id: UUID, height: str | None) -> None:
    """Keep how high rows are in all lists: compact or normal."""
    if height in ("compact", "normal"):
        preferences.put(session, user_id, ROWS, "compact" if height == "compact" else None)
