"""Write one assembled row: create, update, skip or refuse, and say which."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import insert, select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid, KontoraError, NotFound
from kontora.records import service
from kontora.records.models import ExternalKey, ReviewItem
from kontora.records.transfer import beside
from kontora.records.transfer.assembled import Assembled, ImportOptions
from kontora.records.transfer.links import Linker, label_at
from kontora.records.transfer.lookup import DOOR, ROW_KEYS, Finder
from kontora.records.transfer.merge import joined
from kontora.registry.records import RecordType
from kontora.text import _

Outcome = Literal["created", "updated", "skipped", "refused"]
COMPANY = ("user", "team", "branch")
_key: Any = ExternalKey.__table__
_review: Any = ReviewItem.__table__
_TRIES = 6
_OF_ROW = (IntegrityError, DataError)
log = structlog.get_logger("kontora.import")


class RowWriter:
    """Writes rows in one session, each in a savepoint of its own."""

    def __init__(
        self,
        session: ScopedSession,
        rtype: RecordType,
        options: ImportOptions,
        finder: Finder,
        linker: Linker,
        run_id: UUID,
    ) -> None:
        self.session, self.rtype, self.options = session, rtype, options
        self.finder, self.linker, self.run_id = finder, linker, run_id
        self._careful = False

    def write(self, row: Assembled) -> Outcome:
        """What became of the row; everything worth knowing is added to its issues."""
        noted, given = len(row.issues), deepcopy(row.data)
        for self._careful in (False, True):
            try:
                with self.session.begin_nested():
                    return self._write(row)
            except Exception as error:
                # A strange row costs itself and nothing else; a database that is gone costs all.
                if isinstance(error, DBAPIError) and not isinstance(error, _OF_ROW):
                    raise
                del row.issues[noted:]
                # Once more, since another writer may have made the same key at this very
                # moment, and values that are not taken can be left out one by one.
                if not self._careful:
                    row.data = deepcopy(given)
                else:
                    refuse(row, error, self.rtype)
        return "refused"

    def _write(self, row: Assembled) -> Outcome:
        known = self.finder.by_key(self.rtype.entity, row.keys)
        if known is not None:
            return self._update(row, known)
        self._default_branch(row)
        same = self._same(row) if self._needs_same(row) else []
        decided = self._decide(row, same)
        if decided is not None:
            return decided
        self.linker.early(row)
        saved = self._save(row, None)
        self._historic(row, saved.id)
        self._insert_keys(row.keys, saved.id)
        reasons = {UUID(each["id"]): str(each["reason"]) for each in saved.duplicates}
        self._review(saved.id, {**dict(same), **reasons})
        self._row_key(row, saved.id)
        self._beside(row, saved.id)
        return "created"

    # Duplicates

    def _needs_same(self, row: Assembled) -> bool:
        """`create_record` names parties with an equal point by itself."""
        company = self.rtype.entity in COMPANY
        asked = self.options.on_duplicate != "create" or bool(row.data.get("identifiers"))
        return company or asked

    def _same(self, row: Assembled) -> list[tuple[UUID, str]]:
        found = self.finder.same(self.rtype, row.data)
        if not found and named_once(self.rtype, row):
            named = self.finder.named(self.rtype, str(row.data["name"]))
            found = [(each, "same name") for each in named[:1]]
        apart = self.finder.other_keys(self.rtype.entity, [each for each, _why in found], row.keys)
        return [each for each in found if each[0] not in apart]

    def _decide(self, row: Assembled, same: list[tuple[UUID, str]]) -> Outcome | None:
        """What is done instead of creating, if anything."""
        wanted = self.options.on_duplicate
        if not same or (wanted == "create" and self.rtype.entity not in COMPANY):
            return None
        record_id, why = same[0]
        if wanted == "update":
            return self._update(row, record_id)
        if wanted == "ask":
            text = _("It may be one that is there (%(why)s). Import it with create or update.")
            row.report("", str(record_id), text % {"why": why}, "refused")
            return "refused"
        text = _("It is there already (%(why)s); the row was passed over.")
        row.report("", str(record_id), text % {"why": why}, "left_out")
        return "skipped"

    def _review(self, record_id: UUID, found: Mapping[UUID, str]) -> None:
        rows = [
            {
                "entity": self.rtype.entity,
                "a_id": each,
                "b_id": record_id,
                "reason": why[:255],
                "state": "open",
                "created_at": self.session.now,
            }
            for each, why in found.items()
        ]
        if rows:
            self.session.execute(insert(_review), rows, execution_options=DOOR)

    # Writing

    def _update(self, row: Assembled, record_id: UUID) -> Outcome:
        try:
            service.find(self.session, self.rtype, record_id)
        except NotFound:
            text = _("The record with this key is in the bin, or out of your reach.")
            row.report("", next(iter(row.keys.values()), ""), text, "refused")
            return "refused"
        self.linker.early(row)
        self._save(row, record_id)
        self._keys(row, record_id)
        self._row_key(row, record_id)
        self._beside(row, record_id)
        return "updated"

    def _save(self, row: Assembled, record_id: UUID | None) -> service.Saved:
        """Save, leaving out what the record service does not take, as long as it names it."""
        for _try in range(_TRIES if self._careful else 0):
            try:
                with self.session.begin_nested():
                    return self._once(row, record_id)
            except Invalid as error:
                if not drop(row, error):
                    raise
            except Forbidden as error:
                if not error.right.endswith(".assign") or not _unassign(row):
                    raise
        return self._once(row, record_id)

    def _once(self, row: Assembled, record_id: UUID | None) -> service.Saved:
        if record_id is None:
            return service.create_record(self.session, self.rtype, row.data)
        data = joined(self.session, self.rtype, record_id, row.data)
        return service.change_record(self.session, self.rtype, record_id, data)

    def _keys(self, row: Assembled, record_id: UUID) -> None:
        if not row.keys:
            return
        own = select(_key.c.system, _key.c.key).where(
            _key.c.entity == self.rtype.entity, _key.c.record_id == record_id
        )
        there = {tuple(each) for each in self.session.execute(own, execution_options=DOOR)}
        taken = {each[0] for each in there}
        fresh = {}
        for system, key in row.keys.items():
            if (system, key) in there:
                continue
            if system in taken or self.finder.by_key(self.rtype.entity, {system: key}):
                text = _("This key, or another one of the system, belongs to a record already.")
                row.report(f"external.{system}", key, text)
                continue
            fresh[system] = key
        self._insert_keys(fresh, record_id)

    def _insert_keys(self, keys: Mapping[str, str], record_id: UUID) -> None:
        rows = [self._key_row(system, key, record_id) for system, key in keys.items()]
        if rows:
            self.session.execute(insert(_key), rows, execution_options=DOOR)

    def _row_key(self, row: Assembled, record_id: UUID) -> None:
        """The place of the row's record, until the second pass over the file has linked it."""
        if self.linker.has_late(row):
            made = self._key_row(f"{ROW_KEYS}{self.run_id}", str(row.number), record_id)
            self.session.execute(insert(_key), [made], execution_options=DOOR)

    def _key_row(self, system: str, key: str, record_id: UUID) -> dict[str, Any]:
        return {
            "entity": self.rtype.entity,
            "system": system,
            "key": key,
            "record_id": record_id,
        }

    def _beside(self, row: Assembled, record_id: UUID) -> None:
        """Write what the row brings beside the fields of the record."""
        for part in beside.parts_of(self.rtype.entity) if row.beside else ():
            mine = {path: each for path, each in row.beside.items() if beside.named(path) is part}
            for column, value, reason in part.write(self.session, record_id, mine):
                row.report(column, value, reason)

    def _default_branch(self, row: Assembled) -> None:
        """A user without a branch belongs to the root, as one who is added by hand."""
        if self.rtype.entity != "user" or any(each.place == "branch" for each in row.links):
            return
        model: Any = self.session.predicates.by_entity["branch"]
        root = select(model.id).where(model.parent_id.is_(None))
        found = self.session.scalars(root.order_by(model.created_at, model.id).limit(1)).first()
        if found is not None:
            row.data.setdefault("branch", str(found))

    def _historic(self, row: Assembled, record_id: UUID) -> None:
        if row.created_at is None:
            return
        record = service.find(self.session, self.rtype, record_id)
        self.session.permit(record)
        record.created_at = datetime.fromisoformat(row.created_at)
        if hasattr(record, "at") and not (record.due_at or "done_at" in row.data):
            record.at = record.done_at = record.created_at
        self.session.flush()


