"""Kinds of events: every record type × what can happen to a record. Plugins' types too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kontora.records.notify import PAST
from kontora.registry.build import Registry
from kontora.registry.records import Change, RecordType
from kontora.text import Text, _

TEST = "webhook.test"
VERBS: dict[str, Text] = {
    "created": _("created"),
    "changed": _("changed"),
    "deleted": _("put into the bin"),
    "restored": _("taken out of the bin"),
    "merged": _("merged"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A kind of event, for example `contacts.created`."""

    name: str
    rtype: RecordType
    verb: str

    @property
    def label(self) -> Text:
        return VERBS.get(self.verb, self.verb)


def event_types(registry: Registry) -> dict[str, EventType]:
    """All kinds of events of a site, by name."""
    found = (
        EventType(name=f"{rtype.slug}.{verb}", rtype=rtype, verb=verb)
        for rtype in registry.record_types.values()
        for verb in dict.fromkeys(PAST.values())
        if rtype.has_bin or verb not in ("deleted", "restored")
    )
    return {each.name: each for each in found}


def names_of(registry: Registry, change: Change) -> Iterator[str]:
    """The names under which a change is told. A person is a contact, and may be a counterparty:
    whether he is one is looked up when the message is sent."""
    verb = PAST.get(change.verb)
    for rtype in registry.record_types.values():
        fits = not rtype.kinds or change.kind is None or change.kind in rtype.kinds
        if verb and rtype.entity == change.entity and fits:
            yield f"{rtype.slug}.{verb}"
