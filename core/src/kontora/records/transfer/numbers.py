"""Numbers, amounts of money, and yes or no."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from kontora.records.transfer.cleaned import Cleaned
from kontora.records.transfer.table import Cell
from kontora.text import _

# fmt: off
_YES = frozenset({
    "yes", "y", "true", "t", "1", "on", "x", "+", "✓", "✔", "да", "д", "истина", "вкл", "так",
    "правда",
})
_NO = frozenset({
    "no", "n", "false", "f", "0", "off", "-", "нет", "н", "ложь", "выкл", "ні", "хибність", "вимк",
})
# fmt: on
_SIGNS = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "₴": "UAH",
    "₽": "RUB",
    "¥": "JPY",
    "₸": "KZT",
    "грн": "UAH",
    "руб": "RUB",
    "р": "RUB",
    "zł": "PLN",
    "тг": "KZT",
    "us$": "USD",
    "byn": "BYN",
}
_NUMBER = re.compile(r"\d[\d\s.,'\u2019]*\d|\d")
_SHAPE = re.compile(r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$")


@dataclass(frozen=True, slots=True)
class Amount:
    """Money as it was read; `currency` is an ISO code, or "" when the text names none."""

    number: Decimal
    currency: str = ""


def clean_boolean(value: Cell) -> Cleaned[bool]:
    """Understand yes and no in English, Russian and Ukrainian."""
    if isinstance(value, bool):
        return Cleaned(value)
    text = str(value).strip().lower()
    if text in _YES or text in _NO:
        return Cleaned(text in _YES, text not in ("true", "false"))
    return Cleaned(None, problem=_("This is neither yes nor no."))


def clean_decimal(value: Cell) -> Cleaned[Decimal]:
    """Understand a number with any decimal and thousands marks; a currency sign is passed over."""
    money = clean_money(value)
    if money.value is None:
        return Cleaned(None, problem=money.problem)
    return Cleaned(money.value.number, money.changed, money.problem)


def clean_integer(value: Cell) -> Cleaned[int]:
    """Understand a whole number; a fraction has no value."""
    number = clean_decimal(value)
    if number.value is None:
        return Cleaned(None, problem=number.problem)
    if number.value != number.value.to_integral_value():
        return Cleaned(None, problem=_("A whole number is needed."))
    return Cleaned(int(number.value), number.changed, number.problem)


def clean_money(value: Cell) -> Cleaned[Amount]:
    """Understand an amount with its currency sign or code: `1 234,56 ₴`, `USD 1,234.56`."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return Cleaned(None, problem=_("This is not a number."))
    if not isinstance(value, str):
        return Cleaned(Amount(Decimal(repr(value))))
    text = unicodedata.normalize("NFKC", value).replace("\u2212", "-").strip()
    if _SHAPE.match(text):
        return Cleaned(Amount(Decimal(text)), False)
    found = _NUMBER.search(text)
    if found is None:
        return Cleaned(None, problem=_("This is not a number."))
    before, after = text[: found.start()].strip(), text[found.end() :].strip()
    negative, before, after = _negative(before, after)
    currency = _currency(before + after)
    if currency is None:
        return Cleaned(None, problem=_("This is not a number."))
    digits, doubtful = _plain_digits(found.group())
    try:
        number = Decimal(digits)
    except InvalidOperation:
        return Cleaned(None, problem=_("This is not a number."))
    doubt = _("The mark could part thousands or decimals; decimals were taken.")
    return Cleaned(
        Amount(-number if negative else number, currency), True, doubt if doubtful else ""
    )


def _negative(before: str, after: str) -> tuple[bool, str, str]:
    """Minus before or after the number, or the bookkeepers' brackets."""
    if before.endswith("(") and after.startswith(")"):
        return True, before[:-1].strip(), after[1:].strip()
    for sign in "-+":
        if before.startswith(sign) or before.endswith(sign):
            return sign == "-", before.strip(sign).strip(), after
    if after == "-":
        return True, before, ""
    return False, before, after


def _currency(text: str) -> str | None:
    """The ISO code for what stands beside the number; None when it is something else."""
    bare = text.strip(" .").lower()
    if not bare:
        return ""
    if bare in _SIGNS:
        return _SIGNS[bare]
    from babel.numbers import list_currencies

    return bare.upper() if bare.upper() in list_currencies() else None


def _plain_digits(text: str) -> tuple[str, bool]:
    """Digits with a decimal point, and whether the reading is open to doubt."""
    bare = re.sub(r"[\s'\u2019]", "", text)
    marks = [letter for letter in bare if letter in ".,"]
    if not marks:
        return bare, False
    last = marks[-1]
    other = "," if last == "." else "."
    if other in marks:
        return bare.replace(other, "").replace(last, "."), False
    if len(marks) > 1:
        return bare.replace(last, ""), False
    whole, _mark, rest = bare.partition(last)
    # 1.234 and 1,234 may be a thousand or a little over one.
    doubtful = len(rest) == 3 and whole != "0" and len(whole) <= 3
    if doubtful and last == ",":
        return whole + rest, False
    return f"{whole}.{rest}", doubtful
