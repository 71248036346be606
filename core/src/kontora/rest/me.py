"""Who asks, and what he may do."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify
from sqlalchemy import select

from kontora.access.models import Branch
from kontora.http.context import db, principal
from kontora.rest.parameters import no_arguments


def view() -> Response:
    """The principal behind the token: roles, branch, grants by record kind and verb."""
    no_arguments()
    me = principal()
    grants: dict[str, dict[str, str]] = {}
    for (entity, verb), scope in sorted(me.rights.grants.items()):
        grants.setdefault(entity, {})[verb] = scope.key
    return jsonify(
        {
            "id": str(me.user_id),
            "name": me.name,
            "email": me.email,
            "kind": me.kind,
            "roles": list(me.roles),
            "branch": _branch(me.branch_id),
            "locale": me.locale,
            "timezone": me.timezone,
            "grants": grants,
            "permissions": sorted(me.rights.permissions),
        }
    )


def _branch(branch_id: Any) -> dict[str, str] | None:
    if branch_id is None:
        return None
    name = db().scalar(select(Branch.name).where(Branch.id == branch_id))
    return None if name is None else {"id": str(branch_id), "name": name}
