"""Files in the description of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.registry.records import RecordType
from kontora.rest.files import RENAME
from kontora.rest.operations import answer, content, operation, parameter, schema
from kontora.rest.shapes import ID, MOMENT

Object = dict[str, Any]
_TEXT: Object = {"type": "string"}
_BYTES: Object = {"type": "string", "format": "binary"}
_HOLDER: Object = {
    "type": "object",
    "description": "The record that the file belongs to: path of its type, and id.",
    "properties": {"type": _TEXT, "id": ID},
    "required": ["type", "id"],
}
_MEMBERS: Object = {
    "id": ID,
    "name": _TEXT,
    "size": {"type": "integer", "minimum": 0},
    "content_type": {**_TEXT, "description": "Decided from the bytes, not from the name."},
    "sha256": {**_TEXT, "pattern": "^[0-9a-f]{64}$"},
    "state": {
        "type": "string",
        "enum": ["waiting", "ready", "failed"],
        "description": "How far reading for preview and search is; `problem` says why it failed.",
    },
    "problem": {"type": ["string", "null"]},
    "pages": {"type": "integer", "description": "How many pictures the preview has."},
    "created_at": MOMENT,
    "created_by": _TEXT,
    "record": _HOLDER,
}
SCHEMAS: Mapping[str, Object] = {
    "File": {"type": "object", "properties": _MEMBERS, "required": list(_MEMBERS)},
    "FileList": {
        "type": "object",
        "properties": {"items": {"type": "array", "items": schema("File")}},
        "required": ["items"],
    },
    "FileChange": dict(RENAME),
    "FileUpload": {
        "type": "object",
        "properties": {"file": {"type": "array", "minItems": 1, "maxItems": 20, "items": _BYTES}},
        "required": ["file"],
        "additionalProperties": False,
    },
}
TAG = {"name": "files", "description": "Files of records; their rights are those of the record."}


def of_type(rtype: RecordType) -> Object:
    """The files of the records of one type."""
    slug, label = rtype.slug, str(rtype.label).lower()
    in_bin: Object = {
        "name": "bin",
        "in": "query",
        "description": "List what lies in the bin.",
        "schema": {"type": "string", "enum": ["1", "0", "true", "false"]},
    }
    upload = {
        "required": True,
        "content": {"multipart/form-data": {"schema": schema("FileUpload")}},
    }
    return {
        f"/api/v1/{rtype.path}/{{id}}/files": {
            "parameters": [parameter("id")],
            "get": operation(
                *(f"{slug}_files", "files", f"List files: {label}"),
                {"200": answer("The files, the newest first.", schema("FileList"))},
                "404",
                parameters=[in_bin],
            ),
            "post": operation(
                *(f"{slug}_attach", "files", f"Add files: {label}"),
                {"201": answer("What was added.", schema("FileList"), "Idempotency-Replayed")},
                "400 403 404 409 413 415",
                parameters=[parameter("Idempotency-Key")],
                requestBody=upload,
            ),
        }
    }


def paths() -> Object:
    """The addresses of single files."""
    one = "/api/v1/files/{id}"
    number = {
        "name": "number",
        "in": "path",
        "required": True,
        "description": "0 is the small one, 1 the first page.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 999},
    }
    here = [parameter("id")]
    return {
        one: {
            "parameters": here,
            "get": operation(
                "files_read", "files", "Read: file", {"200": answer("It.", schema("File"))}, "404"
            ),
            "patch": operation(
                *("files_rename", "files", "Rename: file"),
                {"200": answer("The file with its new name.", schema("File"))},
                "400 403 404 413 415",
                requestBody={"required": True, "content": content(schema("FileChange"))},
            ),
            "delete": operation(
                *("files_delete", "files", "Put into the bin: file"),
                {"204": {"description": "In the bin."}},
                "403 404",
            ),
        },
        f"{one}/content": {
            "parameters": here,
            "get": _bytes("files_content", "Download: file", "application/octet-stream"),
        },
        f"{one}/pictures/{{number}}": {
            "parameters": [*here, number],
            "get": _bytes("files_picture", "Preview: file", "image/webp"),
        },
        f"{one}/restore": {
            "parameters": here,
            "post": operation(
                *("files_restore", "files", "Take out of the bin: file"),
                {"200": answer("The file.", schema("File"))},
                "403 404 409",
            ),
        },
    }


def _bytes(name: str, summary: str, kind: str) -> Object:
    found: Object = {"description": "The bytes.", "content": {kind: {"schema": _BYTES}}}
    if kind != "image/webp":  # whatever the file is
        found["content"]["*/*"] = {"schema": _BYTES}
    return operation(name, "files", summary, {"200": found}, "404")
