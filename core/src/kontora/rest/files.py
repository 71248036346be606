"""Files of records over the API: add, list, read, download, rename, remove, bring back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request
from werkzeug.exceptions import UnsupportedMediaType

from kontora import limits
from kontora.access.predicates import guard_of
from kontora.errors import Invalid
from kontora.http.context import db, principal, site
from kontora.http.files import FRAME, Sent, attached, forget, picture, sent, written
from kontora.records import service as records
from kontora.records.files import service
from kontora.records.files.models import File
from kontora.records.files.store import too_large
from kontora.registry.records import RecordType
from kontora.rest import parameters
from kontora.rest.bodies import body, check_text
from kontora.rest.checks import check
from kontora.rest.records import parsed
from kontora.rest.repeats import once_for
from kontora.text import _

MOST_AT_ONCE = 20
RENAME: Mapping[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 255}},
    "required": ["name"],
    "additionalProperties": False,
}


def can_hold(rtype: RecordType) -> bool:
    """Whether records of this type have files: those that belong to somebody."""
    guard = guard_of(rtype.model)
    return guard is not None and guard.mode == "record"


class FilesOf:
    """The files of the records of one type."""

    def __init__(self, rtype: RecordType) -> None:
        self.rtype = rtype

    def list(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        in_bin = parameters.only_flag("bin")
        record = records.find(db(), self.rtype, wanted)
        rows = service.listing(db(), self.rtype.entity, record.id, in_bin=in_bin)
        return jsonify({"items": _shown(rows, self.rtype.entity, record.id)})

    def add(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        with site().read(principal()) as reading:
            records.find(reading, self.rtype, wanted)
            service.check_add(reading, self.rtype.entity, wanted)
        parameters.no_arguments()
        with written(_sent_files()) as kept:
            return once_for(
                [[name, each.sha256] for name, each in kept],
                lambda: self._attach(kept, wanted),
                lambda: forget(kept),
            )

    def _attach(self, kept: Sent, wanted: UUID) -> Response:
        rows = attached(kept, self.rtype.entity, wanted)
        response = jsonify({"items": _shown(rows, self.rtype.entity, wanted)})
        response.status_code = 201
        return response


def _sent_files() -> list[Any]:
    """The parts named `file` of the body. Raises before the body is read when it is too large."""
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(
            str(_("Send multipart/form-data with the files in parts named “file”."))
        )
    largest = limits.current().upload_bytes
    request.max_content_length = largest + FRAME
    if (request.content_length or 0) > largest + FRAME:
        raise too_large(largest)
    found = [each for each in request.files.getlist("file") if each.filename]
    if not found or len(found) > MOST_AT_ONCE:
        raise Invalid({"file": [_("Send 1 to %(n)s files, with names.") % {"n": MOST_AT_ONCE}]})
    unknown = (set(request.files) | set(request.form)) - {"file"}
    if unknown or len(found) != len(request.files.getlist("file")):
        raise Invalid({sorted(unknown)[0] if unknown else "file": [_("Unknown field.")]})
    return found


def read(record_id: str) -> Response:
    """Facts about one file."""
    parameters.no_arguments()
    return _answer(*_found(record_id))


def content(record_id: str) -> Response:
    """The bytes of a file as they were sent."""
    parameters.no_arguments()
    row, _id = _found(record_id)
    return sent(service.store_of(db()), row)


def page(record_id: str, number: str) -> Response:
    """One picture of the preview."""
    parameters.no_arguments()
    row, _id = _found(record_id)
    wanted = parameters.number_of(number, 999)
    return picture(service.store_of(db()), row, -1 if wanted is None else wanted)


def rename(record_id: str) -> Response:
    """Call a file otherwise."""
    row, _id = _found(record_id, "edit")
    parameters.no_arguments()
    data = body()
    check(dict(RENAME), data)
    check_text("name", data["name"])
    return _answer(service.rename(db(), row.id, data["name"]), row.record_id)


def remove(record_id: str) -> Response:
    """Put a file into the bin."""
    row, _id = _found(record_id, "edit")
    parameters.no_arguments()
    service.remove(db(), row.id)
    return Response(status=204)


def restore(record_id: str) -> Response:
    """Take a file out of the bin."""
    parameters.no_arguments()
    row = service.restore(db(), parsed(record_id))
    return _answer(row, row.record_id)


def _found(file_id: str, verb: str = "view") -> tuple[File, UUID]:
    row, found = service.find(db(), parsed(file_id))
    if verb == "edit":
        service.check_edit(db(), found)
    return row, found.id


def _answer(row: File, record_id: UUID) -> Response:
    return jsonify(_shown([row], row.entity, record_id)[0])


def _shown(rows: list[File], entity: str, record_id: UUID) -> list[dict[str, Any]]:
    return service.shown(db(), rows, service.holder(db(), entity, record_id))
