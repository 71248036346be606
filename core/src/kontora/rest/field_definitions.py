"""Custom fields for programs that set up others: what administrators do on the page, by API.

All of it needs the right `admin.settings`. A field belongs to all records of its entity, also to
those that the administrator does not see, so the session of the request acts in his name with all
rights (`define.elevated`), as that of the page does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from flask import Response, g, jsonify

from kontora.errors import Invalid, Stale
from kontora.http.context import db, principal
from kontora.records.custom import define
from kontora.records.custom.definition import choices_of, type_of
from kontora.records.models import CustomField
from kontora.rest.bodies import body
from kontora.rest.checks import check
from kontora.rest.etags import etag, expected
from kontora.rest.field_paths import CHANGE, CREATE, ORDER
from kontora.rest.parameters import Arguments, no_arguments
from kontora.text import _

View = Callable[..., Response]
FLAGS = ("required", "indexed", "profile", "in_list")
_RENAMED = {"unique": "is_unique", "default": "default_value"}


def elevating(view: View) -> View:
    """Let the one session of the request work on the values of all records. Its policy has been
    asked before; the log of changes names the administrator."""

    @wraps(view)
    def answer(**arguments: Any) -> Response:
        g.principal = define.elevated(principal())
        return view(**arguments)

    return answer


def listed(entity: str) -> Response:
    """The definitions of an entity in their order, archived ones at the end."""
    no_arguments()
    define.rtype_of(db(), entity)
    return jsonify({"items": [_shown(each) for each in define.listing(db(), entity)]})


def create(entity: str) -> Response:
    """Make a field; it is there from the next request on, in every process."""
    no_arguments()
    define.rtype_of(db(), entity)
    data = body()
    check(CREATE, data)
    with _names_of_api():
        row = define.create(db(), entity, _given(data))
    response = _answer(row)
    response.status_code = 201
    response.headers["Location"] = f"/api/v1/fields/{entity}/{row.key}"
    return response


def arrange(entity: str) -> Response:
    """Put the fields into an order; those not named follow."""
    no_arguments()
    define.rtype_of(db(), entity)
    data = body()
    check(ORDER, data)
    known = {each.key for each in define.listing(db(), entity)}
    for key in data["order"]:
        if key not in known:
            raise Invalid({"order": [_("There is no field “%(key)s”.") % {"key": key}]})
    define.arrange(db(), entity, data["order"])
    return jsonify({"items": [_shown(each) for each in define.listing(db(), entity)]})


def read(entity: str, key: str) -> Response:
    """One definition."""
    no_arguments()
    return _answer(define.find(db(), entity, key))


def change(entity: str, key: str) -> Response:
    """Change a field, archive it or bring it back. A change of type that some values do not bear
    is refused with 409 unless `confirmed`."""
    row = define.find(db(), entity, key)
    no_arguments()
    _same(row)
    data = body()
    check(CHANGE, data)
    archived = data.pop("archived", None)
    confirmed = bool(data.pop("confirmed", False))
    if data:
        with _names_of_api():
            row = define.change(db(), row, _given(data), confirmed=confirmed)
    if archived is not None and archived is not (row.archived_at is not None):
        define.archive(db(), row, back=not archived)
    return _answer(define.find(db(), entity, key))


def remove(entity: str, key: str) -> Response:
    """Delete a field with all its values; `confirm` repeats its key."""
    row = define.find(db(), entity, key)
    arguments = Arguments()
    for name in arguments.given.keys() - {"confirm"}:
        arguments.note(name, _("Unknown parameter."))
    typed = arguments.one("confirm") or ""
    arguments.refuse()
    _same(row)
    if typed != key:
        text = _("Deleting takes the values of all records away; repeat the key: confirm=%(key)s.")
        raise Invalid({"confirm": [text % {"key": key}]})
    define.remove(db(), row, typed)
    return Response(status=204)


def _same(row: CustomField) -> None:
    version = expected(row.version)
    if version is not None and version != row.version:
        raise Stale(row.version)


@contextmanager
def _names_of_api() -> Iterator[None]:
    """Complaints name the members as they were sent."""
    try:
        yield
    except Invalid as error:
        ours = {inner: name for name, inner in _RENAMED.items()}
        raise Invalid({ours.get(at, at): texts for at, texts in error.errors.items()}) from None


def _given(data: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED.get(name, name): value for name, value in data.items()}


def _answer(row: CustomField) -> Response:
    response = jsonify(_shown(row))
    response.headers["ETag"] = etag(row.version)
    return response


def _shown(row: CustomField) -> dict[str, Any]:
    settings = row.settings or {}
    return {
        "entity": row.entity,
        "key": row.key,
        "name": f"custom.{row.key}",
        "label": row.label,
        "help": row.help or "",
        "section": row.section or "",
        "type": str(type_of(row)),
        "options": [
            {"value": each.value, "label": str(each.label), "retired": each.retired}
            for each in choices_of(row.options or ())
        ],
        "places": settings.get("places"),
        "target": settings.get("target"),
        "target_kind": settings.get("target_kind"),
        "kinds": row.kinds or [],
        "roles": row.roles or [],
        "default": row.default_value,
        "unique": bool(row.is_unique),
        **{name: bool(getattr(row, name)) for name in FLAGS},
        "archived": row.archived_at is not None,
    }
