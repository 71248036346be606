"""Make `kontora/access/vendor/common_passwords.txt.gz` anew.

    pip install zxcvbn==4.5.0
    python core/generators/common_passwords.py

The source is the list “passwords” of zxcvbn (MIT licence): the 30,000 most frequent ones of
breaches that became public. Ours below are words that people of our languages begin with. The
file is the same, byte for byte, each time.
"""

from __future__ import annotations

import gzip
from pathlib import Path

TARGET = Path(__file__).parents[1] / "src/kontora/access/vendor/common_passwords.txt.gz"
OURS = """
пароль йцукен йцукенг фыва фывапролд привет любовь наташа марина солнышко ангел максим сергей
андрей александр дмитрий екатерина анастасия россия москва украина украіна україна київ киев
спартак динамо зенит секрет кохання сонечко привіт йцукенгшщз ячсмить люблю мамамама бухгалтер
админ администратор адміністратор kontora kontura parol privet lubov natasha rossiya ukraina
changeme letmein administrator welcome company customer manager contacts
""".split()


def main() -> None:
    """Write the file: one word a line, lower case, sorted."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    words = {str(each).casefold() for each in FREQUENCY_LISTS["passwords"]} | set(OURS)
    text = "\n".join(sorted(words)).encode()
    with TARGET.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text)
    print(f"{len(words)} words, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
