"""Pages of records: lists, record pages, forms, look-ups; the same for every record type."""

from __future__ import annotations

from importlib import import_module

from flask import Flask
from werkzeug.routing import BaseConverter

from kontora.lifecycle.site import Site
from kontora.registry.records import RecordType
from kontora.web.records.blueprint import blueprint

PAGES = (
    "bulk",
    "duplicates",
    "edit",
    "exporting",
    "list_page",
    "lookup",
    "panels",
    "record_page",
    "removal",
    "timeline",
)


def register(app: Flask, site: Site) -> None:
    """Add the pages of all record types of the site."""
    app.url_map.converters["rtype"] = converter(site)
    for name in PAGES:
        import_module(f"kontora.web.records.{name}")
    app.register_blueprint(blueprint)


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
