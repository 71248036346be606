"""Put the API into the application: its routes, their policies, their place in the map."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Flask, Response
from werkzeug.routing import BaseConverter

from kontora.http.policy import PUBLIC, RECORDS, SIGNED_IN, Policy, needs, policy
from kontora.http.security import csrf
from kontora.lifecycle.site import Site
from kontora.records.custom import define
from kontora.records.owners import has_owner
from kontora.rest import (
    consents,
    field_definitions,
    fields,
    files,
    groups,
    me,
    openapi,
    people,
    reports,
    search,
    stages,
    views,
    webhooks,
)
from kontora.rest.people_paths import is_firm
from kontora.rest.records import Resource
from kontora.rest.repeats import once
from kontora.webhooks.endpoints import PERMISSION

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
    _add(api, "GET", "/v1/me/notices", "notices", people.listed, SIGNED_IN)
    _add(api, "POST", "/v1/me/notices/read", "notices_read", once(people.read_all), SIGNED_IN)
    _add(api, "POST", "/v1/me/notices/<notice_id>/read", "notice_read", people.read_one, SIGNED_IN)
    _add(api, "GET", "/v1/fields", "fields", fields.listed, SIGNED_IN)
    _add(api, "GET", "/v1/search", "search", search.view)
    _add(api, "GET", "/v1/reports", "reports", reports.listed, SIGNED_IN)
    _add(api, "GET", "/v1/reports/<report_id>", "report", reports.run, SIGNED_IN)
    _files(api)
    _fields(api)
    _webhooks(api)
    _views(api)
    for rtype in site.registry.record_types.values():
        _resource(api, Resource(rtype))
        if groups.holds_members(rtype):
            among = f"/v1/{rtype.path}/<record_name:record_id>/members"
            _add(api, "GET", among, f"{rtype.slug}_members", groups.listed)
            _add(api, "POST", among, f"{rtype.slug}_members_change", once(groups.change))
        if rtype.entity == "party":
            past = f"/v1/{rtype.path}/<record_name:record_id>/stages"
            _add(api, "GET", past, f"{rtype.slug}_stages", stages.listed_of(rtype))
            ledger = f"/v1/{rtype.path}/<record_name:record_id>/consents"
            _add(api, "GET", ledger, f"{rtype.slug}_consents", consents.listed_of(rtype))
            _add(api, "POST", ledger, f"{rtype.slug}_consent", once(consents.adding_to(rtype)))
        if files.can_hold(rtype):
            held, one = files.FilesOf(rtype), f"/v1/{rtype.path}/<record_name:record_id>/files"
            _add(api, "GET", one, f"{rtype.slug}_files", held.list)
            _add(api, "POST", one, f"{rtype.slug}_attach", held.add)
    app.register_blueprint(api)


def _views(api: Blueprint) -> None:
    base, one = "/v1/views", "/v1/views/<record_name:record_id>"
    _add(api, "GET", base, "views_list", views.listed)
    _add(api, "POST", base, "views_create", once(views.create))
    _add(api, "GET", one, "views_read", views.read)
    _add(api, "PATCH", one, "views_change", views.change)
    _add(api, "DELETE", one, "views_delete", views.remove)
    _add(api, "POST", f"{one}/restore", "views_restore", once(views.restore))


def _fields(api: Blueprint) -> None:
    base, may = "/v1/fields/<entity>", needs(define.RIGHT)
    one = f"{base}/<key>"

    def add(method: str, rule: str, name: str, view: View) -> None:
        _add(api, method, rule, name, field_definitions.elevating(view), may)

    add("GET", base, "fields_definitions", field_definitions.listed)
    add("POST", base, "fields_create", once(field_definitions.create))
    add("PATCH", base, "fields_order", field_definitions.arrange)
    add("GET", one, "fields_read", field_definitions.read)
    add("PATCH", one, "fields_change", field_definitions.change)
    add("DELETE", one, "fields_delete", field_definitions.remove)


def _webhooks(api: Blueprint) -> None:
    base, may = "/v1/webhooks", needs(PERMISSION)
    one = f"{base}/<record_name:record_id>"
    _add(api, "GET", base, "webhooks_list", webhooks.listed, may)
    # Without `once`: an answer that is kept would keep the secret.
    _add(api, "POST", base, "webhooks_create", webhooks.create, may)
    _add(api, "GET", one, "webhooks_read", webhooks.read, may)
    _add(api, "PATCH", one, "webhooks_change", webhooks.change, may)
    _add(api, "DELETE", one, "webhooks_delete", webhooks.remove, may)
    _add(api, "POST", f"{one}/rotate", "webhooks_rotate", webhooks.rotate, may)
    _add(api, "POST", f"{one}/test", "webhooks_test", webhooks.test, may)
    _add(api, "POST", f"{one}/retry", "webhooks_retry_all", webhooks.retry_all, may)
    _add(api, "GET", f"{one}/deliveries", "webhooks_deliveries", webhooks.sent, may)
    again = f"{one}/deliveries/<number>/retry"
    _add(api, "POST", again, "webhooks_retry", webhooks.retry, may)


def _files(api: Blueprint) -> None:
    one = "/v1/files/<record_name:record_id>"
    _add(api, "GET", one, "file_read", files.read)
    _add(api, "PATCH", one, "file_rename", files.rename)
    _add(api, "DELETE", one, "file_delete", files.remove)
    _add(api, "POST", f"{one}/restore", "file_restore", files.restore)
    _add(api, "GET", f"{one}/content", "file_content", files.content)
    _add(api, "GET", f"{one}/pictures/<number>", "file_picture", files.page)


def _resource(api: Blueprint, resource: Resource) -> None:
    rtype = resource.declared
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
    if has_owner(rtype):
        _add(api, "GET", f"{one}/ownership", f"{name}_ownership", resource.ownership)
    if is_firm(rtype):
        _add(api, "GET", f"{one}/chart", f"{name}_chart", resource.chart)
        _add(api, "GET", f"{one}/tree", f"{name}_tree", resource.tree)


def _add(
    api: Blueprint, method: str, rule: str, name: str, view: View, demanded: Policy = RECORDS
) -> None:
    @wraps(view)
    def answer(**arguments: Any) -> Response:
        return view(**arguments)

    marked = policy(demanded)(answer)
    api.add_url_rule(rule, name, marked, methods=[method], provide_automatic_options=False)
