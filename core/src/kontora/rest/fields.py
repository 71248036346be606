"""The fields of a record type as the one who asks may see them: declared and made by hand."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify

from kontora.errors import Invalid, NotFound
from kontora.http.context import db
from kontora.records.schema import readable_fields, writable_fields
from kontora.records.service import grants_of
from kontora.registry.fields import Field
from kontora.rest.parameters import Arguments
from kontora.text import _


def listed() -> Response:
    """`?type=contacts`: what its records can hold. A type that one may not view is not there."""
    arguments = Arguments()
    for name in arguments.given.keys() - {"type"}:
        arguments.note(name, _("Unknown parameter."))
    path = arguments.one("type")
    arguments.refuse()
    if not path:
        raise Invalid({"type": [_("A value is needed.")]})
    session = db()
    rtype = session.registry.record_types.get(path)
    if rtype is None or not grants_of(session, rtype, "view"):
        raise NotFound(_("There is no record type “%(path)s”.") % {"path": path[:100]})
    rights = session.principal.rights
    writable = {each.name for each in writable_fields(rtype, rights, "create")}
    found = readable_fields(rtype, rights)
    return jsonify({"items": [_shown(each, each.name in writable) for each in found]})


def _shown(field: Field, writable: bool) -> dict[str, Any]:
    return {
        "name": field.name,
        "label": str(field.label),
        "help": str(field.help),
        "type": str(field.type),
        "group": field.group,
        "custom": field.json_key is not None,
        "writable": writable,
        "required": field.required,
        "unique": field.unique,
        "kinds": list(field.kinds),
        "roles": list(field.roles),
        "target": field.target,
        "choices": [
            {"value": each.value, "label": str(each.label), "retired": each.retired}
            for each in field.choices
        ],
    }
