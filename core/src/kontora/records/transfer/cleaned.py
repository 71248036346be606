"""What cleaning one value gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from kontora.text import Text

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cleaned(Generic[T]):
    """The result of cleaning one value.

    `value` is what may be stored, or None when the text could not be understood. `changed` says
    that it reads differently from the input. `problem` is empty when all is well; with a value it
    is a doubt to report, without one the reason why the text was left out. `suggestion` is a
    value that may have been meant, for a person to confirm.
    """

    value: T | None
    changed: bool = False
    problem: Text = ""
    suggestion: str = ""

    @property
    def certain(self) -> bool:
        """Understood, and without any doubt."""
        return self.value is not None and not self.problem
