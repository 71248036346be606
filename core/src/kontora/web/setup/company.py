"""Step “Company”: a few of the settings of the site."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.http.context import db
from kontora.lifecycle import setup, site_settings
from kontora.registry.fields import Choice, Field, FieldType
from kontora.web import forms
from kontora.web.profile import zones

NAMES = ("company.name", "company.region", "company.locale", "company.timezone", "company.currency")


def fields(session: ScopedSession) -> list[Field]:
    """The settings as fields, their choices in the order of the reader's language."""
    declared = session.registry.settings
    return [_readable(site_settings.as_field(declared[name])) for name in NAMES]


def _readable(field: Field) -> Field:
    if field.name == "company.timezone":
        return replace(field, choices=zones.choices(""))
    if field.type is not FieldType.CHOICE:
        return field
    named = [Choice(value=each.value, label=str(each.label)) for each in field.choices]
    ordered = tuple(sorted(named, key=lambda each: str(each.label).casefold()))
    return replace(field, choices=ordered)


def values(session: ScopedSession) -> dict[str, Any]:
    """What is set now."""
    kept = site_settings.values(session)
    return {name: kept[name] for name in NAMES}


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What the form sent, by name."""
    return forms.read(fields(db()), form)


def save(form: MultiDict[str, str]) -> str:
    """Keep the settings and put the step behind. Raises Invalid."""
    session = db()
    with session.begin_nested():
        site_settings.save(session, typed(form))
        setup.settle(session, "company")
    return ""
