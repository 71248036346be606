"""From rows to records as the API shows them: one statement per part, whatever the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select

from kontora.access import identity
from kontora.access.predicates import guard_of
from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.records import parts
from kontora.records.custom.values import loose
from kontora.records.custom.values import shown as custom_value
from kontora.records.schema import readable_custom, readable_fields
from kontora.records.values import to_json
from kontora.registry.fields import Collection, Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

ALWAYS = ("id", "kind", "created_at", "updated_at")


def part_key(model: Any) -> str:
    """The attribute of a 1:1 part that holds the id of its record."""
    mapper = inspect(model)
    return str(mapper.get_property_by_column(mapper.primary_key[0]).key)


def choose(
    rtype: RecordType, session: ScopedSession, names: Iterable[str] | None, expand: Iterable[str]
) -> list[Field]:
    """The fields to show: those asked for, else all but those that come on demand only.

    Raises Invalid naming fields that do not exist for the principal.
    """
    readable = {each.name: each for each in readable_fields(rtype, session.principal.rights)}
    chosen = [each for each in readable.values() if each.in_api and not each.on_demand]
    if names is not None:
        chosen, missing = [], []
        for name in names:
            inside = [each for each in readable.values() if each.namespace == name]
            if name in readable:
                chosen.append(readable[name])
            elif inside:
                chosen += inside
            elif name not in (*ALWAYS, "custom"):
                missing.append(name)
        if missing:
            raise Invalid({name: [_("There is no such field.")] for name in missing})
    for name in expand:
        if name not in readable:
            raise Invalid({"expand": [_("“%(name)s” cannot be expanded.") % {"name": name}]})
        if readable[name] not in chosen:
            chosen.append(readable[name])
    return chosen


def serialise(
    session: ScopedSession,
    rtype: RecordType,
    records: Sequence[Any],
    fields: Sequence[Field],
    *,
    custom: bool = True,
    whole: bool = False,
) -> list[dict[str, Any]]:
    """Return the records as JSON objects in the shape of design section 6, in the same order.

    `whole` is for the change log only: a reference that the principal may not see keeps its id,
    without a name. It is masked when the log is read.
    """
    loader = _Loader(session, rtype, records, whole)
    loader.prepare(fields)
    columns = [(field, loader.values(field)) for field in fields]
    found = []
    for record in records:
        kind = getattr(record, "kind", None) if rtype.kinds else None
        shown: dict[str, Any] = {"id": str(record.id)}
        if rtype.kinds:
            shown["kind"] = kind
        for field, values in columns:
            if field.applies_to(kind):
                _place(shown, field, values.get(record.id, _nothing(field)))
        if custom and hasattr(record, "custom"):
            rest = readable_custom(rtype, session.principal.rights, loose(rtype, record.custom))
            shown["custom"] = {**rest, **shown.get("custom", {})}
        for name in ("created_at", "updated_at"):
            shown[name] = to_json(getattr(record, name))
        found.append(shown)
    return found


def _nothing(field: Field) -> Any:
    return [] if field.collection is not None else None


def _place(shown: dict[str, Any], field: Field, value: Any) -> None:
    if field.json_key:  # an empty one is absent
        inside = shown.setdefault(field.namespace, {})
        if value is not None:
            inside[field.short_name] = value
    elif field.namespace:
        shown.setdefault(field.namespace, {})[field.short_name] = value
    else:
        shown[field.name] = value


def title_column(session: ScopedSession, entity: str, model: Any) -> Any:
    """The column by which records of an entity are called; `model` may be an alias."""
    rtype = session.registry.of_entity(entity)
    declared = rtype.field_named(rtype.title) if rtype else None
    own = (declared.attribute,) if declared is not None and declared.model is None else ()
    titles = (*own, "display_name", "name", "subject", "id")
    return next(getattr(model, each) for each in titles if hasattr(model, each))


# Records of our own company, whose names everybody may read: few, and in every list.
_KEPT = ("user", "branch")


def names_of(session: ScopedSession, target: str, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Names of records of an entity by id; those that the principal may not see are missing. A
    reading session asks for each only once, a process for users and branches once a generation."""
    return {key: row[0] for key, row in _named(session, target, ids).items() if row is not None}


