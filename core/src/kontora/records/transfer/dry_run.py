"""What an import would do, without writing anything at all: all of it on a reading session."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from kontora.access.principal import Principal
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.records import notify
from kontora.records.query import require
from kontora.records.schema import load
from kontora.records.transfer.assembled import Assembled, ImportOptions
from kontora.records.transfer.links import Linker
from kontora.records.transfer.lookup import Finder, NotClear
from kontora.records.transfer.mending import Report
from kontora.records.transfer.prepare import Prepared, prepare
from kontora.records.transfer.row_writer import COMPANY, drop, named_once, refuse
from kontora.registry.records import Draft, RecordType
from kontora.text import _

_TRIES = 6


def dry_run(
    site: Any,
    principal: Principal,
    rtype: RecordType,
    file: Path,
    options: ImportOptions,
    *,
    limit: int | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> tuple[dict[str, int], Report]:
    """Count what would be created, updated, skipped and refused, with the report.

    `limit`: look at so many rows only. Links to rows of the same file are taken as they are.
    """
    prepared = prepare(site, principal, rtype, file, options)
    report, counts = Report(), Counter[str]()
    with site.read(principal) as session:
        require(session, rtype, "import")
        trial = _Trial(session, prepared)
        for row in prepared.table.rows():
            made = prepared.assemble(row)
            counts[trial.outcome(made)] += 1
            counts["rows"] += 1
            report.add(*made.issues)
            progress(counts["rows"], None)
            session.expunge_all()
            if limit is not None and counts["rows"] >= limit:
                break
    figures = {name: counts[name] for name in ("rows", "created", "updated", "skipped", "refused")}
    noted = report.counts["changed"] + report.counts["left_out"]
    return {**figures, "noted": noted}, report


class _Trial:
    """Tries one row after the other; remembers the keys that the file itself would bring."""

    def __init__(self, session: ScopedSession, prepared: Prepared) -> None:
        self.session, self.prepared, self.rtype = session, prepared, prepared.rtype
        self.finder = Finder(session, prepared.systems)
        self.linker = Linker(session, self.rtype, self.finder)
        self.keys: set[tuple[str, str]] = set()

    def outcome(self, row: Assembled) -> str:
        """What would become of the row."""
        try:
            known = self.finder.by_key(self.rtype.entity, row.keys) is not None
            known = known or not self.keys.isdisjoint(row.keys.items())
            outcome = "updated" if known else self._same(row)
            if outcome not in ("created", "updated"):
                return outcome
            self._links(row)
            self._check(row, "change" if outcome == "updated" else "create")
        except Exception as error:
            if isinstance(error, DBAPIError):
                raise
            refuse(row, error)
            return "refused"
        self.keys.update(row.keys.items())
        return outcome

    def _same(self, row: Assembled) -> str:
        wanted = self.prepared.options.on_duplicate
        company = self.rtype.entity in COMPANY
        if wanted == "create" and not company:
            return "created"
        found = self.finder.same(self.rtype, row.data)
        if not found and named_once(self.rtype, row):
            named = self.finder.named(self.rtype, str(row.data["name"]))
            found = [(each, "same name") for each in named]
        if not found:
            return "created"
        return {"update": "updated", "ask": "refused"}.get(wanted, "skipped")

    def _links(self, row: Assembled) -> None:
        for link in row.links:
            if not self.linker.is_late(link):
                try:
                    self.finder.find(link.target, link.text, link.target_kind)
                except NotClear as problem:
                    row.report(link.column, link.text, problem.text)

    def _check(self, row: Assembled, verb: Any) -> None:
        """The checks of a save, up to the point where it would write."""
        for _try in range(_TRIES):
            try:
                return self._checked(row, verb)
            except Invalid as error:
                if not drop(row, error):
                    raise
        raise Invalid({"": [_("The row has more wrong values than can be told apart.")]})

    def _checked(self, row: Assembled, verb: Any) -> None:
        kinds = self.rtype.kinds
        kind = row.data.get("kind", kinds[0]) if kinds else None
        data = {key: value for key, value in row.data.items() if not kinds or key != "kind"}
        require(self.session, self.rtype, "edit" if verb == "change" else "create", kind)
        if not self.rtype.creatable:
            raise Forbidden(f"{self.rtype.path}.create")
        loaded = load(self.rtype, self.session.principal.rights, data, verb, kind)
        if verb == "change":
            return
        model: Any = self.rtype.model
        record = model(**({"kind": kind} if kind else {}), **dict(self.rtype.defaults))
        record.created_at = record.updated_at = self.session.now
        draft = Draft(rtype=self.rtype, verb="create", record=record, kind=kind, data=loaded)
        notify.before_save(self.session, draft)
        self._rows(loaded)

    def _rows(self, loaded: dict[str, Any]) -> None:
        """The cleaning of each row of a collection, as the record service does it."""
        errors: dict[str, list[object]] = {}
        for field in self.rtype.fields:
            collection = field.collection
            if collection is None or collection.clean is None or not loaded.get(field.name):
                continue
            for number, row in enumerate(loaded[field.name]):
                whole = {each.name: row.get(each.name, each.default) for each in collection.fields}
                try:
                    collection.clean(whole)
                except Invalid as error:
                    for name, texts in error.errors.items():
                        errors[f"{field.name}.{number}.{name}"] = texts
        if errors:
            raise Invalid(errors)
