"""Words around a known heading that change nothing: “Contact Phone Number”, «Телефон клиента».

Three rules, each tried after the one before: whose it is (contact, customer, клиента, замовника
...), where it belongs (work, home ...), and what kind of word it is (number, address, name), the
last only where that kind fits: an account number is no account.
"""

from __future__ import annotations

from collections.abc import Sequence

from kontora.records.transfer.heading_words import HEADINGS, PLACES

# Whose it is. In English the word stands first, in Russian and Ukrainian first or last.
_SUBJECTS = frozenset(
    "contact contacts customer client partner supplier vendor account person employee lead "
    "organisation organization firm buyer the your our "
    "контакт контактный контактная контактное контактные контактного контакта "
    "клиента заказчика покупателя "
    "поставщика партнера контрагента компании организации фирмы сотрудника лица "
    "контактний контактна контактне контактні контактної контакту клієнта замовника "
    "покупця постачальника компанії організації фірми працівника особи".split()
)
_POINTS = ("phone", "fax", "messenger", "identifier.")
_NAMED = ("address.", "organisation", "department", "industry", "branch")
# What kind of word it is, and the paths that it may go with.
_KINDS = {
    **dict.fromkeys(("number", "numbers", "no", "nr", "num", "номер", "номера"), _POINTS),
    **dict.fromkeys(("code", "код"), ("address.postcode", "address.country", "identifier.")),
    **dict.fromkeys(("address", "addresses", "адрес", "адреса"), ("email", "web", "address.")),
    **dict.fromkeys(("name", "название", "назва"), _NAMED),
    **dict.fromkeys(("value", "main", "primary"), ("email", "phone", "web", *_POINTS)),
}


def path_within(name: str) -> str:
    """The field path that a normal heading means once idle words are gone, or ""."""
    words = name.split()
    for strip in (_without_subjects, _without_places, _without_subjects):
        words = strip(words)
        if path := HEADINGS.get(" ".join(words), ""):
            return path
    return _without_kind(words) or _singular(words)


def _without_places(words: Sequence[str]) -> list[str]:
    return [word for word in words if word not in PLACES]


def _without_subjects(words: Sequence[str]) -> list[str]:
    """Without subjects at both ends. Where nothing else is there, they are the heading."""
    first, last = 0, len(words)
    while first < last and _is_subject(words[first]):
        first += 1
    while last > first and _is_subject(words[last - 1]):
        last -= 1
    return list(words[first:last])


def _is_subject(word: str) -> bool:
    return word.removesuffix("'s") in _SUBJECTS


def _without_kind(words: Sequence[str]) -> str:
    """The path without a word of a kind at one of the ends, if the kind fits the path."""
    if len(words) < 2:
        return ""
    for kind, rest in ((words[-1], words[:-1]), (words[0], words[1:])):
        path = HEADINGS.get(" ".join(rest), "")
        if path and kind in _KINDS and path.startswith(_KINDS[kind]):
            return path
    return ""


def _singular(words: Sequence[str]) -> str:
    """English plurals: cities, counties, phone numbers."""
    if not words or len(words[-1]) < 4 or not words[-1].endswith("s"):
        return ""
    last = words[-1]
    one = f"{last[:-3]}y" if last.endswith("ies") else last[:-1]
    return HEADINGS.get(" ".join([*words[:-1], one]), "")
