"""Numbers by which the state knows a company or a person, checked by their check digits."""

from __future__ import annotations

import importlib
import re
from typing import Protocol, cast

from kontora.records.transfer.cleaned import Cleaned
from kontora.text import Text, _


class _Checker(Protocol):
    """What a module of python-stdnum offers."""

    def validate(self, number: str) -> str: ...


# Scheme and country in Kontora → module of python-stdnum; "" stands for any country.
_MODULES: dict[tuple[str, str], str] = {
    ("inn", ""): "stdnum.ru.inn",
    ("ogrn", ""): "stdnum.ru.ogrn",
    ("ogrnip", ""): "stdnum.ru.ogrn",
    ("edrpou", ""): "stdnum.ua.edrpou",
    ("rntrc", ""): "stdnum.ua.rntrc",
    ("unp", ""): "stdnum.by.unp",
    ("lei", ""): "stdnum.lei",
    ("iban", ""): "stdnum.iban",
    ("vat", ""): "stdnum.eu.vat",
    ("vat", "GB"): "stdnum.gb.vat",
    ("vat", "CH"): "stdnum.ch.vat",
    ("vat", "NO"): "stdnum.no.mva",
    ("vat", "RU"): "stdnum.ru.inn",
    ("vat", "BY"): "stdnum.by.unp",
    ("vat", "RS"): "stdnum.rs.pib",
    ("vat", "TR"): "stdnum.tr.vkn",
}
_LABELS = {
    "инн": "inn",
    "огрн": "ogrn",
    "огрнип": "ogrnip",
    "єдрпоу": "edrpou",
    "едрпоу": "edrpou",
    "едрпу": "edrpou",
    "єдрпу": "edrpou",
    "рнокпп": "rntrc",
    "ипн": "rntrc",
    "іпн": "rntrc",
    "унп": "unp",
    "ндс": "vat",
    "пдв": "vat",
    "vat_id": "vat",
    "vatin": "vat",
    "tax_id": "tax_id",
}
_COUNTRY_PREFIX = re.compile(r"^([a-z]{2})_(?=\w)")
_EU_PREFIX = re.compile(r"^[A-Z]{2}")


def scheme_name(scheme: str) -> str:
    """Kontora's name of a scheme: `RU_INN`, `ИНН` and `inn` are the same."""
    name = re.sub(r"[\s.\-]+", "_", scheme.strip().lower()).strip("_")
    if name in _LABELS:
        return _LABELS[name]
    short = _COUNTRY_PREFIX.sub("", name)
    known = {known_scheme for known_scheme, _country in _MODULES}
    return _LABELS.get(short, short if short in known else name)


def check_identifier(scheme: str, value: str, country: str | None = None) -> Cleaned[str]:
    """Check an identifier and bring it into its compact form.

    A scheme that is not known is accepted as it stands, white space apart. A number that fails
    the check is returned with a problem: it may still be what the company's papers say.
    """
    bare = " ".join(value.split())
    if not bare:
        return Cleaned(None, problem=_("The identifier is empty."))
    checker = _checker(scheme_name(scheme), (country or "").upper(), bare)
    if checker is None:
        return Cleaned(bare, bare != value)
    compact = _without_label(bare, scheme_name(scheme))
    from stdnum.exceptions import ValidationError

    try:
        result = checker.validate(compact)
    except ValidationError as error:
        return Cleaned(bare, bare != value, _reason(error))
    return Cleaned(result, result != value)


def _checker(scheme: str, country: str, value: str) -> _Checker | None:
    name = _MODULES.get((scheme, country)) or _MODULES.get((scheme, ""))
    if name is None:
        return None
    if name == "stdnum.eu.vat" and not _EU_PREFIX.match(value.upper()):
        # Without its country in front a VAT number can only be checked by that country's rule.
        from stdnum import get_cc_module

        return cast(_Checker | None, get_cc_module(country, "vat")) if country else None
    return cast(_Checker, importlib.import_module(name))


def _without_label(value: str, scheme: str) -> str:
    word, _blank, rest = value.partition(" ")
    if rest and scheme_name(word.strip(":№ ")) == scheme:
        return rest.lstrip(":№ ")
    return value


def _reason(error: Exception) -> Text:
    from stdnum import exceptions

    if isinstance(error, exceptions.InvalidChecksum):
        return _("The check digit of the identifier is wrong.")
    if isinstance(error, exceptions.InvalidLength):
        return _("The identifier has the wrong number of digits.")
    if isinstance(error, exceptions.InvalidFormat):
        return _("The identifier has signs that it cannot have.")
    return _("There is no such identifier.")
