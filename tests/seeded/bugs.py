"""A seeded bug: a place in the code, what stands there, and the wrong that is put in its stead.

The folder `bugs` holds them as TOML. A place is found by its words, whatever blanks and line ends
lie between them, so that formatting does not lose it; a place that is not there exactly once is
an error, as is a change that leaves no Python.
"""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).with_name("bugs")
# The trees that are copied; a bug lies in one of them.
TREES = ("core/src",)


class DoesNotApply(Exception):
    """The code has moved on, and the patch has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """One bug. `row` is the class of bugs (R1 … R30) and `suite` the suite (T-01 … T-40) of the
    test plan; `tests` are pytest nodes, of which at least one must fail; `engine` says where the
    bug can be seen: on any engine, or only on PostgreSQL."""

    name: str
    row: str
    suite: str
    says: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    engine: str = "any"
    quick: bool = False

    def planted(self, source: str) -> str:
        """The source with the bug in it."""
        pattern = r"\s+".join(re.escape(word) for word in self.old.split())
        places = list(re.finditer(pattern, source))
        if len(places) != 1:
            raise DoesNotApply(f"{self.name}: found {len(places)} times in {self.file}, not once")
        start, end = places[0].span()
        changed = source[:start] + self.new.strip("\n") + source[end:]
        if self.file.endswith(".py"):
            try:
                ast.parse(changed)
            except SyntaxError as error:
                raise DoesNotApply(f"{self.name}: leaves no Python: {error}") from None
        return changed

    def plant(self, root: Path) -> None:
        """Put the bug into a copy of the trees."""
        if root.resolve() == ROOT.resolve():
            raise ValueError("Bugs are put into copies only.")
        place = root / self.file
        if not self.file.startswith(TREES) or not place.is_file():
            raise DoesNotApply(f"{self.name}: there is no {self.file}")
        place.write_text(self.planted(place.read_text(encoding="utf-8")), encoding="utf-8")


def load() -> list[Bug]:
    """All bugs, in the order of their files."""
    found: list[Bug] = []
    for path in sorted(FOLDER.glob("*.toml")):
        for each in tomllib.loads(path.read_text(encoding="utf-8"))["bug"]:
            found.append(Bug(**{**each, "tests": tuple(each["tests"])}))
    return found
