"""Words on buttons that need the right gender and case, for the record types of core."""

from __future__ import annotations

from collections.abc import Mapping

from kontora.registry.records import RecordType
from kontora.text import Text, _

NEW: Mapping[str, Text] = {
    "contacts": _("New contact"),
    "counterparties": _("New counterparty"),
    "activities": _("New activity"),
    "groups": _("New group"),
    "branches": _("New branch"),
    "teams": _("New team"),
    "users": _("New user"),
}


def new(rtype: RecordType) -> str:
    """How the creation of a record is called; types of plugins get a neutral form."""
    return str(NEW.get(rtype.path) or _("New: %(what)s") % {"what": rtype.label})
