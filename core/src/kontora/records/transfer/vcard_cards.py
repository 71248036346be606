"""From a card to the data of a record, in the shape of the API."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kontora.records.transfer.dates import clean_date
from kontora.records.transfer.issues import Issue, Severity
from kontora.records.transfer.vcard_lines import Card, Property, split_escaped, unescape
from kontora.text import Text, _

_MESSENGERS = {
    "X-AIM": "aim",
    "X-ICQ": "icq",
    "X-JABBER": "jabber",
    "X-GOOGLE-TALK": "jabber",
    "X-MSN": "msn",
    "X-YAHOO": "yahoo",
    "X-SKYPE": "skype",
    "X-SKYPE-USERNAME": "skype",
    "X-GADUGADU": "gadu-gadu",
    "X-QQ": "qq",
    "X-TELEGRAM": "telegram",
    "X-VIBER": "viber",
    "X-WHATSAPP": "whatsapp",
    "X-MS-IMADDRESS": "im",
    "IMPP": "",
}
_SOCIAL = ("X-SOCIALPROFILE", "SOCIALPROFILE", "X-TWITTER", "X-FACEBOOK", "X-LINKEDIN")
# Facts about the card itself, and repetitions of what other lines say.
# fmt: off
_SILENT = frozenset({
    "VERSION", "PRODID", "REV", "UID", "SOURCE", "NAME", "CLASS", "MAILER", "SORT-STRING", "XML",
    "CLIENTPIDMAP", "LABEL", "X-ABLABEL", "X-ABSHOWAS", "X-ABUID", "X-ABADR", "X-MOZILLA-HTML",
    "X-EVOLUTION-FILE-AS",
    "X-COUCHDB-APPLICATION-ANNOTATIONS", "X-MS-OL-DESIGN", "X-MS-OL-DEFAULT-POSTAL-ADDRESS",
})
# fmt: on
_BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY", "X-MS-CARDPICTURE"})
_GENDERS = {"M": "male", "F": "female", "O": "other"}
_PLACES = ("work", "home", "cell", "mobile", "car", "pager", "video")


class _Reading:
    """One card that is being read: the record so far, and what could not be used."""

    def __init__(self, number: int, card: Card) -> None:
        self.number, self.card = number, card
        self.record: dict[str, Any] = {}
        self.points: list[tuple[int, dict[str, Any]]] = []
        self.addresses: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self.tags: list[str] = []
        self.issues: list[Issue] = []
        self.labels = {
            item.group: item.value for item in card.properties if item.name == "X-ABLABEL"
        }

    def report(
        self, column: str, value: str, reason: Text, severity: Severity = "left_out"
    ) -> None:
        short = value if len(value) <= 200 else value[:200] + "…"
        self.issues.append(
            Issue(row=self.number, column=column, value=short, reason=reason, severity=severity)
        )

    def text(self, item: Property) -> str:
        return unescape(item.value, self.card.version).strip()

    def parts(self, item: Property) -> list[str]:
        """The components of a structured value (N, ADR, ORG), unescaped."""
        return [
            unescape(part, self.card.version).strip() for part in split_escaped(item.value, ";")
        ]

    def set(self, path: str, value: str, item: Property) -> None:
        """Set a field that a card has once; further values are reported, unless equal."""
        if not value:
            return
        if self.record.setdefault(path, value) != value:
            text = _("The card has this more than once; only the first is kept.")
            self.report(item.name, value, text)


def card_to_record(number: int, card: Card) -> tuple[dict[str, Any], list[Issue]]:
    """Turn a card into record data and the report of what was changed or left out.

    Besides the fields of the API the record may have `organisation`, `title`, `department`,
    `prefix`, `suffix` and `nickname`; telephone numbers and addresses are as written.
    """
    reading = _Reading(number, card)
    for item in card.properties:
        take = _TAKERS.get(item.name)
        if item.value.strip() and item.name not in _SILENT:
            (take or _take_other)(reading, item)
    for line in card.strange:
        reading.report("", line, _("The line is not understood."))
    for nested in card.nested:
        name = next((item.value for item in nested.properties if item.name == "FN"), "")
        reading.report("AGENT", name, _("A card inside a card is not read."))
    if not card.complete:
        text = _("The end of the card is missing; it was read as far as it goes.")
        reading.report("END", "", text, "changed")
    _finish(reading)
    return reading.record, reading.issues


def _finish(reading: _Reading) -> None:
    record = reading.record
    reading.points.sort(key=lambda pair: pair[0])
    seen: set[tuple[str, str]] = set()
    chosen: set[str] = set()
    points = []
    for _rank, point in reading.points:
        key = (point["kind"], point["value"].lower())
        if key in seen:
            continue
        seen.add(key)
        # Without a mark the first of its kind comes first.
        point["primary"] = point["kind"] not in chosen
        chosen.add(point["kind"])
        points.append(point)
    lists = {
        "points": points,
        "addresses": reading.addresses,
        "tags": list(dict.fromkeys(reading.tags)),
    }
    record.update({path: values for path, values in lists.items() if values})
    if reading.notes:
        record["notes"] = "\n\n".join(reading.notes)
    record.setdefault("kind", _kind_of(reading))
    if record["kind"] == "organisation":
        record.setdefault("display_name", record.get("organisation", ""))
        if record.get("organisation") == record["display_name"]:
            del record["organisation"]


def _kind_of(reading: _Reading) -> str:
    """A card without a person's name whose display name is the company's is the company."""
    record = reading.record
    shown_as = {
        item.value.strip().upper()
        for item in reading.card.properties
        if item.name in ("X-ABSHOWAS", "KIND")
    }
    if shown_as & {"COMPANY", "ORG", "ORGANIZATION"}:
        return "organisation"
    named = record.get("given") or record.get("family")
    organisation = record.get("organisation", "")
    if organisation and not named and record.get("display_name", organisation) == organisation:
        # A bare company beside a personal address is a person of whom the name is not known.
        return "person" if record.get("title") else "organisation"
    return "person"


def _take_name(reading: _Reading, item: Property) -> None:
    parts = reading.parts(item) + [""] * 5
    for path, value in zip(("family", "given", "middle", "prefix", "suffix"), parts, strict=False):
        reading.set(path, re.sub(r"\s*,\s*", ", ", value), item)


def _take_organisation(reading: _Reading, item: Property) -> None:
    name, *units = reading.parts(item)
    reading.set("organisation", name, item)
    reading.set("department", ", ".join(unit for unit in units if unit), item)


def _take_simple(path: str) -> Callable[[_Reading, Property], None]:
    def take(reading: _Reading, item: Property) -> None:
        reading.set(path, " ".join(reading.text(item).split()), item)

    return take


def _take_note(reading: _Reading, item: Property) -> None:
    text = "\n".join(line.rstrip() for line in reading.text(item).split("\n")).strip("\n")
    if text not in reading.notes:
        reading.notes.append(text)


def _take_categories(reading: _Reading, item: Property) -> None:
    for part in split_escaped(item.value, ","):
        tag = unescape(part, reading.card.version).strip()
        if tag:
            reading.tags.append(tag)


def _take_birthday(reading: _Reading, item: Property) -> None:
    text = reading.text(item)
    cleaned = clean_date(text.partition("T")[0], past=True)
    if cleaned.value is None:
        reading.report(item.name, text, cleaned.problem)
    else:
        reading.record.setdefault("birth_date", cleaned.value.isoformat())


def _take_gender(reading: _Reading, item: Property) -> None:
    letter = reading.text(item).partition(";")[0].strip().upper()[:1]
    if letter in _GENDERS:
        reading.set("gender", _GENDERS[letter], item)


def _take_kind(reading: _Reading, item: Property) -> None:
    kind = reading.text(item).lower()
    if kind == "group":
        text = _("A group is not a contact; it is kept as one with its members left out.")
        reading.report("KIND", kind, text, "changed")


def _take_address(reading: _Reading, item: Property) -> None:
    box, extended, street, locality, region, postcode, country, *_more = (
        reading.parts(item) + [""] * 7
    )
    lines = [part.strip(" ,") for part in (box, extended, street)]
    address = {
        "street": ", ".join(" ".join(line.split("\n")) for line in lines if line),
        "locality": locality,
        "region": region,
        "postcode": postcode,
        "country": country,
        "label": _label(reading, item, ("work", "home")),
    }
    filled = {path: " ".join(value.split()) for path, value in address.items() if value}
    if set(filled) - {"label"}:
        reading.addresses.append(filled)


def _take_point(kind: str) -> Callable[[_Reading, Property], None]:
    def take(reading: _Reading, item: Property) -> None:
        value = " ".join(reading.text(item).split())
        _add_point(reading, item, kind, value, _label(reading, item, _PLACES))

    return take


def _take_phone(reading: _Reading, item: Property) -> None:
    kind = "fax" if "fax" in item.types() else "phone"
    value = re.sub(r"^tel:", "", reading.text(item), flags=re.IGNORECASE)
    label = _label(reading, item, _PLACES)
    _add_point(reading, item, kind, value, {"cell": "mobile"}.get(label, label))


def _take_messenger(reading: _Reading, item: Property) -> None:
    value, label = reading.text(item), _MESSENGERS[item.name]
    scheme, colon, rest = value.partition(":")
    if colon and scheme.isalpha():
        label, value = label or scheme.lower(), rest
    service = item.parameters.get("X-SERVICE-TYPE", ())
    _add_point(reading, item, "messenger", value, label or next(iter(service), "").lower())


def _take_social(reading: _Reading, item: Property) -> None:
    types = item.types() - {"pref", "home", "work"}
    label = item.name.removeprefix("X-").lower()
    if label == "socialprofile":
        service = item.parameters.get("SERVICE-TYPE", ())
        label = next(iter(types), "") or next(iter(service), "").lower()
    value = re.sub(r"^x-apple:", "", reading.text(item))
    _add_point(reading, item, "social", value, label)


def _add_point(reading: _Reading, item: Property, kind: str, value: str, label: str) -> None:
    if not value:
        return
    point: dict[str, Any] = {"kind": kind, "value": value}
    if label:
        point["label"] = label
    reading.points.append((_preference(item), point))


def _preference(item: Property) -> int:
    """1 to 100 as in version 4.0; 1 for the PREF of older ones; 100 without a word."""
    for text in item.parameters.get("PREF", ()):
        if text.isdigit():
            return min(100, max(1, int(text)))
    return 1 if "pref" in item.types() else 100


def _label(reading: _Reading, item: Property, known: tuple[str, ...]) -> str:
    own = reading.labels.get(item.group, "") if item.group else ""
    if own:
        return unescape(own.removeprefix("_$!<").removesuffix(">!$_"), "3.0").strip().lower()
    types = item.types()
    return next((place for place in known if place in types), "")


def _take_binary(reading: _Reading, item: Property) -> None:
    reading.report(item.name, "", _("Pictures, sounds and keys of cards are not read."))


def _take_other(reading: _Reading, item: Property) -> None:
    if item.name == "X-ABDATE" or item.name == "X-ABRELATEDNAMES":
        label = _label(reading, item, ())
        reading.report(f"{item.name} ({label})", reading.text(item), _("There is no field for it."))
        return
    reading.report(item.name, reading.text(item), _("There is no field for it."))


_TAKERS: dict[str, Callable[[_Reading, Property], None]] = {
    "FN": _take_simple("display_name"),
    "N": _take_name,
    "NICKNAME": _take_simple("nickname"),
    "ORG": _take_organisation,
    "TITLE": _take_simple("title"),
    "NOTE": _take_note,
    "CATEGORIES": _take_categories,
    "BDAY": _take_birthday,
    "GENDER": _take_gender,
    "KIND": _take_kind,
    "ADR": _take_address,
    "EMAIL": _take_point("email"),
    "URL": _take_point("web"),
    "TEL": _take_phone,
    **dict.fromkeys(_MESSENGERS, _take_messenger),
    **dict.fromkeys(_SOCIAL, _take_social),
    **dict.fromkeys(_BINARY, _take_binary),
}
