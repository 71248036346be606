"""Words typed on the wrong keyboard layout: «ghbdtn» is «привет», «руддщ» is hello."""

from __future__ import annotations

import re
from itertools import pairwise

from kontora.db.fold import fold

_ENGLISH = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_UKRAINIAN = "'йцукенгшщзхїфівапролджєячсмитьбю"
_TO_RUSSIAN = dict(zip(_ENGLISH, _RUSSIAN, strict=True))
_TO_UKRAINIAN = dict(zip(_ENGLISH, _UKRAINIAN, strict=True)) | {"\\": "ґ"}
_SHIFTED = dict(zip('~{}:"<>|', "`[];',.\\", strict=True))
_FROM_CYRILLIC = {b: a for a, b in [*_TO_UKRAINIAN.items(), *_TO_RUSSIAN.items()] if b != "'"}
_LATIN, _CYRILLIC = re.compile("[a-z]", re.I), re.compile("[а-яёіїєґ]", re.I)
# The commonest pairs of neighbouring letters, folded: 85 of 100 in the texts of Kontora itself.
_PAIRS = (
    "abacadagaialamanarasatavaybabecacechckcoctdadedidseaecedeeelemeneresetevewexfifogegihahe"
    "hihoieigiliminioisitkelaldlelilllolumamemimompnancndnengnnnonsntolomonooorosotouowpapepl"
    "porardrerirorsrtsasesisosssttatethtitotrtsueumunurusutveviwawhwiwnwoyoабавагадаеажазаиак"
    "аламанапарасатацачаєбабебобувавевивквлвнвовсвывігагигодадедидлдндодревегедежезеиекелемен"
    "ересетжежнзазвздзмзнзоидиеизииикилиминиоириситихишиякакекиклкокткулалелилольлюлялімамеми"
    "момпмумінандненинннонтнуныняніобовогодожозоиоколомонопоросоточошпапепиплпопрпурарерирорт"
    "рурярісасесискслсоспстсьсясітатвтетитктотртстутьувудусутфахоцецічачечишешищеьзьсэтютючяд"
    "івідізілімініт"
)
_COMMON = frozenset(_PAIRS[at : at + 2] for at in range(0, len(_PAIRS), 2))
SURELY = 0.5


def other_layouts(text: str) -> list[str]:
    """What the same keys give in the other layouts: Russian and Ukrainian, or English."""
    latin, cyrillic = bool(_LATIN.search(text)), bool(_CYRILLIC.search(text))
    if latin == cyrillic:  # both or none: no mistake of layout
        return []
    tables = (_TO_RUSSIAN, _TO_UKRAINIAN) if latin else (_FROM_CYRILLIC,)
    return list(dict.fromkeys(_typed(text, table) for table in tables))


def looks_mistyped(text: str, other: str) -> bool:
    """Whether a text is hardly a word of any language, but would be one in the other layout."""
    return _likeness(other) - _likeness(text) >= SURELY


def _typed(text: str, table: dict[str, str]) -> str:
    found = []
    for char in text:
        key = _SHIFTED.get(char, char.lower()) if table is not _FROM_CYRILLIC else char.lower()
        letter = table.get(key, char)
        found.append(letter.upper() if char != char.lower() or char in _SHIFTED else letter)
    return "".join(found)


def _likeness(text: str) -> float:
    """Which part of the neighbouring letters are common neighbours, 0 to 1."""
    words = re.findall(r"[^\W\d_]{2,}", fold(text))
    pairs = [a + b for word in words for a, b in pairwise(word)]
    return sum(each in _COMMON for each in pairs) / len(pairs) if len(pairs) > 2 else 0.0
