"""Countries: ISO codes, and names in English, Russian and Ukrainian."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache

from kontora.records.transfer.cleaned import Cleaned
from kontora.text import _

_LANGUAGES = ("en", "ru", "uk")
# Names in common use that the CLDR data does not have.
_ALSO = {
    "usa": "US",
    "u s a": "US",
    "u s": "US",
    "united states of america": "US",
    "america": "US",
    "uk": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "holland": "NL",
    "the netherlands": "NL",
    "czech republic": "CZ",
    "south korea": "KR",
    "republic of korea": "KR",
    "north korea": "KP",
    "russian federation": "RU",
    "viet nam": "VN",
    "turkey": "TR",
    "uae": "AE",
    "ivory coast": "CI",
    "burma": "MM",
    "swaziland": "SZ",
    "macedonia": "MK",
    "moldova republic of": "MD",
    "deutschland": "DE",
    "polska": "PL",
    "hong kong": "HK",
    "macau": "MO",
    "palestine": "PS",
    "сша": "US",
    "гонконг": "HK",
    "макао": "MO",
    "соединенные штаты америки": "US",
    "америка": "US",
    "англия": "GB",
    "британия": "GB",
    "англія": "GB",
    "велика британія": "GB",
    "рф": "RU",
    "российская федерация": "RU",
    "белоруссия": "BY",
    "республика беларусь": "BY",
    "білорусія": "BY",
    "чешская республика": "CZ",
    "чехия": "CZ",
    "чехія": "CZ",
    "голландия": "NL",
    "голландія": "NL",
    "южная корея": "KR",
    "південна корея": "KR",
    "оаэ": "AE",
    "оае": "AE",
    "киргизия": "KG",
    "республика казахстан": "KZ",
    "молдавия": "MD",
    "молдавія": "MD",
}
_AMBIGUOUS = {"korea": "KR", "корея": "KR", "congo": "CG", "конго": "CG"}


def clean_country(text: str) -> Cleaned[str]:
    """Bring a country into its ISO code of two letters.

    A text that is not understood has no value: the caller keeps it as it was written and reports
    the problem; `suggestion` names the country that may have been meant.
    """
    bare = text.strip()
    if not bare:
        return Cleaned(None, problem=_("The country is empty."))
    code = _code(bare)
    if code:
        return Cleaned(code, code != text)
    close = _closest(_fold(bare))
    if not close:
        return Cleaned(None, problem=_("There is no country of this name; it is kept as text."))
    suggestion = country_name(close)
    problem = _("There is no country of this name; it is kept as text. Is %(name)s meant?")
    return Cleaned(None, problem=problem % {"name": suggestion}, suggestion=close)


def country_name(code: str) -> str:
    """The English name of a country by its ISO code; the code itself when there is none."""
    return _territories("en").get(code, code)


def _code(text: str) -> str:
    from babel.core import get_global

    upper = text.upper()
    if re.fullmatch(r"[A-Z]{2}", upper) and upper in _territories("en"):
        return upper
    if re.fullmatch(r"[A-Z]{3}|\d{3}", upper):
        codes = get_global("territory_aliases").get(upper, [])
        if len(codes) == 1 and codes[0] in _territories("en"):
            return str(codes[0])
    return _names().get(_fold(text), "")


@lru_cache(maxsize=1024)
def _closest(name: str) -> str:
    if name in _AMBIGUOUS:
        return _AMBIGUOUS[name]
    found = difflib.get_close_matches(name, _names(), n=1, cutoff=0.8)
    return _names()[found[0]] if found else ""


def _fold(text: str) -> str:
    """Small letters, ё as е, no signs: as names are compared."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ё", "е").replace("&", " and "))
    kept = "".join(
        letter
        for letter in unicodedata.normalize("NFC", plain)
        if not unicodedata.combining(letter)
    )
    return " ".join(re.sub(r"[^\w\s]|_", " ", kept).split())


@lru_cache(maxsize=8)
def _territories(language: str) -> dict[str, str]:
    from babel import Locale

    names = Locale.parse(language).territories
    return {
        code: str(name)
        for code, name in names.items()
        if re.fullmatch(r"[A-Z]{2}", code)
        and code not in ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO")
    }


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in _territories(language).items():
            names.setdefault(_fold(name), code)
            short = _fold(re.sub(r"\s*\(.*\)", "", name))
            if short not in _AMBIGUOUS:
                names.setdefault(short, code)
    return names | {_fold(name): code for name, code in _ALSO.items()}
