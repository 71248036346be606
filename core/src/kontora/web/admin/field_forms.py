"""The forms of custom fields: which inputs a type has, and what they send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from kontora.access.session import ScopedSession
from kontora.records.custom import check, define
from kontora.records.custom.definition import INDEXED, UNIQUE, choices_of, type_of
from kontora.records.models import CustomField
from kontora.registry.fields import Choice, Collection, Field, FieldType
from kontora.text import Text, _
from kontora.web import forms

TYPES: Mapping[str, tuple[Text, Text, str]] = {
    "text": (_("Text"), _("A word or a line."), "note"),
    "longtext": (_("Long text"), _("Several lines."), "file-text"),
    "number": (_("Number"), _("Whole, or with decimals."), "hash"),
    "money": (_("Money"), _("An amount with its currency."), "coin"),
    "date": (_("Date"), _("A day."), "calendar"),
    "choice": (_("Choice"), _("One of a list."), "circle-check"),
    "choices": (_("Several choices"), _("Any number out of a list."), "checklist"),
    "boolean": (_("Yes or no"), _("Or not answered."), "checkbox"),
    "reference": (_("Link to a record"), _("Of any kind."), "link"),
    "person": (_("Person"), _("A link to a contact."), "user"),
    "url": (_("Web address"), _("A link that opens."), "globe"),
}
PERSON = ("party", "person")
_FLAGS = ("required", "is_unique", "indexed", "profile", "in_list")
_KINDS: Mapping[str, Text] = {"person": _("Person"), "organisation": _("Organisation")}
_OPTION = (
    Field(name="label", label=_("Text of the choice"), max_length=255),
    Field(name="value", label=_("Value in data, if another"), max_length=64),
    Field(name="retired", label=_("retired"), type=FieldType.BOOLEAN),
)
OPTIONS = Field(
    name="options",
    label=_("Choices"),
    type=FieldType.COLLECTION,
    help=_("A choice that you take away stays at the records that have it, as retired."),
    collection=Collection(model=object, parent="", fields=_OPTION, key=("value",)),
)


def type_cards() -> list[dict[str, Any]]:
    """The types to choose from."""
    return [
        {"type": name, "label": label, "hint": hint, "icon": icon}
        for name, (label, hint, icon) in TYPES.items()
    ]


def shown_type(row: CustomField) -> str:
    """The type of a field as its form calls it."""
    kind, settings = type_of(row), row.settings or {}
    if kind in (FieldType.INTEGER, FieldType.DECIMAL):
        return "number"
    if kind is FieldType.REFERENCE and (settings["target"], settings.get("target_kind")) == PERSON:
        return "person"
    return str(kind)


def title_of(session: ScopedSession, entity: str) -> str:
    """What the records of an entity are called: “Contacts, Counterparties”."""
    types = define.entities(session).get(entity, [])
    return ", ".join(str(each.label_plural) for each in types)


def groups(session: ScopedSession) -> list[dict[str, Any]]:
    """The fields of each entity for the page that lists them."""
    return [
        {
            "entity": entity,
            "anchor": f"fields-{entity.replace('.', '-')}",
            "title": title_of(session, entity),
            "rows": [_row(row) for row in define.listing(session, entity)],
        }
        for entity in define.entities(session)
    ]


def _row(row: CustomField) -> dict[str, Any]:
    marks: list[Text] = []
    for flag, word in (
        ("required", _("required")),
        ("is_unique", _("unique")),
        ("indexed", _("indexed")),
        ("profile", _("with source and date")),
    ):
        if getattr(row, flag):
            marks.append(word)
    return {
        "key": row.key,
        "label": row.label,
        "type": TYPES[shown_type(row)][0],
        "section": row.section,
        "marks": marks,
        "archived": row.archived_at is not None,
    }


def inputs(
    session: ScopedSession, entity: str, key: str | None, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The inputs of a type in their groups, as the macros of forms take them."""
    kind = str(values.get("type") or "text")
    rtype = define.rtype_of(session, entity)
    names = [Choice(value=name, label=label) for name, (label, *_rest) in TYPES.items()]
    first: list[Any] = [
        Field(name="label", label=_("Name of the field"), required=True),
        Field(
            name="type", label=_("Type"), type=FieldType.CHOICE, choices=tuple(names), required=True
        ),
    ]
    if key is None:
        help = _("For the API and imports; made of the label if you leave it blank.")
        first.append(Field(name="key", label=_("Key"), help=help, max_length=48))
    first += _of_type(session, kind)
    first.append(Field(name="help", label=_("Help below the field"), max_length=1000))
    parts = [{"title": "", "fields": first, "options": kind in ("choice", "choices")}]
    parts.append({"title": _("Where it is shown"), "fields": _places(session, rtype)})
    parts.append({"title": _("Rules"), "fields": _rules(kind)})
    return parts


def _of_type(session: ScopedSession, kind: str) -> list[Field]:
    if kind in ("number", "money"):
        help = _("0 for whole numbers.")
        return [Field(name="places", label=_("Decimals"), type=FieldType.INTEGER, help=help)]
    if kind == "reference":
        choices = tuple(Choice(value=v, label=label) for v, label in targets(session))
        name = _("Leads to")
        return [
            Field(name="target", label=name, type=FieldType.CHOICE, choices=choices, required=True)
        ]
    return []


