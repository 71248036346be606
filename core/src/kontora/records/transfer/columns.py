"""The columns of an export: field paths, so that what is exported can be imported again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from kontora.access.session import ScopedSession
from kontora.errors import Invalid
from kontora.records.models import ExternalKey
from kontora.records.transfer.cells import SEPARATOR
from kontora.records.transfer.lookup import DOOR, ROW_KEYS
from kontora.records.transfer.paths import EXTERNAL, FieldPath, path_named, paths_of
from kontora.registry.records import RecordType
from kontora.text import _

ALWAYS = ("id", "kind", "created_at", "updated_at")
# Short forms of single fields stand in lists for what the collection holds.
_NAMES = {"roles": "role", "tags": "tag", "addresses": "address.locality"}
_key: Any = ExternalKey.__table__


class Columns:
    """The columns of one export. `whole`: the format takes whole records, not cells."""

    def __init__(
        self,
        session: ScopedSession,
        rtype: RecordType,
        wanted: Sequence[str] | None,
        *,
        whole: bool,
    ) -> None:
        self.session, self.rtype, self.whole = session, rtype, whole
        self.paths = paths_of(rtype, session.principal.rights, writing=False)
        self.names = self._chosen(wanted) if wanted else self._all()
        self.expand = tuple(each for each in ("affiliations",) if self._has(each))
        self.fields: tuple[str, ...] | None = None
        self.whole = whole and not wanted

    def _has(self, name: str) -> bool:
        return any(
            each.field is not None and each.field.name == name for each in self.paths.values()
        )

    def _chosen(self, wanted: Sequence[str]) -> tuple[str, ...]:
        names = [_NAMES.get(name, name) for name in wanted]
        unknown = [n for n in names if n not in ALWAYS and path_named(self.paths, n) is None]
        if unknown:
            text = _("There is no column “%(name)s”. Known: %(known)s.")
            known = ", ".join(self.paths)
            errors = {name: [text % {"name": name, "known": known}] for name in unknown}
            raise Invalid(errors)
        return tuple(dict.fromkeys(names))

    def _all(self) -> tuple[str, ...]:
        """Every path; patterns are replaced by those that the records have."""
        found: list[str] = ["id", *(["kind"] if len(self.rtype.kinds) > 1 else [])]
        seen: set[str] = set()
        for path, entry in self.paths.items():
            collection = entry.field.collection if entry.field is not None else None
            if collection is not None and collection.single is not None:
                # `tag` and `tags` are the same column.
                if entry.field is None or entry.field.name in seen:
                    continue
                seen.add(entry.field.name)
            if path.endswith(".*"):
                found += [path[:-1] + each for each in self._of_pattern(entry)]
            elif path not in found:
                found.append(path)
        return (*found, "updated_at")

    def _of_pattern(self, entry: FieldPath) -> list[str]:
        if entry.how == "identifier" and entry.field is not None and entry.field.collection:
            model: Any = entry.field.collection.model
            return sorted(self.session.scalars(select(model.scheme).distinct()))
        if entry.how == "external":
            systems = select(_key.c.system).where(_key.c.entity == self.rtype.entity).distinct()
            rows = self.session.execute(systems, execution_options=DOOR)
            return sorted(each for (each,) in rows if not each.startswith(ROW_KEYS))
        return []

    # Rows

    def completed(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The records of a page with their keys in other systems."""
        if EXTERNAL not in self.paths:
            return items
        keys = self._keys([UUID(item["id"]) for item in items])
        return [
            {**item, "external": keys[item["id"]]} if item["id"] in keys else item for item in items
        ]

    def _keys(self, ids: Iterable[UUID]) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = {}
        rows = self.session.execute(
            select(_key.c.record_id, _key.c.system, _key.c.key)
            .where(_key.c.entity == self.rtype.entity, _key.c.record_id.in_(list(ids)))
            .order_by(_key.c.key),
            execution_options=DOOR,
        )
        for record_id, system, key in rows:
            if not system.startswith(ROW_KEYS):
                found.setdefault(str(record_id), {}).setdefault(system, key)
        return found

    def row(self, item: Mapping[str, Any]) -> list[Any]:
        """The cells of a record."""
        return [self._cell(name, item) for name in self.names]

    def _cell(self, name: str, item: Mapping[str, Any]) -> Any:
        if name in ALWAYS:
            return item.get(name)
        entry = path_named(self.paths, name)
        rest = name.partition(".")[2]
        if entry is None:
            return None
        if entry.how == "external":
            return (item.get("external") or {}).get(rest)
        if entry.how == "custom":
            return (item.get("custom") or {}).get(rest)
        if name in ("organisation", "reports_to"):
            return _name(_first(item.get("affiliations")).get(name))
        field = entry.field
        if field is None:
            return item.get(name)
        if field.collection is None:
            inside = item.get(field.namespace) if field.namespace else item
            value = (inside or {}).get(field.short_name)
            return _name(value) if entry.how == "link" else value
        return _of_rows(entry, rest, item.get(field.name) or [])


def _of_rows(entry: FieldPath, rest: str, rows: Sequence[Any]) -> Any:
    """One cell for the rows of a collection."""
    if entry.how in ("words", "links"):
        return _joined([_name(each) for each in rows])
    if entry.how == "point":
        ordered = sorted(rows, key=lambda row: not row.get("primary"))
        return _joined([row["value"] for row in ordered if row["kind"] == entry.name])
    if entry.how == "identifier":
        return _joined([row["value"] for row in rows if row["scheme"] == rest])
    if entry.how == "role":
        return _joined([row["role"] for row in rows if row.get("to") is None])
    if entry.how in ("address", "affiliation"):
        return _first(rows).get(entry.name)
    return None


def _first(rows: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(iter(rows or ()), {})
    return found


def _name(value: Any) -> Any:
    return value.get("name") if isinstance(value, Mapping) else value


def _joined(values: Sequence[Any]) -> str:
    """Several values in one cell, in a way that an import can part again."""
    texts = [str(each) for each in values if each is not None]
    if any(re.search(r"[,;|\n]", text) for text in texts):
        return SEPARATOR.join(texts) + (SEPARATOR.rstrip() if len(texts) == 1 else "")
    return ", ".join(texts)
