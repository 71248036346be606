"""Put checked input into the rows of a record: its own columns, its parts, its child rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, select

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.records.read import part_key
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import Draft
from kontora.text import _


class Applier:
    """Applies one draft. `main` fills the record itself, `rest` what hangs on it."""

    def __init__(self, session: ScopedSession, draft: Draft) -> None:
        self.session, self.draft = session, draft
        self.fields = {each.name: each for each in draft.rtype.fields}
        self.creating = draft.verb == "create"
        self._merge_shortcuts()
        self._check_references()

    # Before anything is written

    def _merge_shortcuts(self) -> None:
        """`email` on create adds a point of kind email; on a change it replaces the first one."""
        data = self.draft.data
        short = [self.fields[name] for name in data if self._is(name, "shortcut")]
        for field in short:
            value = data.pop(field.name)
            assert field.shortcut is not None
            name = field.shortcut.collection
            rows = data.get(name)
            if rows is None:
                rows = [] if self.creating else self._present(self.fields[name])
            with_short = _with_new if self.creating else _with_short
            data[name] = with_short(rows, field, value)

    def _is(self, name: str, attribute: str) -> bool:
        field = self.fields.get(name)
        return field is not None and getattr(field, attribute) is not None

    def _present(self, field: Field) -> list[dict[str, Any]]:
        from kontora.records.read import serialise

        record = self.draft.record
        shown = serialise(self.session, self.draft.rtype, [record], [field], custom=False)
        return [dict(row) for row in shown[0][field.name]]

    def _check_references(self) -> None:
        """Every id in the input must be visible to the principal, and of the kind that the field
        asks for; else it is “not found”."""
        wanted: dict[tuple[str, str | None], dict[UUID, list[str]]] = {}
        for name, value in [*self.draft.data.items(), *self._custom_ids()]:
            field = self.fields.get(name)
            if field is None or value is None:
                continue
            for path, target, each in _references(field, value):
                wanted.setdefault(target, {}).setdefault(each, []).append(path)
        missing: dict[str, list[object]] = {}
        for (entity, kind), ids in wanted.items():
            for lost in ids.keys() - self._found(entity, kind, ids):
                missing |= {path: [_("There is no such record.")] for path in ids[lost]}
        if missing:
            raise Invalid(missing)

    def _custom_ids(self) -> list[tuple[str, UUID]]:
        """The ids among the custom values, by the names of their fields."""
        own = self.draft.data.get("custom") or {}
        named = ((f"custom.{key}", value) for key, value in own.items() if value is not None)
        return [
            (name, UUID(value))
            for name, value in named
            if name in self.fields and self.fields[name].type is FieldType.REFERENCE
        ]

    def _found(self, entity: str, kind: str | None, ids: Iterable[UUID]) -> set[UUID]:
        model: Any = self.session.predicates.by_entity.get(entity)
        if model is None or entity not in self.session.registry.entities:
            return set()
        statement = select(model.id).where(model.id.in_(ids))
        if kind is not None:
            statement = statement.where(model.kind == kind)
        return set(self.session.scalars(statement))

    def _keeps(self, row: Any, field: Field, value: Any) -> bool:
        """Whether null means no change: a reference to a record that the principal does not see
        is empty to him, and he sends it back empty."""
        before = getattr(row, field.attribute, None)
        if field.type is not FieldType.REFERENCE or value is not None or before is None:
            return False
        if self.creating or not field.target:
            return False
        with self.session.with_deleted():
            return not self._found(field.target, None, [before])

    def _keeps_custom(self, key: str, before: Mapping[str, Any]) -> bool:
        field = self.fields.get(f"custom.{key}")
        new, old = self.draft.data["custom"][key], before.get(key)
        if field is None or field.type is not FieldType.REFERENCE or new is not None or not old:
            return False
        with self.session.with_deleted():
            return not self._found(field.target or "", None, [UUID(str(old))])

    # Writing

    def main(self) -> None:
        """Fill the columns of the record itself."""
        record = self.draft.record
        for name, value in self.draft.data.items():
            field = self.fields.get(name)
            if field is None or field.model is not None or field.collection is not None:
                continue
            if not self._keeps(record, field, value):
                value = _or_default(record, field.attribute, value, name)
                setattr(record, field.attribute, value)
        if (custom := self.draft.data.get("custom")) is not None:
            before = record.custom or {}
            kept = {key: before[key] for key in custom if self._keeps_custom(key, before)}
            merged = {**before, **custom, **kept}
            record.custom = {key: value for key, value in merged.items() if value is not None}

    def rest(self) -> None:
        """Write parts and child rows; the record itself is in the database already."""
        parts: dict[type, list[tuple[Field, Any]]] = {}
        for name, value in self.draft.data.items():
            field = self.fields.get(name)
            if field is None:
                continue
            if field.collection is not None:
                self._collection(field, value or [])
            elif field.model is not None:
                parts.setdefault(field.model, []).append((field, value))
        for model, values in parts.items():
            self._part(model, values)

    def _part(self, model: Any, values: Sequence[tuple[Field, Any]]) -> None:
        key = part_key(model)
        record_id = self.draft.record.id
        part = None
        if not self.creating:
            part = self.session.scalars(
                select(model).where(getattr(model, key) == record_id)
            ).one_or_none()
        if part is None:
            if all(value is None for _field, value in values):
                return
            part = model(**{key: record_id})
            self.session.add(part)
        self.session.permit(part)
        for field, value in values:
            if not self._keeps(part, field, value):
                value = _or_default(part, field.attribute, value, field.name)
                setattr(part, field.attribute, value)

    def _collection(self, field: Field, wanted: list[Any]) -> None:
        collection = field.collection
        assert collection is not None
        rows = self._clean_rows(field, wanted)
        existing = [] if self.creating else self._existing(field)
        left = list(existing)
        for position, row in enumerate(rows):
            found = _same(left, row, collection.key, self._names(field))
            if found is None:
                found = collection.model(**{collection.parent: self.draft.record.id})
                self.session.permit(found)
                self._fill_row(found, field, row, position)
                self.session.add(found)
            else:
                left.remove(found)
                self.session.permit(found)
                self._fill_row(found, field, row, position)
            if hasattr(found, "position"):
                found.position = position
        for gone in left:
            self.session.permit(gone)
            self.session.delete(gone)
        if left:
            self.session.flush()

    def _fill_row(self, found: Any, field: Field, row: Mapping[str, Any], number: int) -> None:
        assert field.collection is not None
        inner = {each.name: each for each in field.collection.fields}
        for name, value in row.items():
            attribute = inner[name].attribute if name in inner else name
            path = f"{field.name}.{number}.{name}"
            if name not in inner or not self._keeps(found, inner[name], value):
                setattr(found, attribute, _or_default(found, attribute, value, path))

    def _existing(self, field: Field) -> list[Any]:
        collection = field.collection
        assert collection is not None
        model: Any = collection.model
        parent = getattr(model, collection.parent)
        return list(self.session.scalars(select(model).where(parent == self.draft.record.id)))

    def _names(self, field: Field) -> dict[str, str]:
        assert field.collection is not None
        return {each.name: each.attribute for each in field.collection.fields}

    def _clean_rows(self, field: Field, wanted: list[Any]) -> list[dict[str, Any]]:
        """Rows by sub-field name, each passed through the collection's own cleaning."""
        collection = field.collection
        assert collection is not None
        if collection.single:
            values = dict.fromkeys(each for each in wanted if each)
            return [{collection.single: each} for each in values]
        rows: list[dict[str, Any]] = []
        errors: dict[str, list[object]] = {}
        for number, given in enumerate(wanted):
            row = {
                each.name: given.get(each.name, each.default)
                for each in collection.fields
                if each.is_input
            }
            try:
                rows.append(collection.clean(row) if collection.clean else row)
            except Invalid as error:
                for name, texts in error.errors.items():
                    errors[f"{field.name}.{number}.{name}"] = texts
        if errors:
            raise Invalid(errors)
        inputs = [each.name for each in collection.fields if each.is_input]
        if set(inputs) == set(collection.key):
            # Nothing but the key: a row that stands there twice is one row.
            rows = list({tuple(row[name] for name in inputs): row for row in rows}.values())
        return collection.complete(rows) if collection.complete else rows


