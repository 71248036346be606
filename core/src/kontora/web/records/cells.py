"""Values of records as people read them: labels, names with links, local dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import phonenumbers
from markupsafe import Markup, escape

from kontora.access.session import ScopedSession
from kontora.access.shipped import ROLE_LABELS
from kontora.records.service import grants_of
from kontora.registry.fields import Field, FieldType
from kontora.web import names
from kontora.web.forms import flat

TONES = {
    "client": "good",
    "prospect": "warn",
    "partner": "accent",
    "dealer": "accent",
    "competitor": "bad",
    "planned": "accent",
    "done": "good",
    "disabled": "bad",
}
# States of rows that go without saying.
USUAL = frozenset({"ok", "active"})
# Years are whole numbers without separators.
PLAIN = frozenset({"founded", "year"})


def type_of(field: Field) -> str:
    """The type by which the table aligns and formats a column."""
    return "text" if field.short_name in PLAIN else str(field.type)


class Cells:
    """Turns the values of many records into cells; kinds of referenced parties load at once."""

    def __init__(self, session: ScopedSession, fields: Sequence[Field]) -> None:
        self.session, self.fields = session, fields
        self._kinds: dict[str, dict[UUID, str]] = {}
        self._pages: dict[str, bool] = {}

    def rows(self, items: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The cells of each record by field name."""
        values = [flat(item, self.fields) for item in items]
        self._prepare(values)
        return [
            {each.name: self.cell(each, row.get(each.name)) for each in self.fields}
            for row in values
        ]

    def _prepare(self, values: Sequence[Mapping[str, Any]]) -> None:
        ids: dict[str, set[UUID]] = {}
        for each, target in _references(self.fields):
            for row in values:
                found = _ids(row.get(each.name))
                ids.setdefault(target, set()).update(found)
        for target, wanted in ids.items():
            self._kinds[target] = names.kinds(self.session, target, wanted)

    def cell(self, field: Field, value: Any) -> Any:
        """One value; None, an empty text and an empty list show nothing."""
        if value is None or value == "" or value == []:
            return None
        if field.type is FieldType.TAGS:
            return (
                [str(ROLE_LABELS.get(each, each)) for each in value] if _is_roles(field) else value
            )
        if field.collection is not None:
            return self._collection(field, value)
        if field.type is FieldType.CHOICE:
            return self.choice(field, value)
        if field.type is FieldType.CHOICES:
            return [str(self.choice(field, each, badge=False)) for each in value]
        if field.type is FieldType.REFERENCE:
            return self.reference(field.target or "", value)
        if field.type is FieldType.DATE:
            return date.fromisoformat(value)
        if field.type is FieldType.DATETIME:
            return datetime.fromisoformat(value)
        if field.type is FieldType.PHONE:
            return phone(value)
        if field.type is FieldType.URL and not str(value).startswith(("http://", "https://")):
            return escape(value)  # a text, not a link: who knows what it would open
        if field.type is FieldType.JSON and isinstance(value, Mapping):
            return "; ".join(f"{key}: {plain(each)}" for key, each in value.items()) or None
        return str(value) if field.short_name in PLAIN else value

    def choice(self, field: Field, value: Any, *, badge: bool = True) -> Any:
        """The label of a choice; with a tone where one is known."""
        label = next((str(each.label) for each in field.choices if each.value == value), value)
        tone = TONES.get(str(value))
        return {"label": label, "tone": tone} if badge and tone else label

    def reference(self, entity: str, value: Mapping[str, Any]) -> dict[str, Any]:
        """A name, with its page when there is one that the principal may open."""
        record_id = UUID(str(value["id"]))
        kind = self._kinds.get(entity, {}).get(record_id)
        shown: dict[str, Any] = {"name": value.get("name") or ""}
        if self._has_page(entity):
            shown["url"] = names.path_of(self.session.registry, entity, record_id, kind)
        if kind or entity == "user":
            shown["kind"] = kind or "user"
        return shown

    def _has_page(self, entity: str) -> bool:
        if entity not in self._pages:
            rtype = self.session.registry.of_entity(entity)
            self._pages[entity] = rtype is not None and grants_of(self.session, rtype, "view")
        return self._pages[entity]

    def _collection(self, field: Field, value: Sequence[Any]) -> Any:
        collection = field.collection
        assert collection is not None
        if collection.single:
            inner = collection.fields[0]
            if inner.type is FieldType.REFERENCE:
                return links([self.reference(inner.target or "", each) for each in value])
            return [self.choice(inner, each) for each in value]
        chosen = next((each for each in collection.fields if each.type is FieldType.CHOICE), None)
        if field.name == "roles" and chosen is not None:
            current = [row for row in value if is_current(row)]
            return [self._badge(chosen, row[chosen.name]) for row in current]
        return "; ".join(self.sentence(collection.fields, row) for row in value)

    def _badge(self, field: Field, value: Any) -> dict[str, Any]:
        shown = self.choice(field, value)
        return shown if isinstance(shown, dict) else {"label": shown, "tone": "neutral"}

    def sentence(self, fields: Iterable[Field], row: Mapping[str, Any]) -> str:
        """The words of a row, joined: an address, a relation, an identifier."""
        words = []
        for each in fields:
            value = row.get(each.name)
            if value in (None, "", False) or each.type is FieldType.BOOLEAN:
                continue
            if each.name == "status" and value in USUAL:
                continue
            shown = self.cell(each, value)
            words.append(plain(shown))
        return ", ".join(word for word in words if word)


def plain(value: Any) -> str:
    """A cell as mere text, for titles, history and choices."""
    from kontora.web import formats

    if value is None:
        return ""
    if isinstance(value, Mapping):
        if "amount" in value:
            return formats.as_money(value)
        return str(value.get("label") or value.get("name") or "")
    if isinstance(value, list):
        return ", ".join(plain(each) for each in value)
    if isinstance(value, datetime):
        return formats.as_datetime(value)
    if isinstance(value, date):
        return formats.as_date(value)
    if isinstance(value, Markup):
        return str(value.striptags())
    return str(value)


def links(references: Sequence[Mapping[str, Any]]) -> Markup:
    """Names joined by commas, each a link where it has a page."""
    parts = [
        Markup('<a href="{}">{}</a>').format(each["url"], each["name"])
        if each.get("url")
        else Markup("{}").format(each["name"])
        for each in references
    ]
    return Markup(", ").join(parts)


@lru_cache(maxsize=10_000)
def phone(value: str) -> str:
    """A number in E.164 with blanks where its country has them."""
    try:
        parsed = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def is_current(row: Mapping[str, Any], today: date | None = None) -> bool:
    """Whether a dated row (role, position, relation) holds today."""
    from kontora import clock

    day = (today or clock.now().date()).isoformat()
    return (row.get("from") or day) <= day <= (row.get("to") or day)


def _is_roles(field: Field) -> bool:
    return field.collection is not None and field.collection.single == "role"


def _references(fields: Iterable[Field]) -> Iterable[tuple[Field, str]]:
    for each in fields:
        if each.type is FieldType.REFERENCE and each.target:
            yield each, each.target
        elif each.collection is not None:
            for inner in each.collection.fields:
                if inner.type is FieldType.REFERENCE and inner.target:
                    yield each, inner.target


def _ids(value: Any) -> Iterable[UUID]:
    """All ids of references in a value: one, a list of them, or rows that hold them."""
    if isinstance(value, Mapping):
        if set(value) == {"id", "name"}:
            yield UUID(str(value["id"]))
        else:
            for inner in value.values():
                if isinstance(inner, Mapping):
                    yield from _ids(inner)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)
