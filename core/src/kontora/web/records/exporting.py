"""Download a list as it stands: its filter, its order, its columns."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, request

from kontora import clock, limits, text
from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, TooMany
from kontora.http.context import db, principal, site
from kontora.http.policy import RECORDS, policy
from kontora.lifecycle.site import Site
from kontora.records.query import Query, list_records
from kontora.records.transfer.export import MEDIA, SUFFIXES, exporting, log, narrowed
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web.records import filtering, saved_views
from kontora.web.records.blueprint import blueprint
from kontora.web.records.listing import ListState, columns
from kontora.work import throttle

LABELS = (
    ("csv", "CSV", "file-text"),
    ("xlsx", "Excel", "file-spreadsheet"),
    ("vcard", "vCard", "address-book"),
    ("json", "JSON", "file"),
)
# People ask for `vcf`, since that is how the file is called.
ALIASES = {"vcf": "vcard"}
HOUR = 3600.0
WHOLE = frozenset({"json", "vcard"})


def items(rtype: RecordType, state: ListState) -> list[dict[str, Any]]:
    """The entries of the export menu for this very list."""
    own = replace(state, path=f"{state.path}/export", cursor="", trail=())
    return [
        {"label": label, "url": own.url(("format", name)), "icon": icon}
        for name, label, icon in LABELS
        if name != "vcard" or rtype.entity == "party"
    ]


@blueprint.get("/<rtype:rtype>/export")
@policy(RECORDS)
def export(rtype: RecordType) -> Response:
    """The file, sent while it is being written. Rights, filter and format are checked before."""
    session = db()
    _count(principal())
    wanted = request.args.get("format", "csv")
    format = ALIASES.get(wanted, wanted)
    state = saved_views.opened(session, rtype, request.args).state
    query = state.query(rtype, filtering.choosable(session, rtype), ())
    chosen = _columns(session, rtype, query, format, state.columns)
    # An address that cannot be understood is refused now: once bytes are sent it is too late.
    list_records(session, rtype, replace(query, limit=1))
    body = _written(site(), principal(), rtype, query, format, chosen)
    name = f"{rtype.slug}-{clock.now():%Y-%m-%d}{SUFFIXES[format]}"
    response = Response(body, content_type=MEDIA[format])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _count(asked_by: Principal) -> None:
    """Raise TooMany for somebody who takes away more lists than work needs."""
    most = limits.current().exports_per_hour
    with site().database.write_engine.begin() as connection:
        key = f"export:{asked_by.user_id}"
        if throttle.hit(connection, key, most, HOUR):
            return
        wait = throttle.wait(connection, key, most, HOUR)
    raise TooMany(
        _("A user may export %(n)s lists an hour.") % {"n": most},
        _("Wait, or ask somebody who may export as well."),
        retry_after=max(1, int(wait)),
    )


def _columns(
    session: ScopedSession,
    rtype: RecordType,
    query: Query,
    format: str,
    shown: Sequence[str],
) -> Sequence[str] | None:
    """The columns on the screen where they fit into a table; else all that there are."""
    names = None if format in WHOLE else [each.name for each in columns(session, rtype, shown)]
    try:
        exporting(session, rtype, query, format, names)
    except Invalid:
        exporting(session, rtype, query, format, None)
        return None
    return names


def _written(
    own: Site,
    asked_by: Principal,
    rtype: RecordType,
    query: Query,
    format: str,
    names: Sequence[str] | None,
) -> Iterator[bytes]:
    """The pieces of the file. It has a session of its own: that of the request has ended."""
    buffer, rows = io.BytesIO(), 0
    whole = False
    try:
        with text.use_locale(asked_by.locale), own.read_copy(asked_by) as session:
            for written in exporting(session, rtype, query, format, names).into(buffer):
                rows = written
                yield _taken(buffer)
            yield _taken(buffer)
        whole = True
    finally:
        # Who breaks off has what was sent by then.
        if rows or whole:
            log(own, asked_by, rtype.path, rows, format, narrowed(query))


def _taken(buffer: io.BytesIO) -> bytes:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece
