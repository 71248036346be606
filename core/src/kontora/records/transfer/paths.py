"""The field paths that a mapping may name for a record type: design section 6, and plugins' own.

Everything is derived from the declared fields, so a field that a plugin contributes is a path at
once. Collections have the short forms that people write in a heading: `email` is a point of that
kind, `address.country` a part of the address, `identifier.inn` an identifier of that scheme.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from kontora.access.rights import Rights
from kontora.records.schema import readable_fields
from kontora.records.transfer import beside
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import Text, _

How = Literal[
    "field",
    "point",
    "address",
    "identifier",
    "words",
    "role",
    "affiliation",
    "link",
    "links",
    "external",
    "custom",
    "kind",
    "created_at",
    "beside",
]
IDENTIFIER, CUSTOM, EXTERNAL = "identifier.*", "custom.*", "external.*"
AFFILIATION = {
    "title": "title",
    "department": "department",
    "affiliation.from": "from",
    "affiliation.to": "to",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPath:
    """One path: `how` its cells are turned into data, `name` of the part within its collection.

    `target` is the entity that a link leads to, `target_kind` its kind. A pattern such as
    `identifier.*` stands for every path that begins so.
    """

    path: str
    how: How
    label: Text
    field: Field | None = None
    name: str = ""
    target: str = ""
    target_kind: str | None = None


def paths_of(rtype: RecordType, rights: Rights, *, writing: bool = True) -> dict[str, FieldPath]:
    """The paths of a record type for somebody with these rights, by their text.

    `writing` gives those that an import takes, else those that an export shows.
    """
    found: dict[str, FieldPath] = {}
    for each in readable_fields(rtype, rights):
        usable = each.importable and each.is_input if writing else each.exportable
        if not usable or (writing and rights.fixes(rtype.entity, each.name)):
            continue
        for made in _paths_of_field(each):
            found.setdefault(made.path, made)
    for made in _common(rtype, rights):
        found.setdefault(made.path, made)
    return found


def _paths_of_field(field: Field) -> Iterator[FieldPath]:
    collection = field.collection
    if field.shortcut is not None:
        return
    if collection is None:
        how: How = "link" if field.type is FieldType.REFERENCE else "field"
        yield FieldPath(
            path=field.name,
            how=how,
            label=field.label,
            field=field,
            target=field.target or "",
            target_kind=field.target_kind,
        )
    elif collection.single is not None:
        only = collection.fields[0]
        linked = only.type is FieldType.REFERENCE
        for path in dict.fromkeys((collection.single, field.name)):
            yield FieldPath(
                path=path,
                how="links" if linked else "words",
                label=field.label,
                field=field,
                target=only.target or "",
                target_kind=only.target_kind,
            )
    else:
        yield from _paths_of_rows(field)


def _paths_of_rows(field: Field) -> Iterator[FieldPath]:
    """The short forms of the collections that parties have; others come by JSON only."""
    assert field.collection is not None
    parts = {each.name: each for each in field.collection.fields}
    if field.name == "points":
        for choice in parts["kind"].choices:
            yield _part(choice.value, "point", field, choice.value, choice.label)
    elif field.name == "addresses":
        for name in ("street", "locality", "region", "postcode", "country"):
            yield _part(f"address.{name}", "address", field, name, parts[name].label)
    elif field.name == "identifiers":
        yield _part(IDENTIFIER, "identifier", field, "", field.label)
    elif field.name == "roles":
        yield _part("role", "role", field, "role", parts["role"].label)
    elif field.name == "affiliations":
        for path, name in AFFILIATION.items():
            yield _part(path, "affiliation", field, name, parts[name].label)
        for name in ("organisation", "reports_to"):
            part = parts[name]
            yield FieldPath(
                path=name,
                how="link",
                label=part.label,
                name=name,
                target=part.target or "",
                target_kind=part.target_kind,
            )


def _part(path: str, how: How, field: Field, name: str, label: Text) -> FieldPath:
    return FieldPath(path=path, how=how, label=label, field=field, name=name)


def _common(rtype: RecordType, rights: Rights) -> Iterator[FieldPath]:
    hidden = {name for name in ("custom", "external") if rights.hides(rtype.entity, name)}
    if len(rtype.kinds) > 1:
        yield FieldPath(path="kind", how="kind", label=_("Kind"))
    if hasattr(rtype.model, "custom") and "custom" not in hidden:
        yield FieldPath(path=CUSTOM, how="custom", label=_("Own field"))
    if "external" not in hidden:
        yield FieldPath(path=EXTERNAL, how="external", label=_("Key in another system"))
    for part in beside.parts_of(rtype.entity):
        if not rights.hides(rtype.entity, part.field):
            yield FieldPath(path=part.pattern, how="beside", label=part.label)
    yield FieldPath(path="created_at", how="created_at", label=_("Created"))


def path_named(paths: dict[str, FieldPath], path: str) -> FieldPath | None:
    """The entry for a path of a mapping; `identifier.inn` is found under its pattern."""
    found = paths.get(path)
    if found is not None or "." not in path:
        return found
    return paths.get(path.partition(".")[0] + ".*")


def labels_of(paths: Iterable[FieldPath]) -> dict[str, str]:
    """The label of each path in the language now in force, for the guess by headings."""
    return {each.path: str(each.label) for each in paths if "*" not in each.path}
