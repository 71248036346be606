"""From a row and a mapping to the data of a record, with a note on everything that is unclear."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kontora.records.transfer import beside
from kontora.records.transfer.assembled import Affiliation, Assembled, ImportOptions, Link
from kontora.records.transfer.cells import choose, clean_value, split_words, text_of
from kontora.records.transfer.clean import (
    Cleaned,
    DateGuess,
    check_identifier,
    clean_country,
    clean_date,
    clean_datetime,
    clean_email,
    clean_name,
    clean_person_names,
    clean_phone,
    clean_text,
    guess_dates,
    is_placeholder,
    scheme_name,
    split_emails,
    split_phones,
)
from kontora.records.transfer.guess import label_of
from kontora.records.transfer.paths import FieldPath, path_named
from kontora.records.transfer.table import Cell, Row
from kontora.registry.fields import Field, FieldType
from kontora.registry.records import RecordType
from kontora.text import _

NAMES: tuple[str, ...] = ("given", "middle", "family")
# Words such as “None” or “NA” may be a name or a country.
_MEANT = frozenset({*NAMES, "display_name", "address.country", "notes"})
_DATED = (FieldType.DATE, FieldType.DATETIME)

Cells = list[tuple[str, Cell]]


class Assembler:
    """Assembles the rows of one file. `sample` tells in which order its columns write dates."""

    def __init__(
        self,
        rtype: RecordType,
        paths: Mapping[str, FieldPath],
        mapping: Mapping[str, str],
        options: ImportOptions,
        sample: Sequence[Row] = (),
    ) -> None:
        self.rtype, self.mapping, self.options = rtype, mapping, options
        known = dict(paths)
        found = ((path, path_named(known, path)) for path in dict.fromkeys(mapping.values()))
        self.paths = {path: entry for path, entry in found if entry is not None}
        self._dates = {
            column: guess_dates(row.cells.get(column, "") for row in sample)
            for column, path in mapping.items()
            if self._is_dated(path)
        }

    def _is_dated(self, path: str) -> bool:
        entry = self.paths.get(path)
        if entry is None:
            return False
        if entry.how == "affiliation":
            return entry.name in ("from", "to")
        if entry.how == "beside":
            part = beside.named(path)
            return part is not None and part.is_day(path)
        own = entry.how == "field" and entry.field is not None and entry.field.type in _DATED
        return own or entry.how == "created_at"

    @property
    def systems(self) -> tuple[str, ...]:
        """The external systems whose keys the file has."""
        return tuple(_rest(p) for p, entry in self.paths.items() if entry.how == "external")

    def assemble(self, row: Row) -> Assembled:
        """The data of one row; nothing is looked up."""
        made = Assembled(number=row.number, issues=list(row.issues))
        filled = self._filled(row, made)
        self._kind(filled, made)
        self._names(filled, made)
        self._address(filled, made)
        for path, cells in filled.items():
            self._take(path, cells, made)
        self._affiliation(filled, made)
        return made

    def _filled(self, row: Row, made: Assembled) -> dict[str, Cells]:
        """The cells of the row by path, empty ones left out."""
        found: dict[str, Cells] = {}
        for column, path in self.mapping.items():
            cell = row.cells.get(column, "")
            if path not in self.paths or (isinstance(cell, str) and not cell.strip()):
                continue
            if isinstance(cell, str) and path not in _MEANT and is_placeholder(cell):
                continue
            found.setdefault(path, []).append((column, cell))
        return found

    def _kind(self, filled: dict[str, Cells], made: Assembled) -> None:
        """What a row of a type with several kinds is: as it says, else by the names it has."""
        if len(self.rtype.kinds) < 2:
            return
        given = _joined(filled.pop("kind", [])).casefold()
        kinds = {"person": "person", "organisation": "organisation", "organization": "organisation"}
        if given in kinds:
            made.data["kind"] = kinds[given]
        elif not {"display_name", "legal_name"} & filled.keys():
            if {"given", "family"} & filled.keys():
                made.data["kind"] = "person"
            elif "organisation" in filled:
                filled["display_name"] = filled.pop("organisation")
        if made.data.get("kind", self.rtype.kinds[0]) == "organisation":
            self._without_persons_fields(filled, made)

    def _without_persons_fields(self, filled: dict[str, Cells], made: Assembled) -> None:
        for path in list(filled):
            field = self.paths[path].field if path in self.paths else None
            of_person = field is not None and not field.applies_to("organisation")
            if of_person or path in ("organisation", "reports_to"):
                cells = filled.pop(path)
                text = _("Only a person has this field.")
                made.report(cells[0][0], _joined(cells), text)

    def _names(self, filled: dict[str, Cells], made: Assembled) -> None:
        parts = {name: filled.pop(name) for name in NAMES if name in filled}
        texts = {name: _joined(cells) for name, cells in parts.items()}
        cleaned = clean_person_names(texts) if parts else {}
        for name, result in cleaned.items():
            self._name(name, parts[name], result, made)
        shown = filled.pop("display_name", None)
        if shown:
            text = _joined(shown)
            person = made.data.get("kind", next(iter(self.rtype.kinds), "")) == "person"
            self._name("display_name", shown, (clean_name if person else clean_text)(text), made)

    def _name(self, path: str, cells: Cells, cleaned: Cleaned[str], made: Assembled) -> None:
        entry = self.paths.get(path)
        limit = entry.field.max_length if entry and entry.field else 255
        if cleaned.value and len(cleaned.value) > limit:
            problem = _("The text has %(n)s characters; the field holds %(limit)s.")
            values: dict[str, object] = {"n": len(cleaned.value), "limit": limit}
            cleaned = Cleaned(None, problem=problem % values)
        value = made.take(cells[0][0], _joined(cells), cleaned)
        if value:
            made.place(path, value, cells[0][0])

    def _address(self, filled: dict[str, Cells], made: Assembled) -> None:
        parts = {path: filled.pop(path) for path in list(filled) if path.startswith("address.")}
        address: dict[str, Any] = {}
        column = ""
        for path, cells in parts.items():
            entry, text = self.paths[path], _joined(cells)
            column = column or cells[0][0]
            assert entry.field is not None
            assert entry.field.collection is not None
            inner = next(f for f in entry.field.collection.fields if f.name == entry.name)
            value = made.take(cells[0][0], text, clean_value(inner, text))
            if value and entry.name == "country":
                value = self._country(cells[0][0], value, made)
            if value:
                address[entry.name] = value
        if address:
            made.append("addresses", address, column)

    def _country(self, column: str, text: str, made: Assembled) -> str:
        """The code of a country; what is no country stays as it was written, and is reported."""
        cleaned = clean_country(text)
        if cleaned.value is None:
            made.report(column, text, cleaned.problem, "changed", text)
            return text
        return str(made.take(column, text, cleaned))

    def _take(self, path: str, cells: Cells, made: Assembled) -> None:
        entry = self.paths[path]
        column, text = cells[0][0], _joined(cells)
        if entry.how == "field":
            self._field(entry, cells, made)
        elif entry.how == "point":
            for each, cell in cells:
                self.points(entry.name, each, text_of(cell), made)
        elif entry.how == "identifier":
            for each, cell in cells:
                add_identifier(made, each, _rest(path), text_of(cell))
        elif entry.how in ("words", "role"):
            self._words(entry, cells, made)
        elif entry.how == "external":
            self._key(_rest(path), column, text, made)
        elif entry.how == "custom":
            self._custom(_rest(path), column, cells, made)
        elif entry.how in ("link", "links") and path not in ("organisation", "reports_to"):
            self._link(entry, column, text, made)
        elif entry.how == "created_at":
            self._created(column, cells[0][1], text, made)
        elif entry.how == "beside":
            self._beside(path, column, cells, made)

    def _field(self, entry: FieldPath, cells: Cells, made: Assembled) -> None:
        assert entry.field is not None
        column, text = cells[0][0], _joined(cells)
        cell = cells[0][1] if len(cells) == 1 else text
        cleaned = clean_value(entry.field, cell, self._dates.get(column))
        value = made.take(column, text, cleaned)
        if value is not None and value != "":
            made.place(entry.path, value, column)

    def points(self, kind: str, column: str, text: str, made: Assembled) -> None:
        """Add the contact points that one cell holds."""
        label = label_of(column)
        for part in _split_points(kind, text):
            value = made.take(column, part, self.clean_point(kind, part, made))
            if value:
                point = {"kind": kind, "value": str(value)[:500]}
                made.append("points", point | ({"label": label} if label else {}), column)

    def clean_point(self, kind: str, text: str, made: Assembled) -> Cleaned[str]:
        """One point in its usual form; numbers by the country of the row, or else the default."""
        if kind == "email":
            return clean_email(text)
        if kind not in ("phone", "fax"):
            return clean_text(text)
        countries = [each.get("country") for each in made.data.get("addresses", ())]
        own = next((each for each in countries if each and re.fullmatch("[A-Z]{2}", each)), None)
        first = clean_phone(text, own or self.options.region)
        if first.certain or not own or not self.options.region:
            return first
        second = clean_phone(text, self.options.region)
        return second if second.certain else first

    def _words(self, entry: FieldPath, cells: Cells, made: Assembled) -> None:
        assert entry.field is not None
        assert entry.field.collection is not None
        name = entry.field.name
        for column, cell in cells:
            for word in split_words(text_of(cell)):
                inner = entry.field.collection.fields[0]
                if entry.how == "role":
                    role = made.take(column, word, choose(inner, word))
                    if role:
                        made.append(name, {"role": role}, column)
                elif (value := made.take(column, word, clean_value(inner, word))) is not None:
                    made.append(name, value, column)

    def _key(self, system: str, column: str, text: str, made: Assembled) -> None:
        key = clean_text(text).value or ""
        if len(key) > 255:
            made.report(column, key, _("A key has at most 255 characters."))
        else:
            made.keys[system] = key

    def _custom(self, key: str, column: str, cells: Cells, made: Assembled) -> None:
        """A value that no field declares is a text."""
        field = Field(name=key, label=key, max_length=4000)
        cell = cells[0][1] if len(cells) == 1 else _joined(cells)
        value = made.take(column, _joined(cells), clean_value(field, cell))
        if value is not None and value != "":
            made.data.setdefault("custom", {})[key] = value
            made.columns[f"custom.{key}"] = column

    def _link(self, entry: FieldPath, column: str, text: str, made: Assembled) -> None:
        many = entry.how == "links"
        place = entry.field.name if entry.field is not None else entry.path
        for part in split_words(text) if many else [clean_text(text).value or ""]:
            link = Link(
                place=place,
                text=part,
                target=entry.target,
                target_kind=entry.target_kind,
                column=column,
                many=many,
            )
            made.links.append(link)

    def _created(self, column: str, cell: Cell, text: str, made: Assembled) -> None:
        if not self.options.historic:
            return
        value = made.take(column, text, clean_datetime(cell, self._dates.get(column)))
        made.created_at = value.isoformat() if value is not None else None

    def _beside(self, path: str, column: str, cells: Cells, made: Assembled) -> None:
        text, part = _joined(cells), beside.named(path)
        if part is not None and part.is_day(path):
            day = made.take(column, text, clean_date(cells[0][1], self._dates.get(column)))
            text = day.isoformat() if day is not None else ""
        if text:
            made.beside[path] = (column, text)

    def _affiliation(self, filled: dict[str, Cells], made: Assembled) -> None:
        place = Affiliation()
        for path, cells in filled.items():
            entry = self.paths[path]
            column, text = cells[0][0], _joined(cells)
            if entry.how == "affiliation":
                value = self._affiliation_fact(entry, cells, made)
                if value:
                    place.facts[entry.name] = value
            elif path in ("organisation", "reports_to") and entry.how == "link":
                link = Link(
                    place=path,
                    text=clean_text(text).value or "",
                    target=entry.target,
                    target_kind=entry.target_kind,
                    column=column,
                )
                setattr(place, path, link)
        if place:
            made.affiliations.append(place)

    def _affiliation_fact(self, entry: FieldPath, cells: Cells, made: Assembled) -> Any:
        column, text = cells[0][0], _joined(cells)
        if entry.name in ("from", "to"):
            guess: DateGuess | None = self._dates.get(column)
            day = made.take(column, text, clean_date(cells[0][1], guess))
            return day.isoformat() if day is not None else None
        assert entry.field is not None
        assert entry.field.collection is not None
        inner = next(f for f in entry.field.collection.fields if f.name == entry.name)
        return made.take(column, text, clean_value(inner, text))


def add_identifier(
    made: Assembled, column: str, scheme: str, text: str, country: str | None = None
) -> None:
    """Add an identifier; one whose check digit is wrong is reported and left out."""
    cleaned = check_identifier(scheme, text, country)
    if cleaned.value is not None and cleaned.problem:
        made.report(column, text, cleaned.problem)
        return
    if cleaned.value is not None and len(cleaned.value) > 64:
        made.report(column, text, _("An identifier has at most 64 characters."))
        return
    value = made.take(column, text, cleaned)
    if value:
        row = {"scheme": scheme_name(scheme), "value": value}
        made.append("identifiers", row | ({"country": country} if country else {}), column)


def _split_points(kind: str, text: str) -> list[str]:
    if kind == "email":
        return split_emails(text)
    if kind in ("phone", "fax"):
        return split_phones(text)
    parts = text.split(" ::: ") if " ::: " in text else re.split(r",\s|[;\n]", text)
    return [part.strip() for part in parts if part.strip()]


def _joined(cells: Cells) -> str:
    """Several columns on one path: their texts joined by a blank."""
    return " ".join(text_of(cell).strip() for _column, cell in cells)


def _rest(path: str) -> str:
    return path.partition(".")[2]
