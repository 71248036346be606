"""What consents add to core, declared through the same hooks as any plugin's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from kontora.hookspecs import hookimpl
from kontora.parties import consent_models as models
from kontora.parties import consents
from kontora.parties.consent_import import PARTS as PARTS  # columns of imports
from kontora.parties.models import Party
from kontora.records import service
from kontora.registry.faces import MenuItem, Panel
from kontora.registry.fields import Collection, Field, FieldType
from kontora.registry.work import JobContext, JobSpec
from kontora.text import _

SHOWN = 20


@hookimpl
def register_models() -> Iterable[type]:
    """The ledger, its catalogue, and what lists show of it."""
    return (models.ConsentPurpose, models.Consent, models.ConsentState)


@hookimpl
def contribute_fields() -> Iterable[tuple[str, Field]]:
    """What a party agrees to now: a column of lists and exports, and a filter."""
    yield (
        "party",
        Field(
            name="consents",
            label=_("Consents"),
            help=_("Purpose and channel, such as marketing.email. Changed by the ledger alone."),
            type=FieldType.COLLECTION,
            order=48,
            group="roles",
            read_only=True,
            in_form=False,
            sortable=False,
            importable=False,
            collection=Collection(
                model=models.ConsentState,
                parent="party_id",
                single="consent",
                key=("consent",),
                order_by=("consent",),
                fields=(
                    Field(
                        name="consent",
                        label=_("Consent"),
                        help=_("Purpose and channel joined by a point, such as marketing.email."),
                        max_length=80,
                        required=True,
                    ),
                ),
            ),
        ),
    )


@hookimpl
def register_menu() -> Iterable[MenuItem]:
    """The catalogue of purposes."""
    return (
        MenuItem(
            id="admin-purposes",
            label=_("Purposes of consent"),
            help=_("What people may be addressed for, and whether they must agree first."),
            url="/admin/purposes",
            icon="list-check",
            group="administration",
            order=8,
            permission="admin.settings",
        ),
    )


@hookimpl
def register_slots() -> Iterable[Panel]:
    """Consents on the page of a party."""
    return (
        Panel(
            id="core.consents",
            title=_("Consents"),
            entity="party",
            template="core/pages/consents/panel.html",
            load=panel,
            order=850,
        ),
    )


def panel(session: Any, record_id: UUID) -> Mapping[str, Any] | None:
    """Per purpose and channel whether a consent holds; and the last lines of the ledger."""
    if session.principal.rights.hides("party", "consents"):
        return None
    kind = session.get(Party, record_id).kind
    rtype = session.registry.of_entity("party", kind)
    return {
        **shown(session, record_id),
        "base": f"/{rtype.path}/{record_id}",
        "may_edit": service.may(session, rtype, record_id, "edit"),
    }


def shown(session: Any, record_id: UUID) -> dict[str, Any]:
    """The table of states, and the ledger in words, the newest line first."""
    held = consents.state(session, record_id)
    catalogue = consents.purposes(session, retired=True)
    labels = {each.key: each.label for each in catalogue}
    rows = [
        {
            "key": each.key,
            "label": each.label,
            "needs_consent": each.needs_consent,
            "cells": [
                (key, label, held.get((each.key, key))) for key, label in consents.CHANNELS.items()
            ],
        }
        for each in catalogue
        if not each.retired or any(purpose == each.key for purpose, _channel in held)
    ]
    lines = [
        {
            "entry": each,
            "purpose": labels.get(each.purpose, each.purpose),
            "channel": consents.CHANNELS.get(each.channel, each.channel),
            "basis": consents.BASES.get(each.basis, each.basis),
            "given": each.state == models.GIVEN,
        }
        for each in consents.history(session, record_id)[:SHOWN]
    ]
    return {"purposes": rows, "channels": list(consents.CHANNELS.values()), "lines": lines}


def begin_and_end(context: JobContext) -> dict[str, int]:
    """Consents begin and end by themselves: bring what lists show in line with the ledger."""
    since = context.now - timedelta(days=2)
    return {"parties": consents.refresh_due(context.session, since)}


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """The refresh of what lists show, every quarter of an hour."""
    return (JobSpec(name="core.refresh_consents", handler=begin_and_end, schedule="*/15 * * * *"),)
