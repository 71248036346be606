"""Check input against the declared fields of a record type."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal

from marshmallow import RAISE, Schema, ValidationError, fields

from kontora.access.rights import Rights
from kontora.errors import Invalid
from kontora.records.values import CustomValues, input_field
from kontora.registry.fields import Field
from kontora.registry.records import RecordType
from kontora.text import _

Purpose = Literal["create", "change"]


def readable_fields(rtype: RecordType, rights: Rights, kind: str | None = None) -> list[Field]:
    """The fields that exist for a principal; every reading face draws from here."""
    return [
        each
        for each in rtype.fields
        if each.applies_to(kind) and not any(rights.hides(rtype.entity, n) for n in _names(each))
    ]


def _names(field: Field) -> tuple[str, ...]:
    """The names under which rules speak of a field: a short form also goes by its collection,
    and a field of administrators by `custom`, which means all of them."""
    if field.json_key:
        return (field.name, "custom")
    return (field.name, field.shortcut.collection) if field.shortcut else (field.name,)


def hidden_names(rtype: RecordType, rights: Rights) -> frozenset[str]:
    """The names of the fields that do not exist for a principal; those that are hidden together
    each by its own."""
    hidden = rights.hidden.get(rtype.entity, frozenset())
    hidden |= {f"custom.{key}" for key in rtype.archived}
    if "custom" not in hidden:
        return hidden
    return hidden | {each.name for each in rtype.fields if each.json_key}


def sees_custom(rtype: RecordType, rights: Rights, key: str) -> bool:
    """Whether a custom value exists for a principal: rules name `custom` or `custom.<key>`."""
    return not any(rights.hides(rtype.entity, name) for name in ("custom", f"custom.{key}"))


def readable_custom(
    rtype: RecordType, rights: Rights, values: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The custom values that exist for a principal."""
    return {k: v for k, v in (values or {}).items() if sees_custom(rtype, rights, k)}


def writable_fields(
    rtype: RecordType, rights: Rights, purpose: Purpose, kind: str | None = None
) -> list[Field]:
    """The fields that a principal may send."""
    return [
        each
        for each in readable_fields(rtype, rights, kind)
        if each.is_input
        and not any(rights.fixes(rtype.entity, name) for name in _names(each))
        and (purpose == "create" or not each.create_only)
    ]


class _Strict(Schema):
    """Base of generated schemas: unknown fields are refused by name."""

    class Meta:
        unknown = RAISE


def make_schema(
    name: str, declared: list[Field], purpose: Purpose, rtype: RecordType | None = None
) -> type[Schema]:
    """A schema class for these fields; `hello.score` becomes `score` in a nested `hello`.

    `rtype` says which custom fields there are beside those that may be written.
    """
    flat: dict[str, Any] = {}
    nested: dict[str, dict[str, Any]] = {}
    for each in declared:
        if each.json_key:
            continue
        made = input_field(each, required=each.required and purpose == "create")
        space, _dot, last = each.name.rpartition(".")
        (nested.setdefault(space, {}) if space else flat)[last] = made
    for space, inner in nested.items():
        flat[space] = fields.Nested(_named(f"{name}{space.title()}", inner))
    own = {each.json_key: each for each in declared if each.json_key}
    flat.setdefault("custom", _custom(rtype, own))
    return _named(name, flat)


def _custom(rtype: RecordType | None, own: Mapping[str, Field]) -> CustomValues:
    from kontora.records.custom.values import CustomInput

    metadata = {"description": "Values of custom fields."}
    return CustomInput(rtype, own, metadata=metadata) if rtype else CustomValues(metadata=metadata)


def _named(name: str, made: dict[str, Any]) -> type[Schema]:
    """Attribute names get a prefix, so that a field called `fields` or `context` is no clash."""
    members: dict[str, Any] = {}
    for key, each in made.items():
        each.data_key = each.attribute = key
        members[f"f_{key}"] = each
    return _Strict.from_dict(members, name=name)


@lru_cache(maxsize=512)
def _schema(rtype_key: _Key) -> Schema:
    declared = [each for each in rtype_key.rtype.fields if each.name in rtype_key.names]
    name = f"{rtype_key.rtype.slug.title()}{rtype_key.purpose.title()}"
    return make_schema(name, declared, rtype_key.purpose, rtype_key.rtype)()


class _Key:
    """A cache key that compares a record type by identity: declarations are frozen."""

    def __init__(self, rtype: RecordType, names: frozenset[str], purpose: Purpose) -> None:
        self.rtype, self.names, self.purpose = rtype, names, purpose

    def __hash__(self) -> int:
        return hash((id(self.rtype), self.names, self.purpose))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Key)
            and self.rtype is other.rtype
            and (self.names, self.purpose) == (other.names, other.purpose)
        )


def load(
    rtype: RecordType, rights: Rights, data: Mapping[str, Any], purpose: Purpose, kind: str | None
) -> dict[str, Any]:
    """Check `data` (JSON shape of the API) and return values by flat field name.

    Raises Invalid with a message per field path: unknown, read-only, hidden and malformed alike
    name the field.
    """
    if not isinstance(data, Mapping):
        raise Invalid({"": [_("An object is expected.")]})
    allowed = writable_fields(rtype, rights, purpose, kind)
    schema = _schema(_Key(rtype, frozenset(each.name for each in allowed), purpose))
    try:
        loaded = schema.load(data)
    except ValidationError as error:
        raise Invalid(_paths(error.messages)) from None
    for key in loaded.get("custom") or {}:
        if not sees_custom(rtype, rights, key) or any(
            rights.fixes(rtype.entity, name) for name in ("custom", f"custom.{key}")
        ):
            raise Invalid({f"custom.{key}": [_("Unknown field.")]})
    found = _flatten(loaded, {each.name for each in allowed})
    if purpose == "create":
        _complete(rtype, allowed, found, kind)
    return found


def _complete(
    rtype: RecordType, allowed: list[Field], found: dict[str, Any], kind: str | None
) -> None:
    from kontora.records.custom.values import complete

    own = {each.json_key: each for each in allowed if each.json_key}
    if missing := complete(rtype, own, found, kind):
        raise Invalid(missing)


def _flatten(loaded: Any, names: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in loaded.items():
        if key == "custom" or key in names:
            found[key] = value
        else:
            found.update({f"{key}.{inner}": each for inner, each in (value or {}).items()})
    return found


def _paths(messages: Any, prefix: str = "") -> dict[str, list[object]]:
    if isinstance(messages, dict):
        found: dict[str, list[object]] = {}
        for key, inner in messages.items():
            name = "" if key == "_schema" else str(key)
            path = f"{prefix}.{name}" if prefix and name else prefix or name
            found.update(_paths(inner, path))
        return found
    return {prefix: list(messages) if isinstance(messages, list) else [messages]}
