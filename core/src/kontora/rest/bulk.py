"""Many operations in one request, each with a result of its own.

Either `{"operations": [{"op": "create" | "change" | "delete", …}]}`, or one change (or deletion)
for all records of a selection: `{"ids": […]}` or `{"filter": {…}, "q": "…"}`. What fails hinders
none of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from werkzeug.exceptions import PreconditionRequired

from kontora import limits
from kontora.access.session import ScopedSession
from kontora.errors import Invalid, KontoraError
from kontora.http import failures
from kontora.records import service
from kontora.records.filters import as_ids
from kontora.rest.checks import check
from kontora.rest.problems import document
from kontora.rest.shapes import ID, Shape
from kontora.text import _

if TYPE_CHECKING:
    from kontora.rest.records import Resource

MOST = limits.current().bulk_operations
VERSION: Shape = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}


def shapes_of(record: str) -> dict[str, Shape]:
    """What may be sent, as schemas of the document with a name each: generators of clients need
    names. `record` is the name of the record's own schema."""
    rows = {
        f"{record}CreateOperation": _operation("create", {"data": _named_shape(f"{record}Create")}),
        f"{record}ChangeOperation": _operation(
            "change", {"id": ID, "version": VERSION, "data": _named_shape(f"{record}Change")}
        ),
    }
    operation = {"anyOf": [_named_shape(name) for name in (*rows, "DeleteOperation")]}
    parts = _parts(operation, _named_shape(f"{record}Change"), _named_shape("FilterTree"))
    ways = {
        f"{record}Operations": _way(parts, "operations"),
        f"{record}ChangeByIds": _way(parts, "ids", "change"),
        f"{record}ChangeByFilter": _way(parts, "filter", "change"),
    }
    names = (*ways, "DeleteByIds", "DeleteByFilter")
    return {**rows, **ways, f"{record}Bulk": {"anyOf": [_named_shape(name) for name in names]}}


def shared_shapes() -> dict[str, Shape]:
    """The schemas of bulk requests that are the same for all types."""
    parts = _parts({}, {}, _named_shape("FilterTree"))
    return {
        "DeleteOperation": _operation("delete", {"id": ID, "version": VERSION}),
        "DeleteByIds": _way(parts, "ids", "delete"),
        "DeleteByFilter": _way(parts, "filter", "delete"),
        "FilterTree": {
            "type": "object",
            "description": '`{"and": […]}`, `{"or": […]}`, `{"not": …}` or '
            '`{"field": …, "op": …, "value": …}`; empty: all records.',
            "additionalProperties": True,
        },
    }


