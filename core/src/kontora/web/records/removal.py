"""Into the bin and back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, make_response, redirect, request
from werkzeug.datastructures import MultiDict

from kontora.http.context import db
from kontora.http.policy import RECORDS, policy
from kontora.records import service
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web import flash
from kontora.web.addresses import came_from
from kontora.web.records.blueprint import blueprint


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/delete")
@policy(RECORDS)
def delete(rtype: RecordType, record_id: UUID) -> Response:
    """Move a record to the bin, with ten seconds to think better of it."""
    session = db()
    record = service.get_record(session, rtype, record_id, fields=(rtype.title,))
    version = MultiDict(request.form).get("version", type=int)
    service.delete_record(session, rtype, record_id, version)
    name = record.get(rtype.title) or rtype.label
    back = f"/{rtype.path}/{record_id}/restore"
    flash.tell(_("“%(name)s” is in the bin.") % {"name": name}, "good", back)
    own = f"/{rtype.path}/{record_id}"
    source = came_from(f"/{rtype.path}")
    return make_response(redirect(f"/{rtype.path}" if source.startswith(own) else source, 303))


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/restore")
@policy(RECORDS)
def restore(rtype: RecordType, record_id: UUID) -> Response:
    """Bring a record back from the bin."""
    service.restore_record(db(), rtype, record_id)
    flash.tell(_("It is back."), "good")
    return make_response(redirect(f"/{rtype.path}/{record_id}", 303))
