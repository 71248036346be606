"""Files over HTTP, the same for pages and API: how they are taken in, and how they are sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from flask import Response, send_file
from werkzeug.datastructures import FileStorage

from kontora import limits
from kontora.errors import NotFound
from kontora.http.context import db, site
from kontora.http.security import POLICY
from kontora.records.files import kinds, names, room, service
from kontora.records.files.models import File
from kontora.records.files.store import Kept, Store
from kontora.text import _

# What stands round the files in the body of a request.
FRAME = 64 * 1024
# A browser that opens it all the same runs nothing of it, and knows nothing of our cookies.
CONFINED = f"sandbox; {POLICY}"


Sent = Sequence[tuple[str, Kept]]


def taken(uploads: Sequence[FileStorage], entity: str, record_id: UUID) -> list[File]:
    """Write what was sent to the disk, then attach it to a record: all of it or nothing."""
    with written(uploads) as kept:
        return attached(kept, entity, record_id)


@contextmanager
def written(uploads: Sequence[FileStorage]) -> Iterator[Sent]:
    """Files that were sent, on the disk with the names they came with, before anybody waits for
    the writing session. After an exception within the block nothing of them is left."""
    store = Store(site().settings.home)
    largest = limits.current().upload_bytes
    kept: list[tuple[str, Kept]] = []
    try:
        for each in uploads:
            kept.append((each.filename or "", store.keep(each.stream, largest)))
            each.close()
        yield kept
    except BaseException:
        forget(kept)
        raise


def attached(kept: Sent, entity: str, record_id: UUID) -> list[File]:
    """Attach bytes on the disk to a record. Raises TooLarge, TooMany beyond what may be kept."""
    session = db()
    room.take(session, sum(each.size for _name, each in kept))
    return [service.add(session, entity, record_id, name, each) for name, each in kept]


def forget(kept: Sent) -> None:
    """Delete bytes that belong to nothing."""
    store = Store(site().settings.home)
    for _name, each in kept:
        store.remove(each.stored)


def sent(store: Store, row: File) -> Response:
    """The bytes of a file, always to be saved: never shown, never run."""
    path = store.path(row.stored)
    if not path.is_file():
        raise NotFound(
            _("The content of this file is missing."),
            _("An administrator can bring it back from a backup."),
        )
    response = send_file(path, mimetype=kinds.served(row.content_type), etag=False)
    response.headers.pop("Last-Modified", None)
    response.headers["Content-Disposition"] = names.disposition(row.name)
    response.headers["Content-Security-Policy"] = CONFINED
    response.headers["Cache-Control"] = "no-store, private"
    return response


def picture(store: Store, row: File, number: int) -> Response:
    """One picture of the preview of a file, drawn by us."""
    path = store.picture(row.stored, number)
    if not 0 <= number <= row.pages or not row.pages or not path.is_file():
        raise NotFound(_("There is no such picture."))
    response = send_file(path, mimetype="image/webp", etag=False)
    response.headers.pop("Last-Modified", None)
    response.headers["Content-Security-Policy"] = CONFINED
    response.headers["Cache-Control"] = "no-store, private"
    return response