def named_once(rtype: RecordType, row: Assembled) -> bool:
    """Whether a name is one thing: of teams and branches, and of users without an e-mail."""
    alone = rtype.entity != "user" or not row.data.get("email")
    return rtype.entity in COMPANY and alone and bool(row.data.get("name"))


def drop(row: Assembled, error: Invalid) -> bool:
    """Take the wrong values out of the data and report them; False when one cannot be."""
    paths = sorted(error.errors, key=_order, reverse=True)
    for path in paths:
        reason = " ".join(str(each) for each in error.errors[path])
        taken = _take_out(row.data, path.split("."))
        if taken is None:
            return False
        row.report(_column_of(row, path), taken[0], reason)
    return bool(paths)


def _order(path: str) -> tuple[Any, ...]:
    return tuple((1, int(each)) if each.isdigit() else (0, each) for each in path.split("."))


def _take_out(data: Any, steps: list[str]) -> tuple[Any] | None:
    """Remove the value at a path; the row of a collection goes as a whole."""
    head, rest = steps[0], steps[1:]
    if isinstance(data, list):
        return (data.pop(int(head)),) if head.isdigit() and int(head) < len(data) else None
    if not isinstance(data, dict) or head not in data:
        return None
    if rest and isinstance(data[head], dict | list):
        return _take_out(data[head], rest)
    return (data.pop(head),)


def _column_of(row: Assembled, path: str) -> str:
    steps = path.split(".")
    tries = (".".join(steps[:n]) for n in range(len(steps), 0, -1))
    return next((row.columns[each] for each in tries if each in row.columns), path)


def _unassign(row: Assembled) -> bool:
    """Without the right to assign the record stays with its maker."""
    taken = [name for name in ("owner", "branch") if row.data.pop(name, None) is not None]
    for name in taken:
        text = _("You may not give records to others; it belongs to you.")
        row.report(row.columns.get(name, name), "", text)
    return bool(taken)


def refuse(row: Assembled, error: Exception, rtype: RecordType | None = None) -> None:
    """Report that the row was not written, and why; a field that no column names, by its label."""
    if isinstance(error, Invalid):
        for path, texts in error.errors.items():
            reason = " ".join(str(each) for each in texts)
            column = _column_of(row, path)
            if column == path and rtype is not None:
                column = label_at(rtype, path)
            row.report(column, "", reason, "refused")
    elif isinstance(error, KontoraError):
        row.report("", "", str(error), "refused")
    else:
        # Without the trace: its local variables are somebody's personal data.
        log.warning("import.row_failed", row=row.number, error=type(error).__name__)
        cause = str(getattr(error, "orig", None) or error).splitlines() or [""]
        text = _("The row cannot be stored (%(error)s).")
        values: dict[str, object] = {"error": f"{type(error).__name__}: {cause[0][:200]}"}
        row.report("", "", text % values, "refused")
