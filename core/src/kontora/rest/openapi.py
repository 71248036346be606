"""The description of the API (OpenAPI 3.1), made from the registry of a site.

It holds names of fields, and no data, so that everybody may read it. Resources come from the
registry, not from classes, so it is written straight from the declarations.
"""

from __future__ import annotations

import importlib.metadata
from typing import Any

from flask import Response, json, request

from kontora import text
from kontora.access.principal import system
from kontora.http.context import site as present
from kontora.registry.build import Registry
from kontora.registry.records import RecordType
from kontora.rest import (
    bulk,
    consents,
    field_paths,
    file_paths,
    fixed_paths,
    groups,
    operations,
    people_paths,
    search,
    shapes,
    stages,
    views,
    webhook_paths,
)
from kontora.rest.files import can_hold
from kontora.rest.operations import Names

_INTRODUCTION = """\
Every record type has the same operations. Lists filter by any field: `family=Petrova`, or with an
operator in brackets, `family[contains]=petr`, `created_at[ge]=2026-01-01`, `owner=me`. The
operators of a field stand in its `x-operators`; several values of one field mean “one of them”;
dates also take words, `last_contact[ne]=last_90_days`, `due_at=this_week`, in the zone of who asks;
`filter` takes a tree as JSON (`and`, `or`, `not`, nested). A change names in If-Match the ETag
that was read. A POST may carry an Idempotency-Key: sent again, it gives the first answer and has no
second effect.
"""


def view() -> Response:
    """The document, kept until an administrator changes a field."""
    site = present()
    with site.read(system("description")) as session:
        registry = session.registry
    kept = site.__dict__.setdefault("_openapi", {})
    if kept.get("registry") is not registry:
        kept.update(text=json.dumps(document(registry)), registry=registry)
    response = Response(kept["text"], content_type="application/json")
    response.add_etag()
    response.make_conditional(request)
    return response


def document(registry: Registry) -> dict[str, Any]:
    """The whole description of a site's API, in English."""
    with text.use_locale("en"):
        paths: dict[str, Any] = {
            **fixed_paths.paths(),
            **search.paths(),
            **field_paths.paths(),
            **webhook_paths.paths(),
            **views.paths(),
            **file_paths.paths(),
            **people_paths.of_me(),
        }
        schemas: dict[str, Any] = {
            **shapes.COMPONENTS,
            **bulk.shared_shapes(),
            **fixed_paths.SCHEMAS,
            **search.schemas(),
            **field_paths.SCHEMAS,
            **webhook_paths.SCHEMAS,
            **file_paths.SCHEMAS,
            **people_paths.SCHEMAS,
            **groups.SCHEMAS,
            **consents.SCHEMAS,
            **stages.SCHEMAS,
            **views.SCHEMAS,
        }
        for rtype in registry.record_types.values():
            names = Names(rtype)
            paths |= operations.paths(rtype, names)
            paths |= people_paths.of_type(rtype)
            schemas |= _schemas(rtype, names)
            if groups.holds_members(rtype):
                paths |= groups.of_type(rtype)
            if rtype.entity == "party":
                paths |= consents.of_type(rtype)
                paths |= stages.of_type(rtype)
            if can_hold(rtype):
                paths |= file_paths.of_type(rtype)
        return {
            "openapi": "3.1.0",
            "info": {
                "title": "Kontora",
                "version": importlib.metadata.version("kontora"),
                "summary": "The records and reports of a CRM.",
                "description": _INTRODUCTION,
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
            "tags": _tags(registry),
            "paths": paths,
            "components": {
                "schemas": schemas,
                "parameters": operations.PARAMETERS,
                "headers": operations.HEADERS,
                "responses": operations.RESPONSES,
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }


def _tags(registry: Registry) -> list[dict[str, str]]:
    found = [
        {"name": rtype.slug, "description": str(rtype.help or rtype.label_plural)}
        for rtype in registry.record_types.values()
    ]
    return [*found, *fixed_paths.TAGS, search.TAG, file_paths.TAG, webhook_paths.TAG, views.TAG]


def _schemas(rtype: RecordType, names: Names) -> dict[str, Any]:
    return {
        names.record: {"description": str(rtype.label), **shapes.record_out(rtype)},
        names.create: shapes.told(rtype),
        names.change: shapes.record_in(rtype, "change"),
        names.list: {
            "type": "object",
            "properties": {
                "items": {
                    "type": "array",
                    "items": {"$ref": f"#/components/schemas/{names.record}"},
                },
                "next": {"type": ["string", "null"], "description": "The cursor of the next page."},
                "total": {"type": ["integer", "null"], "description": "Only with `total=1`."},
            },
            "required": ["items", "next", "total"],
        },
        **bulk.shapes_of(names.record),
    }
