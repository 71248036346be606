"""E-mail addresses: the form is checked, the domain is put in small letters; no look-ups."""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from kontora.records.transfer.cleaned import Cleaned
from kontora.text import _

_ANGLES = re.compile(r"<([^<>@\s]+@[^<>@\s]+)>\s*$")
# The validator refuses reserved domains (`.invalid`, `.test`, `.local`), which samples and company
# networks use. Only the form is our business, so it sees every domain one level lower.
_STAND_IN = ".com"
_SPLIT = re.compile(r"(?:\s:::\s|[;,\s|])+")


def split_emails(text: str) -> list[str]:
    """Part a cell that holds several addresses."""
    found = _ANGLES.search(text)
    if found and text.count("@") == 1:
        return [text]
    parts = [part for part in _SPLIT.split(text.strip()) if part]
    return parts if all("@" in part for part in parts) else [text]


def clean_email(text: str) -> Cleaned[str]:
    """Bring an e-mail address into its usual form; the part before the @ keeps its case."""
    found = _ANGLES.search(text)
    bare = unicodedata.normalize("NFC", found.group(1) if found else text)
    bare = "".join(letter for letter in bare if unicodedata.category(letter) != "Cf").strip()
    bare = re.sub(r"^mailto:", "", bare, flags=re.IGNORECASE).strip("<>\"',; ").rstrip(".")
    if _mixed_scripts(bare.partition("@")[0]):
        problem = _("The address mixes Latin and Cyrillic letters that look alike.")
        return Cleaned(None, problem=problem)
    if "@" in bare and "." not in bare.rpartition("@")[2]:
        return Cleaned(None, problem=_("The domain of the e-mail address is not complete."))
    try:
        checked = validate_email(bare + _STAND_IN, check_deliverability=False)
    except EmailNotValidError as error:
        reason = _("This is not an e-mail address: %(reason)s")
        text_of_error = str(error).replace(_STAND_IN, "")
        return Cleaned(None, problem=reason % {"reason": text_of_error})
    value = checked.normalized.removesuffix(_STAND_IN)
    return Cleaned(value, value != text)


def _mixed_scripts(text: str) -> bool:
    latin = any("a" <= letter.lower() <= "z" for letter in text)
    cyrillic = any("\u0400" <= letter <= "\u04ff" for letter in text)
    return latin and cyrillic
