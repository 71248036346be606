"""How the pages call tables: by the words of their record type or field, never by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kontora.registry.build import Registry
from kontora.text import Text, _

# Tables that no record type or field stands for.
_OWN: Mapping[str, Text] = {
    "party": _("The record itself"),
    "person": _("The record itself"),
    "party_role": _("Roles"),
    "affiliation": _("Positions"),
    "relation": _("Relations"),
    "contact_point": _("Phones, e-mails and other contact points"),
    "address": _("Addresses"),
    "identifier": _("Identifiers"),
    "party_tag": _("Tags"),
    "activity": _("Activities"),
    "activity_party": _("Links to activities"),
    "file": _("Files"),
    "file_text": _("Text of files"),
    "import_file": _("Files of imports"),
    "consent": _("Ledger of consents"),
    "consent_state": _("Consents as they stand"),
    "ownership": _("Owners of the past"),
    "change": _("Change log"),
    "profile_value": _("Sources of custom fields"),
    "custom_key": _("Keys of custom fields"),
    "external_key": _("Keys of other systems"),
    "import_issue": _("Reports of imports"),
    "import_run": _("Imports"),
    "review_item": _("Likely doubles"),
    "group_member": _("Groups"),
    "group_period": _("Groups of the past"),
    "party_stage": _("Stages"),
    "favourite": _("Favourites of users"),
    "mention": _("Mentions"),
    "activity_record": _("Links to activities"),
    "reading": _("Who opened the record"),
    "mail_message": _("Mails"),
    "notice": _("Notices"),
    "job": _("Jobs"),
    "outbox": _("Events"),
    "webhook_delivery": _("Deliveries of webhooks"),
    "idempotency_key": _("Answers kept for repeated requests"),
    "saved_view": _("Saved views"),
    "user_preference": _("Preferences of users"),
    "handover_item": _("Handovers"),
    "privacy_request": _("Requests about persons"),
    "search_posting": _("Search index"),
}


def labels(registry: Registry) -> dict[str, Text]:
    """Table → what people call it: our own words, else those of a record type or collection."""
    found: dict[str, Text] = {}
    for rtype in registry.record_types.values():
        found.setdefault(str(rtype.model.__tablename__), rtype.label_plural)
        for field in rtype.fields:
            if field.collection is not None:
                model: Any = field.collection.model
                found.setdefault(str(model.__tablename__), field.label)
    return {**found, **_OWN}


def named(registry: Registry, tables: Iterable[str], manager: Any = None) -> dict[str, Text]:
    """The label of each table; one of a plugin that says nothing of it is named after that."""
    known = labels(registry)
    return {each: known.get(each) or _plugin(each, manager) for each in tables}


def _plugin(table: str, manager: Any) -> Text:
    states = getattr(manager, "states", {})
    fitting = [each for each in states if table.startswith(f"{each}_")]
    if not fitting:
        return _("Other data")
    name = max(fitting, key=len)
    label = str(getattr(states[name].manifest, "label", "") or name.title())
    return _("Data of “%(plugin)s”") % {"plugin": label}


def counted(
    registry: Registry, rows: Mapping[str, int], manager: Any = None
) -> list[tuple[str, int]]:
    """Label and number, tables of one label added up, in the order of the labels."""
    found: dict[str, int] = {}
    for table, label in named(registry, rows, manager).items():
        found[str(label)] = found.get(str(label), 0) + rows[table]
    return sorted(found.items())
