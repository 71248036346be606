"""Put the API into the application: its routes, their policies, their place in the map."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response
from werkzeug.routing import BaseConverter

from kontora.http.policy import PUBLIC, RECORDS, SIGNED_IN, Policy, policy
from kontora.http.security import csrf
from kontora.lifecycle.site import Site
from kontora.rest import me, openapi, reports
from kontora.rest.records import Resource
from kontora.rest.repeats import once

View = Callable[..., Response]


class RecordName(BaseConverter):
    """The last part of a record's address; any text, but none of the words beside it."""

    regex = r"(?!(?:bulk|aggregate)\Z)[^/]{1,100}"


def register(app: Flask, site: Site) -> None:
    """Add /api/openapi.json and /api/v1 with a resource for each record type of the site."""
    app.url_map.converters["record_name"] = RecordName
    api = Blueprint("api", __name__, url_prefix="/api")
    # A bearer token is not sent by browsers on their own, and the cookie is not read here.
    csrf.exempt(api)
    _add(api, "GET", "/openapi.json", "openapi", openapi.view, PUBLIC)
    _add(api, "GET", "/v1/me", "me", me.view, SIGNED_IN)
    _add(api, "GET", "/v1/reports", "reports", reports.listed, SIGNED_IN)
    _add(api, "GET", "/v1/reports/<report_id>", "report", reports.run, SIGNED_IN)
    for rtype in site.registry.record_types.values():
        _resource(api, Resource(rtype))
    app.register_blueprint(api)


def _resource(api: Blueprint, resource: Resource) -> None:
    rtype = resource.rtype
    base, name = f"/v1/{rtype.path}", rtype.slug
    one = f"{base}/<record_name:record_id>"
    _add(api, "GET", base, f"{name}_list", resource.list)
    _add(api, "POST", base, f"{name}_create", once(resource.create))
    _add(api, "POST", f"{base}/bulk", f"{name}_bulk", once(resource.bulk))
    _add(api, "GET", f"{base}/aggregate", f"{name}_aggregate", resource.figures)
    _add(api, "GET", one, f"{name}_read", resource.read)
    _add(api, "PATCH", one, f"{name}_change", resource.change)
    _add(api, "DELETE", one, f"{name}_delete", resource.delete)
    _add(api, "POST", f"{one}/restore", f"{name}_restore", once(resource.restore))
    _add(api, "GET", f"{one}/history", f"{name}_history", resource.history)


def _add(
    api: Blueprint, method: str, rule: str, name: str, view: View, demanded: Policy = RECORDS
) -> None:
    @wraps(view)
    def answer(**arguments: Any) -> Response:
        return view(**arguments)

    marked = policy(demanded)(answer)
    api.add_url_rule(rule, name, marked, methods=[method], provide_automatic_options=False)
