"""Forms in the shape of the API, and back."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask, g
from werkzeug.datastructures import MultiDict

from kontora import text
from kontora.access.principal import Principal
from kontora.access.rights import Rights
from kontora.registry.fields import Choice, Collection, Field, FieldType
from kontora.web import complaints, forms

POINTS = Field(
    name="points",
    label="Points",
    type=FieldType.COLLECTION,
    collection=Collection(
        model=object,
        parent="party_id",
        fields=(
            Field(name="kind", label="Kind", type=FieldType.CHOICE, required=True),
            Field(name="value", label="Value", required=True),
            Field(name="primary", label="Primary", type=FieldType.BOOLEAN),
        ),
    ),
)


@pytest.fixture
def kyiv() -> Any:
    """A request of somebody in Kyiv."""
    app = Flask("test")
    with app.test_request_context():
        g.principal = Principal(kind="user", name="Anna", rights=Rights(), timezone="Europe/Kyiv")
        yield


def read(field: Field, *pairs: tuple[str, str]) -> Any:
    return forms.read([field], MultiDict(pairs))


def test_fields_that_were_not_in_the_form_stay_unchanged() -> None:
    assert read(Field(name="family", label="")) == {}
    assert read(Field(name="family", label=""), ("family", " ")) == {"family": None}


def test_rows_keep_their_order_and_blank_ones_are_dropped() -> None:
    found = read(
        POINTS,
        ("points", ""),
        ("points.3.kind", "phone"),
        ("points.3.value", "+380"),
        ("points.3.primary", ""),
        ("points.3.primary", "true"),
        ("points.1.kind", "email"),
        ("points.1.value", ""),
    )
    assert found == {"points": [{"kind": "phone", "value": "+380", "primary": True}]}
    assert read(POINTS, ("points", "")) == {"points": []}


def test_tags_repeat_their_name() -> None:
    tags = Field(name="tags", label="", type=FieldType.TAGS)
    assert read(tags, ("tags", ""), ("tags", "vip"), ("tags", "vip")) == {"tags": ["vip"]}


@pytest.mark.parametrize(
    ("language", "typed", "sent"),
    [
        ("ru", "1 234,50", "1234.50"),
        ("uk", "1.234,50", "1234.50"),
        ("en", "1,234.50", "1234.50"),
        ("en", "1,500", "1500"),
        ("en", "1,5", "1.5"),
        ("ru", "1,500", "1.500"),
        ("en", "much", "much"),
    ],
)
def test_numbers_are_understood_as_people_type_them(language: str, typed: str, sent: str) -> None:
    with text.use_locale(language):
        assert forms.decimal_of(typed) == sent


@pytest.mark.parametrize(
    ("typed", "sent"),
    [("31.12.2026", "2026-12-31"), ("2026-12-31", "2026-12-31"), ("31.02.2026", "31.02.2026")],
)
def test_dates(typed: str, sent: str) -> None:
    field = Field(name="day", label="", type=FieldType.DATE)
    assert read(field, ("day", typed)) == {"day": sent}


@pytest.mark.usefixtures("kyiv")
def test_times_are_local_in_the_form_and_utc_in_the_record() -> None:
    field = Field(name="due_at", label="", type=FieldType.DATETIME)
    assert read(field, ("due_at", "2026-07-01T12:00")) == {"due_at": "2026-07-01T09:00:00Z"}
    shown = forms.shown(None, [field], {"due_at": "2026-07-01T09:00:00Z"})
    assert shown["due_at"].startswith("2026-07-01T12:00")


def test_money_and_namespaces() -> None:
    field = Field(name="sales.budget", label="", type=FieldType.MONEY)
    sent = read(field, ("sales.budget.amount", "10,5"), ("sales.budget.currency", "eur"))
    body = forms.nested(sent)
    assert body == {"sales": {"budget": {"amount": "10.5", "currency": "EUR"}}}
    assert forms.flat(body, [field]) == sent


def test_values_that_say_the_same_are_the_same() -> None:
    owner = Field(name="owner", label="", type=FieldType.REFERENCE)
    assert forms.same(owner, "a", {"id": "a", "name": "Anna"})
    row = {"kind": "phone", "value": "+380"}
    assert forms.same(POINTS, [row], [{**row, "primary": False}])
    assert not forms.same(POINTS, [row], [{**row, "primary": True}])


def test_errors_stand_beside_the_input_and_speak_to_people() -> None:
    role = Field(
        name="role", label="Role", type=FieldType.CHOICE, choices=(Choice(value="a", label="A"),)
    )
    errors = {
        "points.1.value": ["Missing data for required field."],
        "role": ["Must be one of: a."],
        "family": ["Longer than maximum length 255."],
    }
    found = complaints.by_path(errors, [POINTS, role])
    assert found["points.1.value"] == ["Fill this in."]
    assert found["role"] == ["Choose one of the list."]
    assert found["family"] == ["Use at most 255 characters."]
    assert complaints.labels(found, [POINTS])["points.1.value"] == "Points 2, Value"
