"""Two fields on contacts and counterparties, and a kind of activity: everywhere at once."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import Choice, Field, FieldType, hookimpl
from kontora_hello import _
from kontora_hello.models import PartyProfile


@hookimpl
def contribute_fields() -> Iterable[tuple[str, Field]]:
    score = Field(
        name="hello.score",
        label=_("Sympathy"),
        help=_("From 1 to 10: how glad we are to hear from them."),
        type=FieldType.INTEGER,
        model=PartyProfile,
        group="hello",
    )
    salutation = Field(
        name="hello.salutation",
        label=_("Salutation"),
        help=_("How a letter to them begins."),
        model=PartyProfile,
        max_length=64,
        searchable=1,
        group="hello",
    )
    return (("party", score), ("party", salutation))


@hookimpl
def contribute_choices() -> Iterable[tuple[str, str, Choice]]:
    return (("activity", "kind", Choice(value="hello.card", label=_("Greeting card"))),)
