"""The people and firms of the bench, by number: the same in every run, in the shape of the API.

Every tenth party is an organisation, where the nine after it work. Names come from some thousands,
half of them Cyrillic, as those of real clients do; e-mails and phones are each one's own.
"""

from __future__ import annotations

from typing import Any

FIRM = 10  # parties to an organisation, itself among them
_LATIN = "ba ve ga do zha ka li mo ne po ra se to fe cha sha lu mi no pe".split()
_CYRILLIC = "ба ве га до жа ка ли мо не по ра се то фе ча ша лу ми но пе".split()
_ENDINGS = (("ov", "ов"), ("enko", "енко"), ("sky", "ский"), ("uk", "ук"))
_GIVEN = (
    ("Anna", "Boris", "Clara", "Denis", "Elena", "Felix", "Greta", "Henry", "Irina", "Jakob"),
    ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл"),
)
_TRADES = ("trade", "IT", "building", "transport", "food", "health")


def is_firm(number: int) -> bool:
    """Whether the party of this number is an organisation."""
    return number % FIRM == 0


def firm_of(number: int) -> int:
    """The number of the organisation where a person works."""
    return number - number % FIRM


def names(number: int) -> tuple[str, str]:
    """Given and family name of a person."""
    alphabet = number % 2
    syllables = (_LATIN, _CYRILLIC)[alphabet]
    mixed = number * 2_654_435_761 % 2**32  # spreads the numbers, as names are not in order
    first, second, third = mixed % 20, mixed // 20 % 20, mixed // 400 % 10
    stem = syllables[first] + syllables[second] + syllables[third]
    family = (stem + _ENDINGS[mixed // 4000 % 4][alphabet]).capitalize()
    return _GIVEN[alphabet][mixed // 16_000 % 10], family


def email(number: int) -> str:
    return f"p{number}@firm{firm_of(number)}.example.org"


def phone(number: int) -> str:
    return f"+38067{number:07d}"


def party(number: int, firm: str = "") -> dict[str, Any]:
    """The input that makes the party; `firm` is the id of the organisation where he works."""
    reached = {"email": email(number), "phone": phone(number)}
    if is_firm(number):
        name = f"{names(number)[1]} Trading {number}"
        industry = _TRADES[number // FIRM % len(_TRADES)]
        return {"kind": "organisation", "display_name": name, "industry": industry, **reached}
    given, family = names(number)
    place = [{"organisation": firm, "title": "Buyer"}]
    return {"kind": "person", "given": given, "family": family, "affiliations": place, **reached}


def has_activities(number: int) -> bool:
    """Whether somebody has called the party, and is to call again."""
    return number % FIRM == 1
