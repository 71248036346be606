"""Forms and records: what a form sends, in the shape of the API, and back again for display.

Values are kept by flat field name (`family`, `hello.score`) until `nested` makes the body of it.
What cannot be understood stays as it was typed: the record service then refuses it by name, and
the form shows it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import get_decimal_symbol
from werkzeug.datastructures import MultiDict

from kontora.http.context import zone
from kontora.registry.fields import Field, FieldType
from kontora.web import formats, names

_DAY_FIRST = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d\d)")


def read(fields: Iterable[Field], form: MultiDict[str, str]) -> dict[str, Any]:
    """The values of those fields that were in the form."""
    found: dict[str, Any] = {}
    for each in fields:
        name = each.name
        if each.type is FieldType.MONEY:
            if f"{name}.amount" in form:
                found[name] = _money(form, name)
        elif name not in form:
            continue
        elif each.type in (FieldType.TAGS, FieldType.CHOICES):
            texts = (text.strip() for text in form.getlist(name))
            found[name] = list(dict.fromkeys(text for text in texts if text))
        elif each.collection is not None:
            found[name] = _rows(each, form)
        elif each.type is FieldType.BOOLEAN:
            found[name] = _yes_or_no(each, form.getlist(name))
        else:
            found[name] = value_of(each, form[name])
    return found


def answers(field: Field) -> bool:
    """Whether a yes/no field may also stay without an answer: one that administrators made."""
    return field.type is FieldType.BOOLEAN and field.json_key is not None


def _yes_or_no(field: Field, sent: Sequence[str]) -> bool | None:
    if answers(field) and not set(sent) & {"true", "false"}:
        return None
    return "true" in sent


def value_of(field: Field, typed: str) -> Any:
    """What was typed, as the API wants it; None when nothing was."""
    text = typed.strip()
    if not text:
        return None
    if field.type is FieldType.INTEGER:
        plain = re.sub(r"[\s\u00a0\u202f']", "", text)
        return int(plain) if re.fullmatch(r"[+-]?\d{1,12}", plain) else text
    if field.type is FieldType.DECIMAL:
        return decimal_of(text)
    if field.type is FieldType.DATE:
        return _date(text)
    if field.type is FieldType.DATETIME:
        return moment_of(text)
    if field.type is FieldType.JSON:
        try:
            return json.loads(text)
        except ValueError:
            return text
    return typed if field.type is FieldType.LONGTEXT else text


def decimal_of(text: str) -> str:
    """A number typed with the separators of the user's locale, or with a point."""
    plain = re.sub(r"[\s\u00a0\u202f']", "", text)
    if "," in plain and "." in plain:
        group = "," if plain.rfind(".") > plain.rfind(",") else "."
        plain = plain.replace(group, "")
    elif plain.count(",") == 1 and get_decimal_symbol(formats.locale()) == ".":
        # English: 1,500 is a thousand and a half; 1,5 was typed by somebody else's habit.
        plain = plain.replace(",", "" if re.search(r",\d{3}$", plain) else ".")
    plain = plain.replace(",", ".")
    try:
        return format(Decimal(plain), "f")
    except InvalidOperation:
        return text


