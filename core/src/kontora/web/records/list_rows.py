"""The rows of a list: cells, hints, and what can be done with each."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote

from kontora import clock
from kontora.access.session import ScopedSession
from kontora.records.schema import writable_fields
from kontora.records.service import grants_of
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _
from kontora.web.records import form_fields, party
from kontora.web.records.cells import Cells, plain, type_of
from kontora.web.records.layout import Layout
from kontora.web.records.listing import ListState

# What a cell can be edited as, in place; the rest has a form.
IN_PLACE = frozenset(
    {
        *(FieldType.TEXT, FieldType.INTEGER, FieldType.DECIMAL, FieldType.MONEY),
        *(FieldType.DATE, FieldType.DATETIME, FieldType.BOOLEAN, FieldType.CHOICE),
        *(FieldType.REFERENCE, FieldType.EMAIL, FieldType.PHONE, FieldType.URL),
    }
)


def editable(
    session: ScopedSession, rtype: RecordType, kind: str | None = None
) -> dict[str, Field]:
    """The fields that can be edited in a cell, by name."""
    if not grants_of(session, rtype, "edit"):
        return {}
    hidden = form_fields.LEFT_OUT.get(kind, frozenset())
    return {
        each.name: each
        for each in writable_fields(rtype, session.principal.rights, "change", kind)
        if each.type in IN_PLACE
        and each.collection is None
        and each.shortcut is None
        and each.in_form
        and each.name not in hidden
    }


def heading(state: ListState, rtype: RecordType, field: Field, layout: Layout) -> dict[str, Any]:
    """A column: its name, its width, and how it sorts."""
    found: dict[str, Any] = {
        "name": field.name,
        "label": field.label,
        "type": type_of(field),
        "width": layout.widths.get(field.name),
    }
    if field.sortable and field.collection is None and field.shortcut is None:
        found["sort_url"] = state.sort_url(field.name, rtype.sort)
        found["sorted"] = state.sorted_by(field.name, rtype.sort)
    return found


def rows(
    session: ScopedSession, rtype: RecordType, fields: list[Field], items: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows as the templates take them; no statement is made for a single row."""
    cells = Cells(session, fields).rows(items)
    hints = party.hints(session, rtype, items, [each.name for each in fields])
    able = {kind: frozenset(editable(session, rtype, kind)) for kind in rtype.kinds or (None,)}
    may = {verb: grants_of(session, rtype, verb) for verb in ("edit", "delete")}
    activities = session.registry.record_type("activities")
    calls = rtype.entity == "party" and grants_of(session, activities, "create")
    found, now = [], clock.now()
    for item, values in zip(items, cells, strict=True):
        name = plain(values.get(rtype.title)) or _untitled(values)
        values[rtype.title] = name
        url = f"/{rtype.path}/{item['id']}"
        kind = item.get("kind") if rtype.kinds else None
        found.append(
            {
                "id": item["id"],
                "url": url,
                "name": name,
                "kind": _avatar(rtype, item),
                "hint": hints.get(item["id"]),
                "muted": item.get("state") in ("inactive", "disabled", "cancelled"),
                "cells": values,
                "late": _late(item, values, now),
                "editable": able.get(kind, frozenset()),
                "quick": _quick(url, item, may, calls=calls, values=values),
                "actions": _actions(url, may, has_bin=rtype.has_bin),
            }
        )
    return found


def _quick(
    url: str, item: dict[str, Any], may: dict[str, bool], *, calls: bool, values: dict[str, Any]
) -> list[dict[str, Any]]:
    """What one click on a row does, beside opening it."""
    found: list[dict[str, Any]] = []
    if calls:
        call = f"/activities/new?kind=call&parties={item['id']}&next={quote(url, safe='')}"
        found.append({"label": _("Log a call"), "icon": "phone", "url": call})
    if isinstance(mail := values.get("email"), str):
        found.append({"label": _("Write a mail"), "icon": "mail", "url": f"mailto:{mail}"})
    if may["edit"]:
        found.append({"label": _("Edit"), "icon": "pencil", "url": f"{url}/edit"})
    return found


def _actions(url: str, may: dict[str, bool], *, has_bin: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"label": _("Open"), "url": url, "icon": "external-link"},
    ]
    if may["edit"]:
        found.append({"label": _("Edit"), "url": f"{url}/edit", "icon": "pencil"})
    if may["delete"] and has_bin:
        found.append({"divider": True})
        found.append(
            {
                "label": _("Move to the bin"),
                "url": f"{url}/delete",
                "icon": "trash",
                "method": "post",
                "danger": True,
            }
        )
    return found


def _late(item: dict[str, Any], values: dict[str, Any], now: datetime) -> list[str]:
    """The dates that have passed, though something was to be done until then."""
    planned = item.get("state", "planned") == "planned"
    due = ["next_activity", *(["due_at"] if planned else [])]
    return [name for name in due if isinstance(at := values.get(name), datetime) and at < now]


def _avatar(rtype: RecordType, item: dict[str, Any]) -> str | None:
    """Whose initials stand before the name: of a person or a firm; other records have none."""
    if rtype.kinds:
        return item.get("kind")
    return "person" if rtype.entity == "user" else None


def _untitled(values: dict[str, Any]) -> str:
    """What to call a record without a title: its kind, or else that it has no name."""
    return plain(values.get("kind")) or str(_("no name"))
