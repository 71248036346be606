"""Choices that plugins add to fields of others: kinds of activities, roles, relations.

They join those of the field itself, once, when the registry is built; whoever needs the label of a
value asks the registry, so that a plugin's is called the same everywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kontora.errors import PluginError
from kontora.registry.fields import Choice, Field, FieldType
from kontora.registry.records import RecordType

Added = tuple[str, str, str, Choice]  # plugin, entity, path of the field, choice
_KINDS = (FieldType.CHOICE, FieldType.CHOICES)


def with_choices(types: Mapping[str, RecordType], added: Iterable[Added]) -> dict[str, RecordType]:
    """The record types with the choices of plugins. Raises PluginError, naming the plugin."""
    found = dict(types)
    for plugin, entity, path, choice in added:
        _check(found, plugin, entity, path, choice)
        for key, rtype in found.items():
            if rtype.entity == entity:
                fields = tuple(_extended(each, path, choice) for each in rtype.fields)
                found[key] = replace(rtype, fields=fields)
    return found


def field_at(rtype: RecordType, path: str) -> tuple[Field, Any] | None:
    """The field of this path (`kind`, `roles.role`) and the mapped class that holds it."""
    field = rtype.field_named(path)
    if field is not None:
        return field, field.model or rtype.model
    whole, _dot, part = path.rpartition(".")
    outer = rtype.field_named(whole)
    if outer is None or outer.collection is None:
        return None
    inner = next((each for each in outer.collection.fields if each.name == part), None)
    return (inner, outer.collection.model) if inner is not None else None


def _check(
    types: Mapping[str, RecordType], plugin: str, entity: str, path: str, choice: Choice
) -> None:
    places = [field_at(each, path) for each in types.values() if each.entity == entity]
    found = next((each for each in places if each is not None), None)
    if found is None or found[0].type not in _KINDS:
        raise PluginError(plugin, f"adds a choice to “{entity}.{path}”, which is no choice field.")
    field, model = found
    value = choice.value
    if not value.startswith(f"{plugin}."):
        raise PluginError(
            plugin,
            f"adds the choice “{value}” outside its own name.",
            f"Call it “{plugin}.{value.rpartition('.')[2]}”.",
        )
    if any(each.value == value for each in field.choices):
        raise PluginError(plugin, f"adds the choice “{value}” a second time.")
    length = getattr(model.__table__.c[_column(model, field)].type, "length", None)
    if length is not None and len(value) > length:
        raise PluginError(plugin, f"adds the choice “{value}”, longer than {length} characters.")


def _column(model: Any, field: Field) -> str:
    return str(getattr(model, field.attribute).property.columns[0].key)


def _extended(field: Field, path: str, choice: Choice) -> Field:
    if field.name == path:
        return replace(field, choices=(*field.choices, choice))
    whole, _dot, part = path.rpartition(".")
    if field.name != whole or field.collection is None:
        return field
    inner = tuple(_extended(each, part, choice) for each in field.collection.fields)
    return replace(field, collection=replace(field.collection, fields=inner))
