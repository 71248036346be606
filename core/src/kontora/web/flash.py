"""Short messages that outlive a redirect: a tone, a text, and the way back if there is one."""

from __future__ import annotations

from typing import Literal

from flask import g
from flask import session as cookie

Tone = Literal["neutral", "good", "warn", "bad"]
_KEY = "told"
_MOST, _LONGEST = 3, 300


def tell(text: object, tone: Tone = "neutral", undo: str | None = None) -> None:
    """Show `text` on the next page; `undo` is a path that takes the action back by POST."""
    told = [*cookie.get(_KEY, []), [tone, str(text)[:_LONGEST], undo]]
    cookie[_KEY] = told[-_MOST:]


def pending() -> list[tuple[str, str, str | None]]:
    """The messages to show on this page; they are shown once."""
    if "told" not in g:
        g.told = [tuple(each) for each in cookie.pop(_KEY, [])]
    return list(g.told)
