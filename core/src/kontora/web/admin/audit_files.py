"""The audit log as a file, with the filter of its page."""

from __future__ import annotations

from flask import Response, request

from kontora import clock
from kontora.errors import Invalid
from kontora.http.context import principal, site
from kontora.http.policy import needs, policy
from kontora.privacy import audit_export
from kontora.text import _
from kontora.web.admin.audit import wanted
from kontora.web.admin.blueprint import blueprint

AUDIT = needs("admin.audit")
MEDIA = {"csv": "text/csv; charset=utf-8", "json": "application/x-ndjson"}


@blueprint.get("/audit/export")
@policy(AUDIT)
def export_audit() -> Response:
    """`?format=csv` or `json`, and the parameters of the page."""
    format = request.args.get("format", "csv")
    if format not in audit_export.FORMATS:
        raise Invalid({"format": [_("Choose one of: %(known)s.") % {"known": "csv, json"}]})
    names = ("user", "entity", "verb", "since", "until")
    found = wanted({name: request.args.get(name, "") for name in names})
    body = audit_export.pieces(site(), principal(), found, format)
    response = Response(body, content_type=MEDIA[format])
    name = f"audit-{clock.now():%Y-%m-%d}.{'csv' if format == 'csv' else 'jsonl'}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response
