"""Files of records in the browser: add, look at, download, rename, remove and bring back.

Each address asks for the right anew; nothing of what people uploaded is ever shown as it is.
"""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request
from flask import session as cookie
from werkzeug.datastructures import FileStorage

from kontora import limits
from kontora.errors import Invalid
from kontora.http.context import DEVICE, db, principal, site
from kontora.http.files import FRAME, picture, sent, taken
from kontora.http.policy import RECORDS, policy
from kontora.lifecycle.site import Site
from kontora.records import service as records
from kontora.records.files import kinds, room, service, texts
from kontora.records.files.holders import Holder
from kontora.records.files.models import File
from kontora.records.files.store import too_large
from kontora.registry.records import RecordType
from kontora.text import _, n_
from kontora.web import flash
from kontora.web.addresses import is_fragment
from kontora.web.file_words import problem, size, type_name

blueprint = Blueprint("files", __name__)
SHOWN_TEXT = 20_000


def register(app: Flask, site: Site) -> None:
    """Add the pages of files; only their upload may be larger than other requests."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters.update(file_size=size, file_type=type_name, file_problem=problem)
    # Before the protection against other sites, which reads the whole form.
    app.before_request_funcs.setdefault(None, []).insert(0, _allow_files)


def _allow_files() -> None:
    if request.method != "POST" or not request.path.endswith("/files") or not cookie.get(DEVICE):
        return
    largest = limits.current().upload_bytes
    request.max_content_length = largest + FRAME
    if (request.content_length or 0) > largest + FRAME:
        raise too_large(largest)


@blueprint.post("/<rtype:rtype>/<uuid:record_id>/files")
@policy(RECORDS)
def upload(rtype: RecordType, record_id: UUID) -> Response:
    """Keep one or more files. The bytes are written before the writing session is opened, so that
    nobody waits for them."""
    with site().read(principal()) as reading:
        records.find(reading, rtype, record_id)
        service.check_add(reading, rtype.entity, record_id)
        room.check(reading, 1)
    made = taken(_chosen(), rtype.entity, record_id)
    if is_fragment():
        return Response(status=204)
    told = n_("%(n)s file was added.", "%(n)s files were added.", len(made))
    flash.tell(told, "good")
    return make_response(redirect(f"/{rtype.path}/{record_id}", 303))


def _chosen() -> list[FileStorage]:
    found = [each for each in request.files.getlist("file") if each.filename]
    if not found:
        raise Invalid({"file": [_("Choose a file.")]})
    return found


@blueprint.get("/files/<uuid:file_id>")
@policy(RECORDS)
def show(file_id: UUID) -> str:
    """What a file looks like: its pages as pictures, or its text; for htmx without the frame."""
    session = db()
    row, found = service.find(session, file_id)
    text = texts.of_file(session, file_id) if not row.pages else ""
    template = "preview.html" if is_fragment() else "page.html"
    return render_template(
        f"core/pages/files/{template}",
        page={"title": row.name},
        file=row,
        base=_base(found),
        text=text[:SHOWN_TEXT],
        cut=len(text) > SHOWN_TEXT,
        icon_name=kinds.icon(row.content_type),
        may_edit=service.may_edit(session, found),
    )


@blueprint.get("/files/<uuid:file_id>/download")
@policy(RECORDS)
def download(file_id: UUID) -> Response:
    """The bytes as they were sent, to be saved and not to be shown."""
    row, _found = service.find(db(), file_id)
    return sent(service.store_of(db()), row)


@blueprint.get("/files/<uuid:file_id>/pictures/<int:number>")
@policy(RECORDS)
def show_picture(file_id: UUID, number: int) -> Response:
    """One picture of the preview; 0 is the small one."""
    row, _found = service.find(db(), file_id)
    return picture(service.store_of(db()), row, number)


@blueprint.post("/files/<uuid:file_id>/rename")
@policy(RECORDS)
def rename(file_id: UUID) -> Response:
    """Call it otherwise."""
    row = service.rename(db(), file_id, request.form.get("name", ""))
    flash.tell(_("It is called “%(name)s” now.") % {"name": row.name}, "good")
    return _back(row)


@blueprint.post("/files/<uuid:file_id>/delete")
@policy(RECORDS)
def remove(file_id: UUID) -> Response:
    """Move a file to the bin, with ten seconds to think better of it."""
    row = service.remove(db(), file_id)
    undo = f"/files/{file_id}/restore"
    flash.tell(_("“%(name)s” is in the bin.") % {"name": row.name}, "good", undo)
    return _back(row)


@blueprint.post("/files/<uuid:file_id>/restore")
@policy(RECORDS)
def restore(file_id: UUID) -> Response:
    """Bring a file back from the bin."""
    row = service.restore(db(), file_id)
    flash.tell(_("It is back."), "good")
    return _back(row)


def _back(row: File) -> Response:
    found = service.holder(db(), row.entity, row.record_id)
    return make_response(redirect(_base(found), 303))


def _base(found: Holder) -> str:
    return f"/{found.rtype.path}/{found.id}"
