"""Who can be mentioned, while “@” is typed; and mentions in texts as they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Flask, Response, jsonify, request
from markupsafe import Markup, escape

from kontora.http.context import db
from kontora.http.policy import SIGNED_IN, policy
from kontora.lifecycle.site import Site
from kontora.parties import mentions

blueprint = Blueprint("mentions", __name__)


def register(app: Flask, site: Site) -> None:
    """Add the look-up, and the filter `mentioned` of templates."""
    app.register_blueprint(blueprint)
    app.jinja_env.filters["mentioned"] = mentioned


@blueprint.get("/mentions")
@policy(SIGNED_IN)
def look_up() -> Response:
    """People by the beginning of any part of their name: `[{"id", "label", "hint"}]`; `label` is
    what is written behind the @."""
    found = mentions.offered(db(), request.args.get("q", "")[:100])
    return jsonify(
        [{"id": str(each.id), "label": each.written, "hint": each.email or ""} for each in found]
    )


def mentioned(body: str | None, people: Iterable[Mapping[str, Any]] | None) -> Markup:
    """A text with the people who are mentioned in it by their present names, set off."""
    names = {str(escape(f"@{each['written']}")): escape(each["name"]) for each in people or ()}
    safe = str(escape(body or ""))
    if names:
        longest = sorted(names, key=len, reverse=True)
        pattern = f"(?:{'|'.join(re.escape(each) for each in longest)})(?!\\w)"
        safe = re.sub(pattern, lambda found: _chip(names[found[0]]), safe)
    return Markup(safe)  # noqa: S704  all of it went through `escape`


def _chip(name: str) -> str:
    return f'<span class="k-mention">@{name}</span>'


def of(session: Any, ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The mentions of these activities, by their ids as texts."""
    found = mentions.of_activities(session, [UUID(each) for each in ids])
    return {str(key): value for key, value in found.items()}
