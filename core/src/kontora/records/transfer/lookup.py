"""Find what a row means among the records that are there: by key, e-mail, number or name.

Everything is asked through the scoped session, so an import finds what its user may see. Keys of
other systems are read by the door "transfer", and then joined to the scope.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from kontora.access.session import ScopedSession
from kontora.db.fold import fold
from kontora.errors import KontoraError
from kontora.records.models import ExternalKey
from kontora.registry.records import RecordType
from kontora.text import Text, _

DOOR = {"door": "transfer"}
ROW_KEYS = "import:"
_key: Any = ExternalKey.__table__


class NotClear(KontoraError):
    """A reference that names nothing, or several things."""

    def __init__(self, message: Text, *, missing: bool = False) -> None:
        super().__init__(str(message))
        self.text, self.missing = message, missing


class Finder:
    """Looks things up in one session. `systems` are the external systems of the file."""

    def __init__(self, session: ScopedSession, systems: Sequence[str] = ()) -> None:
        self.session, self.systems = session, tuple(systems)
        self._small: dict[str, list[Any]] = {}

    # Keys of other systems

    def by_key(self, entity: str, keys: Mapping[str, str]) -> UUID | None:
        """The record that one of these keys belongs to, seen or not."""
        for system, key in keys.items():
            found = self.session.execute(
                select(_key.c.record_id).where(
                    _key.c.entity == entity, _key.c.system == system, _key.c.key == key
                ),
                execution_options=DOOR,
            ).scalar()
            if found is not None:
                return UUID(str(found))
        return None

    def other_keys(self, entity: str, ids: Iterable[UUID], keys: Mapping[str, str]) -> set[UUID]:
        """Those of the records that have another key in one of the systems of `keys`."""
        if not keys:
            return set()
        differing = or_(
            *(and_(_key.c.system == system, _key.c.key != key) for system, key in keys.items())
        )
        rows = self.session.execute(
            select(_key.c.record_id).where(
                _key.c.entity == entity, _key.c.record_id.in_(list(ids)), differing
            ),
            execution_options=DOOR,
        )
        return {row[0] for row in rows}

    def _ids_of_key(self, entity: str, text: str) -> list[set[UUID]]:
        """The records with this key: first in the systems of the file, then in any."""
        rows = self.session.execute(
            select(_key.c.system, _key.c.record_id).where(
                _key.c.entity == entity, _key.c.key == text
            ),
            execution_options=DOOR,
        ).all()
        kept = [row for row in rows if not row[0].startswith(ROW_KEYS)]
        return [{row[1] for row in kept if row[0] in self.systems}, {row[1] for row in kept}]

    # References

    def find(self, entity: str, text: str, kind: str | None = None) -> UUID:
        """The record that a text names: by e-mail, by key, or by a unique name.

        Raises NotClear when there is none or several; `missing` tells which.
        """
        ways = [self._by_id(entity, text), *self._by_mail(entity, text)]
        if not any(ways):
            ways += [*self._ids_of_key(entity, text)]
            ways = [self._seen(entity, ids, kind) for ids in ways]
        if not any(ways):
            ways = [self._by_name(entity, text, kind)]
        found = next((ids for ids in ways if ids), set())
        if len(found) == 1:
            return next(iter(found))
        if found:
            several = _("Several records are called “%(text)s”. Give a key or an e-mail.")
            raise NotClear(several % {"text": text[:100]})
        nothing = _("There is no “%(text)s”, neither as a key nor as a name.")
        raise NotClear(nothing % {"text": text[:100]}, missing=True)

    def _model(self, entity: str) -> Any:
        return self.session.predicates.by_entity[entity]

    def _by_id(self, entity: str, text: str) -> set[UUID]:
        if len(text) != 36:
            return set()
        try:
            return self._seen(entity, {UUID(text)}, None)
        except ValueError:
            return set()

    def _seen(self, entity: str, ids: set[UUID], kind: str | None) -> set[UUID]:
        if not ids:
            return set()
        model = self._model(entity)
        statement = select(model.id).where(model.id.in_(ids))
        if kind:
            statement = statement.where(model.kind == kind)
        return set(self.session.scalars(statement))

    def _by_mail(self, entity: str, text: str) -> list[set[UUID]]:
        if "@" not in text:
            return []
        model = self._model(entity)
        if hasattr(model, "email"):
            found = select(model.id).where(model.email == text.strip().casefold())
            return [set(self.session.scalars(found))]
        rtype = self.session.registry.of_entity(entity)
        if rtype is None or rtype.field_named("points") is None:
            return []
        return [set(self._with_points(rtype, [("email", fold(text)[:500])]))]

    def _by_name(self, entity: str, text: str, kind: str | None) -> set[UUID]:
        model = self._model(entity)
        if hasattr(model, "sort_key"):
            statement = select(model.id).where(model.sort_key == fold(text)[:200])
            if kind:
                statement = statement.where(model.kind == kind)
            return set(self.session.scalars(statement.limit(2)))
        if not hasattr(model, "name"):
            return set()
        if entity not in self._small:
            # Users, teams and branches: few, and asked for in every row.
            self._small[entity] = list(self.session.execute(select(model.id, model.name)))
        wanted = fold(text)
        return {row[0] for row in self._small[entity] if fold(row[1]) == wanted}

    def forget(self) -> None:
        """Names may have changed: read them anew."""
        self._small.clear()

    # Duplicates

    def same(self, rtype: RecordType, data: Mapping[str, Any]) -> list[tuple[UUID, str]]:
        """Records with an equal identifier, e-mail or phone, the surest first: (id, why)."""
        found: dict[UUID, str] = {}
        for scheme, value in _identifiers(data):
            for each in self._with_identifier(rtype, scheme, value):
                found.setdefault(each, f"same {scheme}")
        for kind in ("email", "phone"):
            points = [each for each in _points(rtype, data) if each[0] == kind]
            for each in self._with_points(rtype, points):
                found.setdefault(each, f"same {kind}")
        if hasattr(rtype.model, "email") and data.get("email"):
            for each in self._by_mail(rtype.entity, str(data["email"]))[0]:
                found.setdefault(each, "same email")
        return list(found.items())

    def _with_points(self, rtype: RecordType, points: Sequence[tuple[str, str]]) -> list[UUID]:
        field = rtype.field_named("points")
        if not points or field is None or field.collection is None:
            return []
        model, child = self._model(rtype.entity), field.collection.model
        point: Any = child
        same = or_(*(and_(point.kind == k, point.normalised == n) for k, n in points))
        statement = (
            select(model.id)
            .join(point, getattr(point, field.collection.parent) == model.id)
            .where(same)
            .distinct()
        )
        return self._of_type(rtype, statement)

    def _with_identifier(self, rtype: RecordType, scheme: str, value: str) -> list[UUID]:
        field = rtype.field_named("identifiers")
        if field is None or field.collection is None:
            return []
        model = self._model(rtype.entity)
        row: Any = field.collection.model
        statement = (
            select(model.id)
            .join(row, getattr(row, field.collection.parent) == model.id)
            .where(row.scheme == scheme, row.value == value)
            .distinct()
        )
        return self._of_type(rtype, statement)

    def _of_type(self, rtype: RecordType, statement: Any) -> list[UUID]:
        if rtype.condition is not None:
            statement = statement.where(rtype.condition())
        return sorted(self.session.scalars(statement.limit(20)))

    def named(self, rtype: RecordType, name: str) -> list[UUID]:
        """Users, teams and branches of this name: in our own company a name is one thing."""
        model = self._model(rtype.entity)
        statement = select(model.id).where(func.lower(model.name) == name.strip().lower())
        exact = select(model.id).where(model.name == name.strip())
        return list(self.session.scalars(exact.limit(2))) or list(
            self.session.scalars(statement.limit(2))
        )


def _identifiers(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(each["scheme"], each["value"]) for each in data.get("identifiers") or ()]


def _points(rtype: RecordType, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The points of a row in the form in which they are compared."""
    field = rtype.field_named("points")
    if field is None or field.collection is None or field.collection.clean is None:
        return []
    found = []
    for each in data.get("points") or ():
        if each["kind"] in ("email", "phone"):
            try:
                cleaned = field.collection.clean({"label": None, "status": None, **each})
            except KontoraError:
                continue
            found.append((str(each["kind"]), str(cleaned["normalised"])))
    return found
