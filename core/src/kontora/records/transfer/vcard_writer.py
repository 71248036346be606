"""vCard 3.0, which every program reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

from kontora.text import Text

_TEL_TYPES = {"mobile": "CELL", "work": "WORK", "home": "HOME", "pager": "PAGER", "car": "CAR"}
_LINE = 75


class VcardWriter:
    """Cards, one for each record. `write_record` takes a record in the shape of the API.

    `write_row` serves exports of a list: columns named by field paths (`given`, `email`,
    `address.locality` …) are put together into such a record.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.warnings: list[Text] = []
        self._file = file
        self._columns: tuple[str, ...] = ()

    def write_header(self, columns: Sequence[str]) -> None:
        self._columns = tuple(columns)

    def write_row(self, values: Sequence[Any]) -> None:
        self.write_record(_from_row(dict(zip(self._columns, values, strict=True))))

    def write_record(self, record: Mapping[str, Any]) -> None:
        """Write one card."""
        lines = ["BEGIN:VCARD", "VERSION:3.0", *_names(record), *_work(record)]
        for point in record.get("points") or ():
            lines.append(_point(point))
        lines += [_address(address) for address in record.get("addresses") or ()]
        if record.get("birth_date"):
            lines.append(f"BDAY:{record['birth_date']}")
        if record.get("notes"):
            lines.append(f"NOTE:{_escape(record['notes'])}")
        if record.get("tags"):
            lines.append("CATEGORIES:" + ",".join(_escape(tag) for tag in record["tags"]))
        if record.get("id"):
            lines.append(f"UID:{record['id']}")
        if record.get("updated_at"):
            lines.append(f"REV:{record['updated_at']}")
        lines.append("END:VCARD")
        self._file.write(b"".join(_folded(line) for line in lines))

    def close(self) -> None:
        """Nothing stands after the last card."""


def _names(record: Mapping[str, Any]) -> list[str]:
    parts = ("family", "given", "middle", "prefix", "suffix")
    whole = " ".join(
        str(record[part]) for part in ("given", "middle", "family") if record.get(part)
    )
    points = record.get("points") or ()
    first_point = next((str(point["value"]) for point in points if point.get("value")), "")
    shown = record.get("display_name") or whole or record.get("organisation") or first_point
    lines = [f"FN:{_escape(shown)}"]
    lines.append("N:" + ";".join(_escape(record.get(part) or "") for part in parts))
    if record.get("nickname"):
        lines.append(f"NICKNAME:{_escape(record['nickname'])}")
    return lines


def _work(record: Mapping[str, Any]) -> list[str]:
    """Organisation and title, from the short forms or from the first affiliation."""
    place: Mapping[str, Any] = next(iter(record.get("affiliations") or ()), {})
    organisation = record.get("organisation") or place.get("organisation") or ""
    if isinstance(organisation, Mapping):
        organisation = organisation.get("name") or organisation.get("display_name") or ""
    is_company = record.get("kind") == "organisation"
    organisation = organisation or (record.get("display_name") if is_company else "")
    department = record.get("department") or place.get("department") or ""
    title = record.get("title") or place.get("title") or ""
    lines = []
    if organisation or department:
        parts = [organisation, department] if department else [organisation]
        lines.append("ORG:" + ";".join(_escape(part or "") for part in parts))
    if is_company:
        lines.append("X-ABShowAs:COMPANY")
    if title:
        lines.append(f"TITLE:{_escape(title)}")
    return lines


def _point(point: Mapping[str, Any]) -> str:
    kind, label = point.get("kind"), str(point.get("label") or "").lower()
    types = ["PREF"] if point.get("primary") else []
    value = str(point.get("value") or "")
    if kind in ("phone", "fax"):
        number, _mark, extension = value.partition(";ext=")
        types += [_TEL_TYPES[label]] if label in _TEL_TYPES else []
        types.append("FAX" if kind == "fax" else "VOICE")
        shown = f"{number} ext. {extension}" if extension else number
        return f"TEL;TYPE={','.join(types)}:{_escape(shown)}"
    types += [label.upper()] if label in ("work", "home") else []
    if kind == "email":
        return f"EMAIL;TYPE={','.join(['INTERNET', *types])}:{_escape(value)}"
    type_text = f";TYPE={','.join(types)}" if types else ""
    if kind == "messenger":
        return f"IMPP{type_text}:{_escape(f'{label}:{value}' if label.isalpha() else value)}"
    if kind == "social":
        word = f";TYPE={label}" if label.isalnum() else ""
        return f"X-SOCIALPROFILE{word}:{_escape(value)}"
    return f"URL{type_text}:{_escape(value)}"


def _address(address: Mapping[str, Any]) -> str:
    label = str(address.get("label") or "").lower()
    type_text = f";TYPE={label.upper()}" if label in ("work", "home") else ""
    order = ("street", "locality", "region", "postcode", "country")
    return f"ADR{type_text}:;;" + ";".join(_escape(address.get(part) or "") for part in order)


def _from_row(cells: Mapping[str, Any]) -> dict[str, Any]:
    """Put a flat row together: `email`, `phone` … are points, `address.*` is an address."""
    record: dict[str, Any] = {key: value for key, value in cells.items() if "." not in key}
    points = list(record.get("points") or ())
    for kind in ("email", "phone", "fax", "web"):
        value = record.get(kind)
        if value:
            points.append({"kind": kind, "value": str(value)})
    address = {
        key.partition(".")[2]: value
        for key, value in cells.items()
        if key.startswith("address.") and value
    }
    record["points"] = points
    record["addresses"] = [*(record.get("addresses") or ()), *([address] if address else [])]
    return record


def _escape(value: Any) -> str:
    text = str(value).replace("\\", "\\\\").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\\n").replace(",", "\\,").replace(";", "\\;")


def _folded(line: str) -> bytes:
    """Break a line into pieces of at most 75 octets, never inside a letter."""
    pieces: list[bytes] = []
    current = b""
    for letter in line:
        octets = letter.encode("utf-8", "replace")
        if len(current) + len(octets) > _LINE - bool(pieces):
            pieces.append(current)
            current = b""
        current += octets
    return b"\r\n ".join([*pieces, current]) + b"\r\n"
