"""The page of the REST API, from its OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kontora_sdk.reference.markdown import code, table

METHODS = ("get", "post", "put", "patch", "delete")
INTRODUCTION = """# REST API

The document itself is served at `/api/openapi.json` and printed by `kontora openapi`. Every request
carries `Authorization: Bearer <token>`; errors are problem documents (RFC 9457).
"""


def api_page(document: Mapping[str, Any]) -> str:
    """Every operation of an OpenAPI document, by tag."""
    by_tag: dict[str, list[tuple[str, ...]]] = {}
    for tag, row in _operations(document):
        by_tag.setdefault(tag, []).append(row)
    heads = ("", "path", "does", "query", "answers")
    parts = [f"## {tag}\n\n{table(heads, rows)}" for tag, rows in sorted(by_tag.items())]
    return INTRODUCTION + "\n" + "\n".join(parts)


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for path, item in document["paths"].items():
        shared = item.get("parameters", [])
        for method in METHODS:
            operation = item.get(method)
            if operation is None:
                continue
            parameters = [
                _resolved(each, document) for each in (*shared, *operation.get("parameters", ()))
            ]
            query = [each["name"] for each in parameters if each["in"] == "query"]
            yield (
                (operation.get("tags") or ["other"])[0],
                (
                    method.upper(),
                    code(path),
                    operation.get("summary", ""),
                    ", ".join(map(code, query[:12])) + (" ..." if len(query) > 12 else ""),
                    ", ".join(map(str, operation.get("responses", ()))),
                ),
            )


def _resolved(parameter: Mapping[str, Any], document: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter, or what its `$ref` points to."""
    if "$ref" not in parameter:
        return parameter
    found = document
    for step in parameter["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found