def _with_new(rows: list[dict[str, Any]], field: Field, value: Any) -> list[dict[str, Any]]:
    """On create a short form adds its row, unless just this one is among the rows."""
    short = field.shortcut
    assert short is not None
    row = {**short.where, short.value: value}
    same = any(all(each.get(k) == v for k, v in row.items()) for each in rows)
    return list(rows) if value is None or same else [*rows, row]


def _or_default(record: Any, attribute: str, value: Any, path: str) -> Any:
    """Null in a column that must have a value means its default; without one it is refused."""
    if value is not None:
        return value
    column = inspect(type(record)).columns.get(attribute)
    if column is None or column.nullable:
        return None
    if column.default is None or not column.default.is_scalar:
        raise Invalid({path: [_("A value is needed.")]})
    return column.default.arg


def _with_short(rows: list[dict[str, Any]], field: Field, value: Any) -> list[dict[str, Any]]:
    short = field.shortcut
    assert short is not None
    fitting = [row for row in rows if all(row.get(k) == v for k, v in short.where.items())]
    first = next((row for row in fitting if row.get("primary")), next(iter(fitting), None))
    if value is None:
        return [row for row in rows if row is not first]
    if first is None:
        return [*rows, {**short.where, short.value: value}]
    return [{**row, short.value: value} if row is first else row for row in rows]


def _target(field: Field, row: Mapping[str, Any]) -> tuple[str, str | None]:
    """The entity and kind that a reference means; without a target `type` beside it says it."""
    return field.target or str(row.get("type") or ""), field.target_kind


def _references(field: Field, value: Any) -> list[tuple[str, tuple[str, str | None], UUID]]:
    if field.type is FieldType.REFERENCE:
        return [(field.name, _target(field, {}), value)]
    if field.collection is None:
        return []
    found = []
    if field.collection.single:
        only = field.collection.fields[0]
        if only.type is not FieldType.REFERENCE:
            return []
        return [(f"{field.name}.{n}", _target(only, {}), each) for n, each in enumerate(value)]
    for number, row in enumerate(value):
        for each in field.collection.fields:
            inner = row.get(each.name)
            if each.type is FieldType.REFERENCE and inner is not None:
                if isinstance(inner, Mapping):
                    inner = row[each.name] = UUID(str(inner["id"]))
                found.append((f"{field.name}.{number}.{each.name}", _target(each, row), inner))
    return found


def _same(
    rows: list[Any], wanted: Mapping[str, Any], key: tuple[str, ...], names: Mapping[str, str]
) -> Any | None:
    """The existing row that an incoming one means, by the key of the collection."""
    keys = key or tuple(wanted)
    for row in rows:
        if all(getattr(row, names.get(name, name)) == wanted.get(name) for name in keys):
            return row
    return None
