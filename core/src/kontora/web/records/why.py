"""Why something cannot be done with a record: which right is missing, and who can give it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect

from kontora.errors import Forbidden
from kontora.http.context import db
from kontora.http.failures import describe
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.records import RecordType
from kontora.text import Text, _
from kontora.web.errors import told
from kontora.web.records.blueprint import blueprint

QUESTIONS: Mapping[str, Text] = {
    "edit": _("Why can I not edit this?"),
    "delete": _("Why can I not delete this?"),
}


def questions(rtype: RecordType, base: str, rights: Mapping[str, bool]) -> list[dict[str, Any]]:
    """Items of the menu of a record, for what this user may not do with it."""
    asked = [verb for verb in QUESTIONS if verb != "delete" or rtype.has_bin]
    return [
        {"label": QUESTIONS[verb], "url": f"{base}/why/{verb}", "icon": "lock"}
        for verb in asked
        if not rights[verb]
    ]


@blueprint.get("/<rtype:rtype>/<uuid:record_id>/why/<any(edit,delete):verb>")
@policy(RECORDS)
def why(rtype: RecordType, record_id: UUID, verb: str) -> Response:
    """The words of the refusal; of a record that one may not see there is no answer but 404."""
    session = db()
    record = service.find(session, rtype, record_id)
    try:
        service.check_may(session, rtype, record, verb)
    except Forbidden as error:
        return told(describe(error))
    return make_response(redirect(f"/{rtype.path}/{record_id}"))
