"""The fields of activities."""

from __future__ import annotations

from kontora.parties.activities import ActivityParty, ActivityRecord
from kontora.parties.fields import BRANCH, OWNER
from kontora.registry.fields import Choice, Collection, Field, FieldType
from kontora.text import _

KINDS = (
    Choice(value="call", label=_("Call")),
    Choice(value="visit", label=_("Visit")),
    Choice(value="mail", label=_("Mail")),
    Choice(value="meeting", label=_("Meeting")),
    Choice(value="letter", label=_("Letter")),
    Choice(value="fax", label=_("Fax")),
    Choice(value="note", label=_("Note")),
    Choice(value="chat", label=_("Chat")),
    Choice(value="task", label=_("Task")),
)
STATES = (
    Choice(value="planned", label=_("Planned")),
    Choice(value="done", label=_("Done")),
    Choice(value="cancelled", label=_("Cancelled")),
)

# How a call or a visit ended; plugins add their own.
OUTCOMES = (
    Choice(value="reached", label=_("Reached")),
    Choice(value="agreed", label=_("Agreed")),
    Choice(value="call_back", label=_("Call back later")),
    Choice(value="no_answer", label=_("No answer")),
    Choice(value="busy", label=_("Busy")),
    Choice(value="message_left", label=_("Left a message")),
    Choice(value="declined", label=_("Declined")),
    Choice(value="wrong_number", label=_("Wrong number")),
)

ACTIVITY_FIELDS = (
    Field(
        name="kind",
        label=_("Kind"),
        help=_("Call, visit, letter …: reports count by it."),
        type=FieldType.CHOICE,
        choices=KINDS,
        required=True,
        order=1,
        in_list=True,
    ),
    Field(
        name="subject",
        label=_("Subject"),
        help=_("What it is about, in a few words; lists show it."),
        order=2,
        searchable=8,
        in_list=True,
    ),
    Field(
        name="body",
        label=_("Text"),
        help=_("What was said, agreed or is to be done."),
        type=FieldType.LONGTEXT,
        order=3,
        searchable=2,
    ),
    Field(
        name="parties",
        label=_("With"),
        help=_("The people and organisations that it is about."),
        type=FieldType.COLLECTION,
        order=4,
        in_list=True,
        sortable=False,
        searchable=3,
        collection=Collection(
            model=ActivityParty,
            parent="activity_id",
            single="party",
            key=("party",),
            order_by=("position", "party_id"),
            fields=(
                Field(
                    name="party",
                    column="party_id",
                    label=_("With"),
                    help=_("A person or an organisation who takes part."),
                    type=FieldType.REFERENCE,
                    target="party",
                    required=True,
                ),
            ),
        ),
    ),
    Field(
        name="state",
        label=_("State"),
        type=FieldType.CHOICE,
        choices=STATES,
        help=_("Left empty: planned when it is due some time, else done."),
        order=5,
        in_list=True,
    ),
    Field(
        name="outcome",
        label=_("Result"),
        type=FieldType.CHOICE,
        choices=OUTCOMES,
        help=_("How a call or a visit ended, for lists and reports."),
        order=6,
    ),
    Field(
        name="duration",
        label=_("Duration, minutes"),
        type=FieldType.INTEGER,
        help=_("How long it took, or is to take."),
        order=6,
    ),
    Field(
        name="due_at",
        label=_("Due"),
        help=_("The day and hour by which it is to be done."),
        type=FieldType.DATETIME,
        order=6,
        in_list=True,
    ),
    Field(
        name="done_at",
        label=_("Done at"),
        help=_("The moment when it took place."),
        type=FieldType.DATETIME,
        order=7,
    ),
    Field(
        name="at",
        label=_("When"),
        type=FieldType.DATETIME,
        help=_("When it was done, or else is due, or else was written down."),
        read_only=True,
        in_form=False,
        order=8,
    ),
    Field(
        name="records",
        label=_("About"),
        help=_("Deals, tickets or other records that it concerns."),
        type=FieldType.COLLECTION,
        order=9,
        in_form=False,
        sortable=False,
        collection=Collection(
            model=ActivityRecord,
            parent="activity_id",
            key=("type", "id"),
            order_by=("entity", "record_id"),
            fields=(
                Field(
                    name="type",
                    column="entity",
                    label=_("Type"),
                    help=_("The kind of record, such as a deal or a ticket."),
                    required=True,
                    max_length=64,
                ),
                Field(
                    name="id",
                    column="record_id",
                    label=_("Record"),
                    help=_("The deal, the ticket or the other thing that is meant."),
                    type=FieldType.REFERENCE,
                    required=True,
                ),
            ),
        ),
    ),
    OWNER,
    BRANCH,
)
