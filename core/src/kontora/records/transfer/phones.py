"""Phone numbers: from what people type to E.164, with an extension as in RFC 3966 (`;ext=12`)."""

from __future__ import annotations

import re
import unicodedata

# Only parsing and formatting: the geographic part of this library costs 160 MB of memory.
import phonenumbers

from kontora.records.transfer.cleaned import Cleaned
from kontora.text import Text, _

_LABEL = re.compile(
    r"^\s*(?:tel|phone|mobile|mob|cell|fax|whatsapp|viber|тел|телефон|моб|мобильный|мобільний|"
    r"раб|дом|факс|т|ф)\s*[.:]*\s*(?=[+(\d])",
    re.IGNORECASE,
)
_URI = re.compile(r"^\s*(?:tel|callto|phone|sip):/{0,2}(?=\+?[\d(])", re.IGNORECASE)
_EXTENSION = re.compile(
    r"[\s,;.(]*(?:;ext=|ext(?:ension)?|доб(?:авочный)?|дод(?:атковий)?|вн(?:утр(?:енний)?)?|"
    r"x(?=[\s.:]*\d)|#)[\s.:=]*(\d{1,8})\)?\s*$",
    re.IGNORECASE,
)
_SCIENTIFIC = re.compile(r"^\d[.,]\d+[eEеЕ]\+?\d{1,2}$")
_SPLIT = re.compile(r"\s:::\s|[;\n\r|]+|,(?=\s*[+(\d\w])|\s+/\s*|\s+(?:or|или|або)\s+")
_LONGEST = 250


def split_phones(text: str) -> list[str]:
    """Part a cell that holds several numbers; an extension stays with its number."""
    parts: list[str] = []
    for part in _SPLIT.split(text):
        bare = part.strip()
        if not bare:
            continue
        short = sum(letter.isdigit() for letter in bare) < 5
        continues = short or bare.lower().startswith(("ext", "доб", "дод", "вн"))
        if parts and continues:
            parts[-1] = f"{parts[-1]} {bare}"
        else:
            parts.append(bare)
    return parts


def clean_phone(text: str, region: str | None = None) -> Cleaned[str]:
    """Bring a phone number into E.164.

    `region` is the ISO code of the country in which the number was written down. A number that
    the country's plan does not know is returned with a problem, so that nothing is lost; a text
    that is no number at all has no value.
    """
    bare = _bare(text)
    digits = sum(letter.isdigit() for letter in bare)
    if len(bare) > _LONGEST or digits < 3 or _SCIENTIFIC.match(bare):
        return Cleaned(None, problem=_why_not(bare))
    body, extension = _part_extension(bare)
    if any(letter.isalpha() for letter in body):
        return Cleaned(None, problem=_why_not(bare))
    number = _parse(body, region)
    if number is None:
        if region or body.startswith("+"):
            return Cleaned(None, problem=_why_not(bare))
        text_ = _("The country of the number is unknown; it is kept as it was written.")
        return Cleaned(bare, bare != text, text_)
    value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if extension:
        value += f";ext={extension}"
    problem: Text = ""
    if not phonenumbers.is_valid_number(number):
        problem = _("There is no such number in the numbering plan of its country.")
    return Cleaned(value, value != text, problem)


def _bare(text: str) -> str:
    """Without labels, with plain digits and signs (full-width and odd hyphens become ASCII)."""
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r"[\u2010-\u2015\u2212\u00ad]", "-", plain)
    plain = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    return _LABEL.sub("", _URI.sub("", plain)).strip().strip(".,;")


def _part_extension(text: str) -> tuple[str, str]:
    found = _EXTENSION.search(text)
    if found is None or sum(letter.isdigit() for letter in text[: found.start()]) < 3:
        return text, ""
    return text[: found.start()].strip(), found.group(1)


def _why_not(text: str) -> Text:
    if _SCIENTIFIC.match(text):
        return _("A spreadsheet has rounded this number; its last digits are lost.")
    if any(letter.isalpha() for letter in text):
        return _("A phone number cannot have these letters.")
    return _("This is not a phone number.")


def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    """The best reading of `text`: as written in its region, else with a forgotten plus."""
    first = _try(text, region)
    if first is not None and phonenumbers.is_valid_number(first):
        return first
    digits = "".join(letter for letter in text if letter.isdigit())
    others = []
    if not text.startswith("+"):
        others.append("+" + digits)
    if region == "UA" and re.fullmatch(r"80\d{9}", digits):
        # The trunk prefix that Ukraine used until 2009: 8 (044) 123-45-67.
        others.append("+3" + digits)
    for other in others:
        second = _try(other, None) if len(digits) >= 11 else None
        if second is not None and phonenumbers.is_valid_number(second):
            return second
    return first


def _try(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