def targets(session: ScopedSession) -> list[tuple[str, Text]]:
    """The records that a link can lead to, as `entity:kind`."""
    found: dict[str, Text] = {}
    for rtype in session.registry.record_types.values():
        kind = rtype.kinds[0] if rtype.kinds else ""
        found.setdefault(f"{rtype.entity}:{kind}", rtype.label_plural)
    return list(found.items())


def _places(session: ScopedSession, rtype: Any) -> list[Field]:
    found = [
        Field(
            name="section",
            label=_("Group"),
            max_length=64,
            help=_("The heading above it; without one “Own fields”."),
        )
    ]
    kinds = check.kinds_of(session, rtype)
    if len(kinds) > 1:
        found.append(
            _ticks("kinds", _("Only for"), {each: _KINDS.get(each, each) for each in kinds})
        )
    if names := check.roles_of(rtype):
        known = session.registry.labels("party", "roles.role")
        labels = {each: known.get(each, each) for each in names}
        found.append(_ticks("roles", _("Only for parties in these roles"), labels))
    label = _("A column of the list, until a user chooses his own")
    found.append(Field(name="in_list", label=label, type=FieldType.BOOLEAN))
    return found


def _ticks(name: str, label: Text, choices: Mapping[str, Text]) -> Field:
    offered = tuple(Choice(value=value, label=text) for value, text in choices.items())
    return Field(name=name, label=label, type=FieldType.CHOICES, choices=offered)


def _rules(kind: str) -> list[Field]:
    stored = {"number": FieldType.INTEGER, "person": FieldType.REFERENCE}.get(kind)
    own = stored or FieldType(kind)
    flag = FieldType.BOOLEAN
    found = [Field(name="required", label=_("Required"), type=flag)]
    if own in UNIQUE:
        help = _("Two records cannot have the same value; one in the bin keeps its own.")
        found.append(Field(name="is_unique", label=_("Unique"), type=flag, help=help))
    if own in INDEXED:
        help = _("Filters by it stay quick among millions of records.")
        found.append(Field(name="indexed", label=_("Indexed"), type=flag, help=help))
    help = _("Each value is kept, with who gave it, where and when.")
    found.append(Field(name="profile", label=_("With source and date"), type=flag, help=help))
    if own is not FieldType.REFERENCE:
        help = _("For a new record where nothing is given.")
        if own in (FieldType.CHOICE, FieldType.CHOICES):
            help = _("The value of a choice; for a new record where nothing is given.")
        given: dict[str, Any] = {}
        if own is FieldType.BOOLEAN:
            yes, no = Choice(value="true", label=_("yes")), Choice(value="false", label=_("no"))
            given = {"type": FieldType.CHOICE, "choices": (yes, no)}
        found.append(
            Field(name="default_value", label=_("Default"), help=help, max_length=4000, **given)
        )
    return found


# What the form holds and sends


def values(row: CustomField) -> dict[str, Any]:
    """A definition as its form shows it."""
    settings = row.settings or {}
    kind = settings.get("target_kind") or ""
    target = f"{settings.get('target')}:{kind}" if settings.get("target") else None
    return {
        "label": row.label,
        "type": shown_type(row),
        "help": row.help,
        "section": row.section,
        "places": settings.get("places", 0),
        "target": target,
        "options": [
            {"label": each.label, "value": each.value, "retired": each.retired}
            for each in choices_of(row.options or ())
        ],
        "kinds": row.kinds or [],
        "roles": row.roles or [],
        "default_value": _default_text(row.default_value),
        **{name: getattr(row, name) for name in _FLAGS},
    }


def _default_text(value: Any) -> Any:
    if isinstance(value, Mapping):
        return f"{value.get('amount')} {value.get('currency')}"
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, to be shown again."""
    found: dict[str, Any] = dict(form.items())
    for name in ("kinds", "roles"):
        found[name] = [each for each in form.getlist(name) if each]
    found |= {name: "true" in form.getlist(name) for name in _FLAGS}
    return {**found, **forms.read([OPTIONS], form)}


def read(form: MultiDict[str, str]) -> dict[str, Any]:
    """A definition as `define` takes it."""
    found = typed(form)
    kind = found.get("type", "")
    if kind == "number":
        kind = "integer" if str(found.get("places") or "0") == "0" else "decimal"
    if kind == "person":
        kind, found["target"] = "reference", ":".join(PERSON)
    target, _colon, target_kind = str(found.get("target") or "").partition(":")
    found |= {"type": kind, "target": target, "target_kind": target_kind or None}
    found["options"] = [
        {**row, "value": row.get("value") or row.get("label") or ""}
        for row in found.get("options") or ()
    ]
    return {**found, "default_value": _default(kind, found)}


def _default(kind: str, found: Mapping[str, Any]) -> Any:
    text = str(found.get("default_value") or "").strip()
    if not text:
        return None
    if kind == "money":
        amount, _blank, currency = text.rpartition(" ")
        return {"amount": forms.decimal_of(amount or text), "currency": currency.upper()}
    if kind == "boolean":
        return text.casefold() in ("true", "1", "yes", "on", str(_("yes")).casefold())
    if kind == "choices":
        return [each.strip() for each in text.split(",") if each.strip()]
    simple = {"integer": FieldType.INTEGER, "decimal": FieldType.DECIMAL, "date": FieldType.DATE}
    return forms.value_of(Field(name="x", label="x", type=simple.get(kind, FieldType.TEXT)), text)
