"""Where the value of a profile field comes from, and what it was before, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from kontora.records.changes import HistoryEntry
from kontora.registry.fields import Field
from kontora.text import Text, _
from kontora.web import formats
from kontora.web.records.cells import Cells, plain

_PLACES: Mapping[str, Text] = {
    "form": _("form"),
    "api": _("API"),
    "import": _("import"),
    "job": _("job"),
    "system": _("Kontora itself"),
}


def of(cells: Cells, field: Field, values: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What stands below a fact: `note` for the present value, `former` for those before it."""
    if not values:
        return {}
    present, *former = values
    found: dict[str, Any] = {"note": _said(present)}
    if former:
        found["former"] = [
            {"text": plain(cells.cell(field, each["value"])) or "—", "note": _said(each)}
            for each in former[:10]
        ]
    return found


def _said(value: Mapping[str, Any]) -> str:
    """Who said it, where and when: “form, Anna Petrova, 21.11.2026”."""
    place = str(value["source"]).partition(":")[0]
    day = formats.as_date(formats.local(datetime.fromisoformat(value["at"])))
    words = [str(_PLACES.get(place, place)), str(value["who"]) if place != "system" else "", day]
    return ", ".join(word for word in words if word)


def of_fields(entries: Sequence[HistoryEntry]) -> dict[str, str]:
    """Who entered the present value of each field, and when: “From the import of 3 May, by …”.

    `entries` are the saves of a record, newest first. Under "" stands the creation, which all
    fields come from that were not changed since.
    """
    found: dict[str, str] = {}
    for entry in entries:
        names = [""] if entry.verb == "create" else [name for name, *_rest in entry.fields]
        if missing := [name for name in names if name not in found]:
            words = _entered(entry)
            found |= dict.fromkeys(missing, words)
    return found


def _entered(entry: HistoryEntry) -> str:
    day = formats.as_date(formats.local(entry.at))
    itself = entry.principal_kind == "system"
    if (entry.source or "").startswith("import:"):
        text = (
            _("From the import of %(day)s")
            if itself
            else _("From the import of %(day)s, by %(who)s")
        )
    elif entry.principal_kind == "token":
        text = _("Through the API on %(day)s, by %(who)s")
    elif itself:
        text = _("Entered by Kontora itself on %(day)s")
    else:
        text = _("Entered by %(who)s on %(day)s")
    return str(text % {"day": day, "who": entry.who})
