"""Greetings: with this declaration they have pages, API, import, export, search and history."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import (
    BRANCH_FIELD,
    OWNER_FIELD,
    Choice,
    Draft,
    Field,
    FieldType,
    Invalid,
    RecordType,
    hookimpl,
)
from kontora_hello import _
from kontora_hello.models import Greeting

OCCASIONS = (
    Choice(value="birthday", label=_("Birthday")),
    Choice(value="new_year", label=_("New Year")),
    Choice(value="other", label=_("Other occasion")),
)


FIELDS = (
    Field(
        name="subject",
        label=_("Subject"),
        help=_("A few words by which you find it again."),
        required=True,
        order=1,
        searchable=8,
    ),
    Field(
        name="body",
        label=_("Text"),
        help=_("The words that will be sent."),
        type=FieldType.LONGTEXT,
        order=2,
        searchable=2,
    ),
    Field(
        name="occasion",
        label=_("Occasion"),
        help=_("Why we greet: a birthday, New Year or something else."),
        type=FieldType.CHOICE,
        choices=OCCASIONS,
        order=3,
    ),
    Field(
        name="party",
        column="party_id",
        label=_("For"),
        help=_("The person or organisation who gets the greeting."),
        type=FieldType.REFERENCE,
        target="party",
        searchable=3,
    ),
    OWNER_FIELD,
    BRANCH_FIELD,
)


@hookimpl
def register_record_types() -> Iterable[RecordType]:
    greetings = RecordType(
        path="hello/greetings",
        entity="hello.greeting",
        label=_("Greeting"),
        label_plural=_("Greetings"),
        help=_("Kind words, sent or about to be sent."),
        icon="message-circle",
        model=Greeting,
        title="subject",
        sort="subject",
        columns=("subject", "occasion", "party", "owner"),
        fields=FIELDS,
    )
    return (greetings,)


@hookimpl
def before_save(draft: Draft) -> None:
    """A check of our own: the sentence is shown beside the field."""
    if draft.entity == "hello.greeting" and draft.data.get("occasion", "") is None:
        draft.data["occasion"] = "other"
    score = draft.data.get("hello.score")
    if score is not None and not 1 <= score <= 10:
        raise Invalid({"hello.score": [_("Choose a number from 1 to 10.")]})
