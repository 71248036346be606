"""Clean what comes in about a party: points, identifiers, addresses."""

from __future__ import annotations

import re
from typing import Any

from kontora.db.fold import fold
from kontora.errors import Invalid
from kontora.records.transfer.countries import clean_country
from kontora.records.transfer.emails import clean_email
from kontora.records.transfer.identifiers import check_identifier, scheme_name
from kontora.records.transfer.phones import clean_phone
from kontora.text import _


def clean_point(row: dict[str, Any]) -> dict[str, Any]:
    """A contact point with its normalised form; a phone that cannot be read stays as typed."""
    kind, text = row["kind"], row["value"]
    if text is None:
        raise Invalid({"value": [_("A value is needed.")]})
    value, status = text, row.get("status") or "ok"
    if kind == "email":
        cleaned = clean_email(text)
        if cleaned.value is None:
            raise Invalid({"value": [cleaned.problem or _("This is not an e-mail address.")]})
        value = cleaned.value
    elif kind in ("phone", "fax"):
        value = clean_phone(text, None).value or text
    return {
        **row,
        "value": value,
        "raw": text if text != value else row.get("raw"),
        "normalised": normalise_point(kind, value),
        "status": status,
        "primary": bool(row.get("primary")),
    }


def choose_primary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exactly one point of each kind is the primary one: the first marked, else the first."""
    chosen: dict[str, int] = {}
    for number, row in enumerate(rows):
        best = chosen.setdefault(row["kind"], number)
        if row["primary"] and not rows[best]["primary"]:
            chosen[row["kind"]] = number
    return [{**row, "primary": chosen[row["kind"]] == number} for number, row in enumerate(rows)]


def normalise_point(kind: str, value: str) -> str:
    """The form in which two points are compared: digits of a number, folded text else."""
    if kind in ("phone", "fax"):
        return re.sub(r"\D", "", value) or fold(value)
    return fold(value)[:500]


def clean_identifier(row: dict[str, Any]) -> dict[str, Any]:
    """An identifier in compact form; a wrong check digit of a known scheme is refused."""
    if not row["scheme"] or not row["value"]:
        missing = "scheme" if not row["scheme"] else "value"
        raise Invalid({missing: [_("A value is needed.")]})
    country = (row.get("country") or "").upper() or None
    scheme = scheme_name(row["scheme"])
    cleaned = check_identifier(scheme, row["value"], country)
    if cleaned.value is None:
        raise Invalid({"value": [cleaned.problem or _("The check digit is wrong.")]})
    return {**row, "scheme": scheme, "value": cleaned.value, "country": country}


def clean_address(row: dict[str, Any]) -> dict[str, Any]:
    """An address with the code of its country; a name that is no country stays as typed."""
    if row.get("country"):
        row = {**row, "country": clean_country(row["country"]).value or row["country"]}
    _check_dates(row)
    return row


def clean_dated(row: dict[str, Any]) -> dict[str, Any]:
    """A dated fact: it cannot end before it began."""
    _check_dates(row)
    return row


def _check_dates(row: dict[str, Any]) -> None:
    start, end = row.get("from"), row.get("to")
    if start and end and end < start:
        raise Invalid({"to": [_("The end lies before the beginning.")]})
