"""How the company looks: one accent colour, and a logo above the menu.

Any colour that can be told from the page may be chosen; what is written on it, and the links that
are drawn in it, follow so that they can be read: at least 4.5 to 1 (WCAG 2.2, 1.4.3).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import delete, insert, select

from kontora.access.models import SiteState
from kontora.access.session import ScopedSession
from kontora.errors import Forbidden, Invalid
from kontora.records import changes
from kontora.registry.records import Change
from kontora.text import _

DOOR = {"door": "administration"}
KEY = "brand"
READABLE, TOLD_APART, TOLD_APART_DARK = 4.5, 3.0, 1.8
# A little more than readable, for links also stand on tinted ground.
LINK = 5.4
LIGHT, DARK, DARKEST = "#ffffff", "#1f2125", "#17181b"
LOGO_BYTES = 200_000
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_KINDS = ((b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))
_state: Any = SiteState.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    """An accent and what follows from it: `on` it is written, `link` and `link_dark` are links."""

    accent: str
    on: str
    link: str
    link_dark: str


def read(session: Any) -> Mapping[str, Any]:
    """What is kept: `accent`, `logo` (base64) with its `kind`, `version`; empty at first."""
    found = session.execute(
        select(_state.c.value).where(_state.c.key == KEY), execution_options=DOOR
    ).scalar()
    return found if isinstance(found, dict) else {}


def save_accent(session: ScopedSession, given: str) -> None:
    """Keep an accent, `#2f5fd0`, or go back to the usual one when it is empty. Raises Invalid
    when it cannot be told from the page."""
    accent = given.strip().lower()
    if accent:
        _check(accent)
    _store(session, {"accent": accent or None})


def save_logo(session: ScopedSession, content: bytes | None) -> None:
    """Keep a logo (PNG or JPEG), or take it away. Raises Invalid for anything else."""
    if content is None:
        _store(session, {"logo": None, "kind": None})
        return
    kind = next((kind for start, kind in _KINDS if content.startswith(start)), None)
    if kind is None:
        raise Invalid({"logo": [_("Use a PNG or JPEG picture.")]})
    if len(content) > LOGO_BYTES:
        raise Invalid({"logo": [_("Use a picture of at most %(n)s kB.") % {"n": 200}]})
    _store(session, {"logo": base64.b64encode(content).decode("ascii"), "kind": kind})


def palette(accent: str) -> Palette:
    """What follows from an accent."""
    on = LIGHT if contrast(accent, LIGHT) >= READABLE else "#000000"
    return Palette(
        accent=accent,
        on=on,
        link=_towards(accent, "#000000", LIGHT),
        link_dark=_towards(accent, "#ffffff", DARK),
    )


def contrast(one: str, other: str) -> float:
    """From 1 to 21, as WCAG counts it."""
    a, b = sorted((_luminance(one), _luminance(other)))
    return (b + 0.05) / (a + 0.05)


def _check(accent: str) -> None:
    if not _COLOUR.fullmatch(accent):
        raise Invalid({"accent": [_("Write a colour as # and six signs, such as #2f5fd0.")]})
    if contrast(accent, LIGHT) < TOLD_APART:
        near = _towards(accent, "#000000", LIGHT, TOLD_APART)
        text = _("This colour is too pale for the light theme. Close to it: %(colour)s.")
        raise Invalid({"accent": [text % {"colour": near}]})
    if contrast(accent, DARKEST) < TOLD_APART_DARK:
        near = _towards(accent, "#ffffff", DARKEST, TOLD_APART_DARK)
        text = _("This colour is too dark for the dark theme. Close to it: %(colour)s.")
        raise Invalid({"accent": [text % {"colour": near}]})


def _towards(colour: str, end: str, ground: str, least: float = LINK) -> str:
    """The first colour on the way to `end` that stands out from `ground`."""
    parts, ends = _parts(colour), _parts(end)
    mixed = colour
    for step in range(0, 101, 2):
        share = step / 100
        mixed = "#" + "".join(
            f"{round(a + (b - a) * share):02x}" for a, b in zip(parts, ends, strict=True)
        )
        if contrast(mixed, ground) >= least:
            return mixed
    return mixed


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (each / 255 for each in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _store(session: ScopedSession, given: Mapping[str, Any]) -> None:
    if not session.principal.rights.has("admin.settings"):
        raise Forbidden("admin.settings")
    before = dict(read(session))
    after = {**before, **given}
    shown = repr((after.get("accent"), after.get("logo"))).encode()
    after["version"] = hashlib.sha256(shown).hexdigest()[:10]
    session.execute(delete(_state).where(_state.c.key == KEY), execution_options=DOOR)
    session.execute(insert(_state), [{"key": KEY, "value": after}], execution_options=DOOR)
    change = Change(
        entity="setting",
        record_id=uuid5(NAMESPACE_OID, "settings"),
        kind=None,
        verb="change",
        before={"company.look": before.get("version")},
        after={"company.look": after["version"]},
        record=None,
    )
    changes.write(session, change, 0)
