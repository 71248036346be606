"""Links of a row: some are known at once, some only when the whole file has been read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.records import service
from kontora.records.transfer.assembled import Affiliation, Assembled, Link
from kontora.records.transfer.lookup import Finder, NotClear
from kontora.records.transfer.merge import joined
from kontora.registry.records import RecordType
from kontora.text import _


class Linker:
    """Resolves the links of rows of one file.

    What points to records of the file's own kind waits for the second pass: the parent of an
    organisation may stand further down. An organisation that a person works for is resolved,
    or made, at once unless the file itself brings organisations.
    """

    def __init__(self, session: ScopedSession, rtype: RecordType, finder: Finder) -> None:
        self.session, self.rtype, self.finder = session, rtype, finder

    def is_late(self, link: Link) -> bool:
        """Whether the link may lead to a record that comes further down in the file."""
        if link.target != self.rtype.entity:
            return False
        kinds = self.rtype.kinds
        return not kinds or link.target_kind is None or link.target_kind in kinds

    def has_late(self, row: Assembled) -> bool:
        """Whether something of the row is left to the second pass."""
        return any(map(self.is_late, row.links)) or any(map(self._late, row.affiliations))

    def _late(self, place: Affiliation) -> bool:
        ends = (place.organisation, place.reports_to)
        return any(each is not None and self.is_late(each) for each in ends)

    def early(self, row: Assembled) -> None:
        """Put what can be resolved now into the data of the row."""
        for link in row.links:
            if not self.is_late(link):
                self._into(row.data, link, row)
        places = [each for each in row.affiliations if not self._late(each)]
        self._affiliations(row, row.data, places)

    def late(self, row: Assembled, record_id: UUID) -> bool:
        """Resolve the rest and change the record; tells whether anything was there to do."""
        data: dict[str, Any] = {}
        for link in row.links:
            if self.is_late(link):
                self._into(data, link, row)
        self._affiliations(row, data, [each for each in row.affiliations if self._late(each)])
        if not data:
            return False
        try:
            with self.session.begin_nested():
                whole = joined(self.session, self.rtype, record_id, data)
                service.change_record(self.session, self.rtype, record_id, whole)
        except (Invalid, Forbidden) as error:
            errors = error.errors if isinstance(error, Invalid) else {"": [str(error)]}
            for path, texts in errors.items():
                column = row.columns.get(path.partition(".")[0], path)
                row.report(column, "", " ".join(str(each) for each in texts))
            return False
        return True

    def _into(self, data: dict[str, Any], link: Link, row: Assembled) -> None:
        found = self._resolve(link, row)
        if found is None:
            return
        row.columns[link.place] = link.column
        space, _dot, last = link.place.rpartition(".")
        inside = data.setdefault(space, {}) if space else data
        if not link.many:
            inside[last] = str(found)
        elif str(found) not in inside.setdefault(last, []):
            inside[last].append(str(found))

    def _resolve(self, link: Link, row: Assembled) -> UUID | None:
        try:
            return self.finder.find(link.target, link.text, link.target_kind)
        except NotClear as problem:
            row.report(link.column, link.text, problem.text)
            return None

    def _affiliations(
        self, row: Assembled, data: dict[str, Any], places: list[Affiliation]
    ) -> None:
        for place in places:
            made = dict(place.facts)
            if place.organisation is not None:
                organisation = self._organisation(place.organisation, row)
                if organisation is not None:
                    made["organisation"] = str(organisation)
            if place.reports_to is not None:
                boss = self._resolve(place.reports_to, row)
                if boss is not None:
                    made["reports_to"] = str(boss)
            if made:
                data.setdefault("affiliations", []).append(made)

    def _organisation(self, link: Link, row: Assembled) -> UUID | None:
        """The organisation of a person; only this link makes a record when there is none."""
        try:
            return self.finder.find(link.target, link.text, link.target_kind)
        except NotClear as problem:
            if not problem.missing:
                row.report(link.column, link.text, problem.text)
                return None
        rtype = self.session.registry.of_entity(link.target, link.target_kind)
        if rtype is None or len(link.text) > 255:
            row.report(link.column, link.text, _("An organisation cannot be called so."))
            return None
        try:
            with self.session.begin_nested():
                data = {"kind": link.target_kind, "display_name": link.text}
                made = service.create_record(self.session, rtype, data).id
        except Invalid as error:
            for path, texts in error.errors.items():
                label = label_at(rtype, path)
                given: dict[str, object] = {
                    "field": label,
                    "reason": " ".join(str(each) for each in texts),
                }
                said = _("It was not made. %(field)s: %(reason)s") % given
                row.report(link.column, link.text, said)
            return None
        except Forbidden as error:
            row.report(link.column, link.text, str(error))
            return None
        text = _("There was no organisation of this name; it was made.")
        row.report(link.column, link.text, text, "changed", link.text)
        return made


def label_at(rtype: RecordType, path: str) -> str:
    """The label of the field at a path, or the path."""
    field = rtype.field_named(path) or rtype.field_named(path.partition(".")[0])
    return str(field.label) if field is not None else path
