"""The fields that repeat a party's activities: when it was last spoken with, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from kontora import clock
from kontora.parties.activities import Activity, ActivityParty
from kontora.parties.contact_dates import NO_CONTACT
from kontora.registry.fields import Field, FieldType
from kontora.text import _


def last_on(session: Any, ids: Sequence[UUID], day: date) -> Mapping[UUID, datetime]:
    """The last contact up to the end of a day, of these parties."""
    zone = clock.zone(session.principal.timezone)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
    rows = session.execute(
        select(ActivityParty.party_id, func.max(Activity.at))
        .join(Activity, Activity.id == ActivityParty.activity_id)
        .where(ActivityParty.party_id.in_(ids), Activity.state == "done", Activity.at < end)
        .where(Activity.kind.not_in(NO_CONTACT))
        .group_by(ActivityParty.party_id)
    )
    return {row[0]: row[1] for row in rows}


def unknown_on(_session: Any, _ids: Sequence[UUID], _day: date) -> Mapping[UUID, datetime]:
    """What was planned on a past day is not kept."""
    return {}


LAST_CONTACT = Field(
    name="last_contact",
    column="last_contact_at",
    label=_("Last contact"),
    help=_("The last call, visit, mail or other activity that was done; notes and tasks are none."),
    type=FieldType.DATETIME,
    read_only=True,
    in_form=False,
    in_list=True,
    in_api=False,
    importable=False,
    on_day=last_on,
    group="facts",
    order=90,
)
NEXT_ACTIVITY = Field(
    name="next_activity",
    column="next_activity_at",
    label=_("Next activity"),
    help=_("When the next of the planned activities is due."),
    type=FieldType.DATETIME,
    read_only=True,
    in_form=False,
    in_list=True,
    in_api=False,
    importable=False,
    on_day=unknown_on,
    group="facts",
    order=91,
)
