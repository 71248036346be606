"""One typing error: the words that one letter too many, too few, wrong or swapped makes."""

from __future__ import annotations

SHORTEST, LONGEST = 4, 32
_CYRILLIC = "абвгдежзиклмнопрстуфхцчшщъыьэюяєі"
_LATIN = "abcdefghijklmnopqrstuvwxyz"


def near(word: str) -> list[str]:
    """All words of the same script one error away from a folded one; none for short ones and for
    those with digits, where an error would be another number."""
    if not SHORTEST <= len(word) <= LONGEST or not word.isalpha():
        return []
    letters = _LATIN if word.isascii() else _CYRILLIC
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    found = [a + b[1:] for a, b in cuts if b]
    found += [a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1]
    found += [a + letter + b[1:] for a, b in cuts if b for letter in letters]
    found += [a + letter + b for a, b in cuts for letter in letters]
    return [each for each in dict.fromkeys(found) if each != word]
