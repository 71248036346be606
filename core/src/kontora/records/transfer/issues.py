"""What an import has to say about one value: changed, left out, or the whole row refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kontora.text import Text

Severity = Literal["changed", "refused", "left_out"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """One line of the report of an import.

    `row` is the 1-based number of the data row, `column` the heading ("" when the whole row is
    meant), `value` what the file had, `new_value` what was stored instead ("" when nothing was).
    """

    row: int
    column: str
    value: str
    reason: Text
    severity: Severity
    new_value: str = ""

    def as_dict(self) -> dict[str, str | int]:
        """The issue in JSON form, its reason in the language now in force."""
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "reason": str(self.reason),
            "severity": self.severity,
            "new_value": self.new_value,
        }
