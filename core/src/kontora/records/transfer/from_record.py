"""Rows whose format says what they mean: cards, and Kontora's own JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kontora.records.transfer.assemble import NAMES, Assembler, add_identifier
from kontora.records.transfer.assembled import Affiliation, Assembled, Link
from kontora.records.transfer.cells import text_of
from kontora.records.transfer.clean import clean_country, clean_person_names
from kontora.records.transfer.paths import FieldPath, path_named
from kontora.records.transfer.table import Row
from kontora.text import _

# What the site itself decides, or what an export shows beside the data.
_PASSED_OVER = frozenset({"id", "version", "created_at", "updated_at", "prefix", "suffix"})
_PLACE = ("title", "department", "functions", "from", "to")
_AFFILIATION = ("organisation", "title", "department", "reports_to")


class RecordAssembler:
    """Assembles rows that carry whole records in the shape of the API."""

    def __init__(self, plain: Assembler, paths: Mapping[str, FieldPath]) -> None:
        self.plain, self.paths = plain, dict(paths)
        self.rtype = plain.rtype

    def assemble(self, row: Row) -> Assembled:
        """The data of one row; nothing is looked up."""
        made = Assembled(number=row.number, issues=list(row.issues))
        record: dict[str, Any] = {
            key: value for key, value in (row.record or {}).items() if value not in (None, "", [])
        }
        self._kind(record, made)
        self._names(record, made)
        self._addresses(record, made)
        for point in record.pop("points", None) or ():
            self._point(point, made)
        for each in record.pop("identifiers", None) or ():
            add_identifier(
                made,
                "identifiers",
                str(each.get("scheme") or ""),
                str(each.get("value") or ""),
                each.get("country"),
            )
        self._places(record, made)
        made.keys.update(_keys_of(record.pop("external", None)))
        for path, value in record.items():
            self._rest(path, value, made)
        return made

    def _kind(self, record: dict[str, Any], made: Assembled) -> None:
        """A card of a company among contacts is kept as a contact: no card is lost."""
        kind = record.pop("kind", None)
        if self.rtype.kinds and kind in self.rtype.kinds:
            made.data["kind"] = kind
        elif self.rtype.kinds and kind:
            text = _("The record is no person; it is kept as a contact of this name.")
            made.report("kind", kind, text, "changed", self.rtype.kinds[0])
        elif not self.rtype.kinds and "kind" in self.paths and kind:
            made.data["kind"] = kind

    def _names(self, record: dict[str, Any], made: Assembled) -> None:
        parts = {name: str(record.pop(name)) for name in NAMES if name in record}
        for name, cleaned in clean_person_names(parts).items():
            if value := made.take(name, parts[name], cleaned):
                made.place(name, value, name)

    def _addresses(self, record: dict[str, Any], made: Assembled) -> None:
        for each in record.pop("addresses", None) or ():
            address = {key: value for key, value in each.items() if value}
            if country := address.get("country"):
                cleaned = clean_country(str(country))
                if cleaned.value is None:
                    made.report("country", country, cleaned.problem, "changed", country)
                else:
                    address["country"] = made.take("country", str(country), cleaned)
            if address:
                made.append("addresses", address, "addresses")

    def _point(self, point: Mapping[str, Any], made: Assembled) -> None:
        kind, text = str(point.get("kind") or ""), str(point.get("value") or "").strip()
        if kind not in self.paths or not text:
            made.report(kind, text, _("There is no field for it."))
            return
        value = made.take(kind, text, self.plain.clean_point(kind, text, made))
        if value:
            kept = {key: point[key] for key in ("label", "primary", "status") if point.get(key)}
            made.append("points", {"kind": kind, "value": str(value)[:500], **kept}, kind)

    def _places(self, record: dict[str, Any], made: Assembled) -> None:
        given = record.pop("affiliations", None)
        rows = given if given else [{k: record.get(k) for k in _AFFILIATION if record.get(k)}]
        for name in _AFFILIATION:
            record.pop(name, None)
        if "organisation" not in self.paths:
            if any(rows) and self.rtype.kinds:
                made.report("organisation", "", _("There is no field for it."))
            return
        for each in rows:
            place = Affiliation(facts={key: each[key] for key in _PLACE if each.get(key)})
            place.organisation = self._named("organisation", each.get("organisation"))
            place.reports_to = self._named("reports_to", each.get("reports_to"))
            if place:
                made.affiliations.append(place)

    def _named(self, path: str, value: Any) -> Link | None:
        entry = path_named(self.paths, path)
        text = str(value.get("name") or value.get("id") if isinstance(value, Mapping) else value)
        if entry is None or not value or not text.strip():
            return None
        return Link(
            place=entry.field.name if entry.field is not None else path,
            text=" ".join(text.split()),
            target=entry.target,
            target_kind=entry.target_kind,
            column=path,
            many=entry.how == "links",
        )

    def _rest(self, path: str, value: Any, made: Assembled) -> None:
        entry = path_named(self.paths, path)
        if path in _PASSED_OVER or value is None or value == {}:
            return
        if path == "custom" and isinstance(value, Mapping):
            self._custom(value, made)
        elif entry is not None and entry.how in ("link", "links"):
            for each in value if isinstance(value, list) else [value]:
                if link := self._named(path, each):
                    made.links.append(link)
        elif entry is not None and entry.how == "field":
            self._field(entry, value, made)
        elif entry is not None and isinstance(value, list):
            made.data[path] = [each for each in value if each]
        elif self.rtype.field_named(path) is not None and isinstance(value, list):
            self._rows(path, value, made)
        elif isinstance(value, Mapping) and self._has_space(path):
            for inner, each in value.items():
                self._rest(f"{path}.{inner}", each, made)
        elif path not in ("at",):
            made.report(path, value, _("There is no field for it."))

    def _custom(self, values: Mapping[str, Any], made: Assembled) -> None:
        """Values of custom fields by their types; those that no field declares as they are."""
        for key, value in values.items():
            path = f"custom.{key}"
            if path in self.paths:
                self._rest(path, value, made)
            else:
                made.data.setdefault("custom", {})[key] = value

    def _rows(self, path: str, value: list[Any], made: Assembled) -> None:
        """Rows of roles as they are, without owners of another site; other rows are left out."""
        if path != "roles":
            if value:
                made.report(path, "", _("These rows are not imported."))
            return
        drop = ("owner", "branch")
        made.data[path] = [
            {k: v for k, v in each.items() if k not in drop}
            for each in value
            if isinstance(each, Mapping)
        ]

    def _has_space(self, path: str) -> bool:
        return any(known.startswith(f"{path}.") for known in self.paths)

    def _field(self, entry: FieldPath, value: Any, made: Assembled) -> None:
        from kontora.records.transfer.cells import clean_value

        assert entry.field is not None
        if isinstance(value, dict | list):
            made.place(entry.path, value, entry.path)
            return
        cleaned = clean_value(entry.field, value)
        found = made.take(entry.path, text_of(value), cleaned)
        if found is not None and found != "":
            made.place(entry.path, found, entry.path)


def _keys_of(external: Any) -> dict[str, str]:
    """`{"febrl": "rec-1"}`; after a merge a system may have several, of which the first counts."""
    if not isinstance(external, Mapping):
        return {}
    firsts = {k: v[0] if isinstance(v, list) and v else v for k, v in external.items()}
    return {str(k): str(v)[:255] for k, v in firsts.items() if v and not isinstance(v, list)}