def kinds_of(session: ScopedSession, target: str, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Of which kind records are, where the entity has kinds; asked together with the names."""
    if not hasattr(session.predicates.by_entity.get(target), "kind"):
        return {}
    return {key: row[1] for key, row in _named(session, target, ids).items() if row is not None}


def _named(
    session: ScopedSession, target: str, ids: Iterable[UUID | None]
) -> dict[UUID, tuple[str, str] | None]:
    """Name and kind by id; None for what may not be seen."""
    wanted = {each for each in ids if each is not None}
    shared = identity.kept(session) if target in _KEPT else None
    known = (session.remembered if shared is None else shared).setdefault(("names", target), {})
    if missing := wanted - known.keys():
        model: Any = session.predicates.by_entity[target]
        columns = [model.id, title_column(session, target, model)]
        columns += [model.kind] if hasattr(model, "kind") else []
        with session.with_deleted():
            rows = session.execute(select(*columns).where(model.id.in_(missing))).all()
        found = {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows}
        known.update({each: found.get(each) for each in missing if each in found or shared is None})
    return {each: known.get(each) for each in wanted}


class _Loader:
    """Loads each part, reference and collection of a batch of records once."""

    def __init__(
        self, session: ScopedSession, rtype: RecordType, records: Sequence[Any], whole: bool = False
    ) -> None:
        self.session, self.rtype, self.records, self.whole = session, rtype, records, whole
        self.ids = [record.id for record in records]
        self._parts: dict[type, dict[UUID, Any]] = {}
        self._rows_of: dict[str, list[tuple[UUID, Any]]] = {}
        self._children: dict[str, dict[UUID, list[dict[str, Any]]]] = {}
        self._titles: dict[str, dict[UUID, str]] = defaultdict(dict)

    def prepare(self, fields: Sequence[Field]) -> None:
        """Load the parts and collections of these fields by one statement. Those whose rows can
        lie in the bin are left to statements of their own."""
        wanted: dict[str | type, tuple[Any, str, list[str]]] = {}
        for field in fields:
            if field.shortcut is not None:
                whole = self.rtype.field_named(field.shortcut.collection)
                if whole is None or not self._reads(whole):
                    continue
                field = whole
            if field.computed is not None:
                continue
            if (held := field.collection) is not None:
                names = [each.attribute for each in held.fields]
                if not _has_bin(held.model):
                    wanted[field.name] = (held.model, held.parent, [*names, *held.order_by])
            elif field.model is not None and not _has_bin(field.model):
                part = wanted.setdefault(field.model, (field.model, part_key(field.model), []))
                part[2].append(field.attribute)
        if len(wanted) < 2:
            return
        specs = {
            key: parts.Part(model, parent, tuple(dict.fromkeys(names)))
            for key, (model, parent, names) in wanted.items()
        }
        with self.session.with_deleted():  # see `_rows`
            found = parts.load(self.session, tuple(specs.values()), self.ids)
        for key, spec in specs.items():
            rows = found[spec]
            if isinstance(key, str):
                self._rows_of[key] = [(record, row) for record in rows for row in rows[record]]
            else:
                self._parts[key] = {record: some[0] for record, some in rows.items()}

    def _reads(self, field: Field) -> bool:
        return field in readable_fields(self.rtype, self.session.principal.rights)

    def values(self, field: Field) -> Mapping[UUID, Any]:
        """The JSON values of a field by record id."""
        if field.computed is not None:
            found = field.computed(self.session, self.ids)
            return {key: to_json(value) for key, value in found.items()}
        if field.shortcut is not None:
            return self._short(field)
        if field.collection is not None:
            return self._collection(field)
        raw = self._columns(field)
        if field.type is FieldType.REFERENCE:
            return self._references(field.target or "", raw)
        return {key: to_json(value) for key, value in raw.items()}

    def _columns(self, field: Field) -> dict[UUID, Any]:
        if (key := field.json_key) is not None:
            values = {each.id: (each.custom or {}).get(key) for each in self.records}
            return {record: custom_value(field, value) for record, value in values.items()}
        if field.model is None:
            return {each.id: getattr(each, field.attribute) for each in self.records}
        parts = self._part(field.model)
        return {key: getattr(part, field.attribute) for key, part in parts.items()}

    def _part(self, model: Any) -> dict[UUID, Any]:
        if model not in self._parts:
            key = part_key(model)
            rows = self._rows(model, select(model).where(getattr(model, key).in_(self.ids)))
            self._parts[model] = {getattr(row, key): row for row in rows}
        return self._parts[model]

    def _rows(self, model: Any, statement: Any) -> Sequence[Any]:
        """Rows that hang on the records. These are shown already, whether they lie in the bin or
        not: to ask it again for each of their rows would cost a list three times its time."""
        guard = guard_of(model)
        if guard is None or guard.deleted is not None:
            return self.session.scalars(statement).all()
        with self.session.with_deleted():
            return self.session.scalars(statement).all()

    def _references(self, target: str, raw: Mapping[UUID, UUID | None]) -> dict[UUID, Any]:
        names = self.titles(target, [each for each in raw.values() if each is not None])
        return {key: self._named(value, names) for key, value in raw.items()}

    def _named(self, value: UUID | None, names: Mapping[UUID, str]) -> Any:
        if value is None or (value not in names and not self.whole):
            return None
        return {"id": str(value), "name": names.get(value)}

    def titles(self, target: str, ids: Iterable[UUID | None]) -> dict[UUID, str]:
        """Names of records of an entity; one that the principal may not see has none."""
        known = self._titles[target]
        missing = {each for each in ids if each is not None} - known.keys()
        if missing:
            known.update(names_of(self.session, target, missing))
        return known

    def _collection(self, field: Field) -> Mapping[UUID, Any]:
        if field.name not in self._children:
            self._children[field.name] = self._load_children(field)
        single = field.collection.single if field.collection else None
        children = self._children[field.name]
        if single:
            return {key: [row[single] for row in rows] for key, rows in children.items()}
        return children

    def _load_children(self, field: Field) -> dict[UUID, list[dict[str, Any]]]:
        collection = field.collection
        assert collection is not None
        model: Any = collection.model
        parent = getattr(model, collection.parent)
        pairs = self._rows_of.get(field.name)
        if pairs is None:
            order = [getattr(model, name) for name in collection.order_by]
            rows = self._rows(model, select(model).where(parent.in_(self.ids)).order_by(*order))
            pairs = [(getattr(row, collection.parent), row) for row in rows]
        else:
            pairs.sort(key=lambda pair: [_sortable(pair[1], name) for name in collection.order_by])
            rows = [row for _record, row in pairs]
        shown: dict[str, Mapping[Any, Any]] = {}
        for each in collection.fields:
            if each.type is FieldType.REFERENCE:
                shown[each.name] = self._row_titles(collection, each, rows)
        found: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for record, row in pairs:
            item = {each.name: self._cell(row, each, shown) for each in collection.fields}
            if _is_readable(item, collection.fields):
                found[record].append(item)
        return found

    def _row_titles(
        self, collection: Collection, field: Field, rows: Sequence[Any]
    ) -> dict[UUID, str]:
        """Names for a reference in child rows; without a target, `type` beside it names one."""
        if field.target is not None:
            return self.titles(field.target, [getattr(row, field.attribute) for row in rows])
        kind = next(each.attribute for each in collection.fields if each.name == "type")
        by_entity: dict[str, list[UUID]] = defaultdict(list)
        for row in rows:
            by_entity[getattr(row, kind)].append(getattr(row, field.attribute))
        found: dict[UUID, str] = {}
        for entity, ids in by_entity.items():
            if entity in self.session.predicates.by_entity:
                found |= self.titles(entity, ids)
        return found

    def _cell(self, row: Any, field: Field, shown: Mapping[str, Mapping[Any, Any]]) -> Any:
        value = getattr(row, field.attribute)
        if field.type is FieldType.REFERENCE:
            return self._named(value, shown[field.name])
        return to_json(value)

    def _short(self, field: Field) -> Mapping[UUID, Any]:
        short = field.shortcut
        assert short is not None
        whole = self.rtype.field_named(short.collection)
        if whole is None or not self._reads(whole):
            return {}
        found: dict[UUID, Any] = {}
        self._collection(whole)
        for key, rows in self._children[whole.name].items():
            fitting = [row for row in rows if all(row.get(k) == v for k, v in short.where.items())]
            first = next((row for row in fitting if row.get("primary")), None)
            first = first or next(iter(fitting), None)
            if first:
                found[key] = first[short.value]
        return found


def _has_bin(model: Any) -> bool:
    guard = guard_of(model)
    return guard is None or guard.deleted is not None


def _sortable(row: Any, name: str) -> tuple[bool, Any]:
    value = getattr(row, name)
    return value is None, value


def _is_readable(item: Mapping[str, Any], fields: Sequence[Field]) -> bool:
    """A row whose required reference may not be seen is not shown at all."""
    return not any(
        each.required and each.type is FieldType.REFERENCE and item[each.name] is None
        for each in fields
    )