def _date(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    if (found := _DAY_FIRST.fullmatch(text)) is None:
        return text
    day, month, year = (int(part) for part in found.groups())
    try:
        return date(year + 2000 if year < 100 else year, month, day).isoformat()
    except ValueError:
        return text


def moment_of(text: str) -> str:
    """A local time of the user (`2026-11-21T14:20`) as UTC in ISO 8601."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone())
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return text


def _money(form: MultiDict[str, str], name: str) -> dict[str, Any] | None:
    amount = form[f"{name}.amount"].strip()
    if not amount:
        return None
    currency = form.get(f"{name}.currency", "").strip().upper()
    return {"amount": decimal_of(amount), "currency": currency}


def _rows(field: Field, form: MultiDict[str, str]) -> list[Any]:
    """The rows of a collection in the order of their numbers; those left blank are dropped."""
    assert field.collection is not None
    pattern = re.compile(re.escape(field.name) + r"\.(\d{1,6})\.")
    order = list(dict.fromkeys(m[1] for key in form if (m := pattern.match(key))))
    found = []
    for number in order:
        prefix = f"{field.name}.{number}."
        inner = MultiDict(
            [
                (key.removeprefix(prefix), value)
                for key, value in form.items(multi=True)
                if key.startswith(prefix)
            ]
        )
        row = read(field.collection.fields, inner)
        if not _is_blank(field.collection.fields, row):
            found.append(row)
    if field.collection.single:
        return [row.get(field.collection.single) for row in found]
    return found


def _is_blank(fields: Iterable[Field], row: Mapping[str, Any]) -> bool:
    """Whether a row says nothing: a kind that was chosen for a value never typed says nothing."""
    picked = (FieldType.CHOICE, FieldType.BOOLEAN)
    typed = [each for each in fields if each.type not in picked]
    if any(row.get(each.name) not in (None, "", []) for each in typed):
        return False
    if any(each.required for each in typed):
        return True
    return not any(value not in (None, "", False, []) for value in row.values())


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The body of the API: `hello.score` becomes `score` in `hello`."""
    body: dict[str, Any] = {}
    for name, value in flat.items():
        space, _dot, last = name.rpartition(".")
        (body.setdefault(space, {}) if space else body)[last] = value
    return body


def flat(record: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """The values of a record, as the service shows it, by flat field name."""
    found = {}
    for each in fields:
        inside = (record.get(each.namespace) or {}) if each.namespace else record
        if each.short_name in inside:
            found[each.name] = inside[each.short_name]
    return found


# Back into a form


def shown(session: Any, fields: Sequence[Field], values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as the inputs of a form hold them: local times, names beside ids, rows as rows."""
    return {
        each.name: _shown(session, each, values[each.name])
        for each in fields
        if each.name in values
    }


def _shown(session: Any, field: Field, value: Any) -> Any:
    if value is None or value == "":
        return None
    if field.type in (FieldType.TAGS, FieldType.CHOICES):
        return value
    if field.collection is not None:
        inner = field.collection.fields
        if field.collection.single:
            value = [{field.collection.single: each} for each in value]
        return [shown(session, inner, row) for row in value]
    if field.type is FieldType.REFERENCE:
        return names.reference(session, field.target or "", value)
    if field.type is FieldType.DATETIME:
        try:
            return formats.local(value).isoformat()
        except ValueError:
            return value
    if field.type is FieldType.DECIMAL:
        return _decimal(value)
    if field.type is FieldType.MONEY and isinstance(value, Mapping):
        return {**value, "amount": _decimal(value.get("amount"))}
    return value


def _decimal(value: Any) -> str:
    text = str(value)
    return text.replace(".", get_decimal_symbol(formats.locale())) if _is_number(text) else text


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?", text) is not None


# Comparing


def same(field: Field, one: Any, other: Any) -> bool:
    """Whether two values of a field say the same, however they are written."""
    return bool(normal(field, one) == normal(field, other))


def normal(field: Field, value: Any) -> Any:
    """A value reduced to what it says: ids for references, rows without blanks."""
    if value in (None, "", [], False):
        return None
    if field.collection is not None:
        if field.collection.single:
            return [normal(field.collection.fields[0], each) for each in value]
        return [_normal_row(field.collection.fields, row) for row in value]
    if field.type is FieldType.REFERENCE:
        return str(value.get("id") if isinstance(value, Mapping) else value)
    if field.type is FieldType.DECIMAL and _is_number(str(value)):
        return Decimal(str(value))
    if field.type is FieldType.MONEY and isinstance(value, Mapping):
        amount = str(value.get("amount"))
        return (Decimal(amount) if _is_number(amount) else amount, value.get("currency"))
    if field.type is FieldType.DATETIME:
        try:
            return datetime.fromisoformat(str(value))
        except ValueError:
            return value
    return value.strip().replace("\r\n", "\n") if isinstance(value, str) else value


def _normal_row(fields: Iterable[Field], row: Mapping[str, Any]) -> dict[str, Any]:
    found = {each.name: normal(each, row.get(each.name)) for each in fields}
    return {name: value for name, value in found.items() if value is not None}
