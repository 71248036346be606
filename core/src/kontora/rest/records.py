"""The resource of one record type: list, create, read, change, delete, restore, history, figures.

A thin face: who may do what, and what a save does, is decided by the record service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Response, jsonify, request

from kontora.errors import NotFound
from kontora.http.context import db
from kontora.http.opened import opened
from kontora.records import service
from kontora.records.values import to_json
from kontora.registry.records import RecordType
from kontora.rest import bulk, parameters, people, shapes
from kontora.rest.bodies import body
from kontora.rest.checks import check
from kontora.rest.etags import etag, expected, is_known


def parsed(record_id: str) -> UUID:
    """The id in an address; what is none names no record."""
    try:
        found = UUID(record_id)
    except ValueError:
        raise NotFound() from None
    if str(found) != record_id.lower():
        raise NotFound()
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What may be sent to a record type, kept until its fields change."""

    rtype: RecordType
    create: shapes.Shape
    change: shapes.Shape
    read_only: set[str]


class Resource:
    """All operations on the records of one type."""

    def __init__(self, declared: RecordType) -> None:
        self.declared = declared
        self._inputs: Inputs | None = None

    @property
    def rtype(self) -> RecordType:
        """The record type as it is in this request, with the fields of administrators."""
        found: RecordType = db().registry.effective(self.declared)
        return found

    @property
    def create_shape(self) -> shapes.Shape:
        return self._made().create

    @property
    def change_shape(self) -> shapes.Shape:
        return self._made().change

    @property
    def read_only(self) -> set[str]:
        return self._made().read_only

    def _made(self) -> Inputs:
        rtype, made = self.rtype, self._inputs
        if made is None or made.rtype is not rtype:
            made = self._inputs = Inputs(
                rtype=rtype,
                create=shapes.record_in(rtype, "create"),
                change=shapes.record_in(rtype, "change"),
                read_only=shapes.read_only(rtype),
            )
        return made

    def list(self) -> Response:
        page = service.list_records(db(), self.rtype, parameters.query(self.rtype))
        return jsonify({"items": page.items, "next": page.next, "total": page.total})

    def create(self) -> Response:
        parameters.no_arguments()
        data = self._input(self.create_shape)
        saved = service.create_record(db(), self.rtype, data)
        shown = self._shown_after(saved.id)
        if saved.duplicates:
            shown["duplicates"] = [dict(each) for each in saved.duplicates]
        response = self._answer(shown, saved.version, 201)
        response.headers["Location"] = f"/api/v1/{self.rtype.path}/{saved.id}"
        return response

    def read(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        fields, expand = parameters.shown("as_of")
        if (day := request.args.get("as_of")) is not None:
            return people.on_day(self.rtype, wanted, day, fields, expand)
        version = service.version_of(db(), self.rtype, wanted)
        opened(self.rtype, wanted, "api")
        if is_known(version):
            return Response(status=304, headers={"ETag": etag(version)})
        shown = service.get_record(db(), self.rtype, wanted, fields, expand)
        return self._answer(shown, version)

    def change(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        parameters.no_arguments()
        version = self._expected(wanted, "edit")
        data = self._input(self.change_shape)
        saved = service.change_record(db(), self.rtype, wanted, data, version)
        return self._answer(self._shown_after(wanted), saved.version)

    def delete(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        parameters.no_arguments()
        version = self._expected(wanted, "delete")
        service.delete_record(db(), self.rtype, wanted, version)
        return Response(status=204)

    def restore(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        parameters.no_arguments()
        service.restore_record(db(), self.rtype, wanted)
        version = service.version_of(db(), self.rtype, wanted)
        return self._answer(self._shown_after(wanted), version)

    def history(self, record_id: str) -> Response:
        wanted = parsed(record_id)
        parameters.no_arguments()
        entries = service.history(db(), self.rtype, wanted)
        return jsonify({"items": [_entry(each) for each in entries]})

    def ownership(self, record_id: str) -> Response:
        return people.ownership(self.rtype, parsed(record_id))

    def chart(self, record_id: str) -> Response:
        return people.people(parsed(record_id))

    def tree(self, record_id: str) -> Response:
        return people.firms(parsed(record_id))

    def figures(self) -> Response:
        chosen, group_by, measures = parameters.figures(self.rtype)
        rows = service.aggregate(db(), self.rtype, chosen, group_by, measures)
        return jsonify({"items": [_figures(row) for row in rows]})

    def bulk(self) -> Response:
        parameters.no_arguments()
        return jsonify(bulk.run(db(), self, body()))

    # Parts

    def _input(self, shape: shapes.Shape) -> dict[str, Any]:
        data: dict[str, Any] = body()
        check(shape, data, read_only=self.read_only)
        return data

    def _expected(self, record_id: UUID, verb: str) -> int | None:
        """Who may not see the record, or not change it, hears that first."""
        record = service.find(db(), self.rtype, record_id)
        service.check_may(db(), self.rtype, record, verb)
        return expected(record.version)

    def _shown_after(self, record_id: UUID) -> dict[str, Any]:
        """The record after a save; of one that was given out of one's own reach only the id."""
        try:
            return service.get_record(db(), self.rtype, record_id)
        except NotFound:
            moment = to_json(db().now)
            shown = {"id": str(record_id), "created_at": moment, "updated_at": moment}
            return shown | ({"kind": self.rtype.kinds[0]} if self.rtype.kinds else {})

    def _answer(self, shown: dict[str, Any], version: int, status: int = 200) -> Response:
        response = jsonify(shown)
        response.status_code = status
        response.headers["ETag"] = etag(version)
        return response


def _entry(entry: service.HistoryEntry) -> dict[str, Any]:
    fields = [
        {"name": name, "label": label, "old": old, "new": new}
        for name, label, old, new in entry.fields
    ]
    return {
        "id": entry.id,
        "at": to_json(entry.at),
        "who": entry.who,
        "principal_kind": entry.principal_kind,
        "verb": entry.verb,
        "version": entry.version,
        "fields": fields,
    }


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    """PostgreSQL counts averages as exact decimals, SQLite as floats: both become numbers."""
    return {
        name: round(float(value), 6) if name.startswith("avg:") and value is not None else value
        for name, value in ((name, to_json(each)) for name, each in row.items())
    }