def _named_shape(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def _parts(operation: Shape, change: Shape, tree: Shape) -> dict[str, Shape]:
    return {
        "operations": {"type": "array", "minItems": 1, "maxItems": MOST, "items": operation},
        "ids": {"type": "array", "minItems": 1, "maxItems": MOST, "items": ID},
        "filter": tree,
        "q": {"type": "string", "maxLength": 255},
        "change": change,
        "delete": {"type": "boolean", "enum": [True]},
    }


def _way(parts: dict[str, Shape], *names: str) -> Shape:
    shown = (*names, "q") if "filter" in names else names
    return {
        "type": "object",
        "properties": {name: parts[name] for name in shown},
        "required": list(names),
        "additionalProperties": False,
    }


def _operation(op: str, members: dict[str, Shape]) -> Shape:
    return {
        "type": "object",
        "properties": {"op": {"type": "string", "enum": [op]}, **members},
        "required": ["op", *members],
        "additionalProperties": False,
    }


def run(session: ScopedSession, resource: Resource, data: Any) -> dict[str, Any]:
    """Carry the request out. Raises Invalid when it is not clear what is meant."""
    check(_frame(), data)
    given = set(data)
    if "operations" in given:
        if given != {"operations"}:
            raise Invalid({"operations": [_("Operations stand alone.")]})
        rows = [_one(session, resource, each) for each in data["operations"]]
    else:
        if len(given & {"ids", "filter"}) != 1 or {"ids", "q"} <= given:
            raise Invalid({"ids": [_("Name the records by “ids”, or by “filter” and “q”.")]})
        if len(given & {"change", "delete"}) != 1:
            raise Invalid({"change": [_("Give either “change” or “delete”.")]})
        rows = _all(session, resource, data)
    done = sum(row["status"] < 400 for row in rows)
    return {"results": rows, "done": done, "failed": len(rows) - done}


def _frame() -> Shape:
    """The outer shape only: what is wrong inside of one operation fails that one alone."""
    anything: Shape = {"type": "object", "additionalProperties": True}
    members = _parts(anything, anything, anything)
    return {"type": "object", "properties": members, "additionalProperties": False}


def _all(session: ScopedSession, resource: Resource, data: Mapping[str, Any]) -> list[Any]:
    rtype = resource.rtype
    if "change" in data:
        check(resource.change_shape, data["change"], read_only=resource.read_only)
    if "ids" in data:
        ids = list(dict.fromkeys(as_ids(data["ids"])))
    else:
        chosen = service.Query(filter=data.get("filter"), q=data.get("q"))
        ids = service.matching(session, rtype, chosen)
        if len(ids) > MOST:
            number: dict[str, object] = {"n": len(ids), "most": MOST}
            text = _("%(n)s records match; at most %(most)s are changed at once.") % number
            raise Invalid({"filter": [text]})
    if "change" in data:
        result = service.change_many(session, rtype, ids, data["change"])
    else:
        result = service.delete_many(session, rtype, ids)
    return [_row(session, resource, each, "delete" in data) for each in result.rows]


def _row(
    session: ScopedSession, resource: Resource, row: service.RowResult, deleted: bool
) -> dict[str, Any]:
    if row.error is not None:
        return _failed(row.id, row.error)
    found = {"id": str(row.id), "status": 204 if deleted else 200}
    return found | ({"version": row.version} if row.version is not None else {})


def _one(session: ScopedSession, resource: Resource, operation: dict[str, Any]) -> dict[str, Any]:
    todo: Mapping[str, Callable[..., dict[str, Any]]] = {
        "create": _create,
        "change": _change,
        "delete": _delete,
    }
    named = operation.get("id")
    try:
        op = operation.get("op")
        if not isinstance(op, str) or op not in todo:
            raise Invalid({"op": [_("Must be one of: %(k)s.") % {"k": ", ".join(todo)}]})
        with session.begin_nested():
            return todo[op](session, resource, operation)
    except (KontoraError, PreconditionRequired) as error:
        return _failed(named if isinstance(named, str) else None, error)


def _failed(record_id: UUID | str | None, error: Exception) -> dict[str, Any]:
    found = document(failures.describe(error))
    shown = None if record_id is None else str(record_id)
    return {"id": shown, "status": found["status"], "problem": found}


def _create(session: ScopedSession, resource: Resource, operation: Any) -> dict[str, Any]:
    check(_operation("create", {"data": {"type": "object"}}), operation)
    check(resource.create_shape, operation["data"], read_only=resource.read_only)
    saved = service.create_record(session, resource.rtype, operation["data"])
    found: dict[str, Any] = {"id": str(saved.id), "status": 201, "version": saved.version}
    if saved.duplicates:
        found["duplicates"] = [dict(each) for each in saved.duplicates]
    return found


def _named(operation: Any, members: dict[str, Shape]) -> UUID:
    if "version" not in operation:
        raise PreconditionRequired(str(_("Say in “version” which version you have read.")))
    check(_operation(operation["op"], {"id": ID, "version": VERSION, **members}), operation)
    return as_ids([operation["id"]])[0]


def _change(session: ScopedSession, resource: Resource, operation: Any) -> dict[str, Any]:
    record_id = _named(operation, {"data": {"type": "object"}})
    data, version = operation["data"], operation["version"]
    check(resource.change_shape, data, read_only=resource.read_only)
    saved = service.change_record(session, resource.rtype, record_id, data, version)
    return {"id": str(record_id), "status": 200, "version": saved.version}


def _delete(session: ScopedSession, resource: Resource, operation: Any) -> dict[str, Any]:
    record_id = _named(operation, {})
    service.delete_record(session, resource.rtype, record_id, operation["version"])
    return {"id": str(record_id), "status": 204}
