"""Pages of records: lists, record pages, forms, look-ups; the same for every record type."""

from __future__ import annotations

from importlib import import_module

from flask import Flask, g, request
from werkzeug.routing import BaseConverter

from kontora.http.context import SAFE, db
from kontora.http.context import site as present
from kontora.lifecycle.site import Site
from kontora.registry.records import RecordType
from kontora.web.records.blueprint import blueprint

PAGES = (
    "cell_edit",
    "bulk",
    "bulk_pages",
    "composer",
    "consent_pages",
    "duplicates",
    "edit",
    "exporting",
    "fact_edit",
    "group_pages",
    "history_page",
    "list_page",
    "layout",
    "lookup",
    "panels",
    "peek",
    "people_pages",
    "record_page",
    "removal",
    "saved_views",
    "wishes",
)


def register(app: Flask, site: Site) -> None:
    """Add the pages of all record types of the site."""
    app.url_map.converters["rtype"] = converter(site)
    for name in PAGES:
        import_module(f"kontora.web.records.{name}")
    app.register_blueprint(blueprint)
    app.before_request(_as_it_is_now)


def _as_it_is_now() -> None:
    """The address knows the declared record types; views get them with the fields that
    administrators have added since. Writing views open their own session when they need it."""
    arguments = request.view_args or {}
    rtype = arguments.get("rtype")
    if not isinstance(rtype, RecordType) or g.get("principal") is None:
        return
    if request.method in SAFE:
        arguments["rtype"] = db().registry.effective(rtype)
        return
    with present().read(g.principal) as session:
        arguments["rtype"] = session.registry.effective(rtype)


def converter(site: Site) -> type[BaseConverter]:
    """A converter between the path of a record type (`contacts`, `hello/cards`) and the type."""
    types = site.registry.record_types

    class RecordTypeConverter(BaseConverter):
        """Knows the record types of this site only; others are other routes, or no page."""

        regex = "|".join(sorted(types, key=len, reverse=True)) or "(?!)"
        part_isolating = False

        def to_python(self, value: str) -> RecordType:
            return types[value]

        def to_url(self, value: RecordType | str) -> str:
            return value if isinstance(value, str) else value.path

    return RecordTypeConverter
