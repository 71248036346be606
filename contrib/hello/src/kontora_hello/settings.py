"""Settings, shown on the administration page."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import FieldType, Setting, hookimpl
from kontora_hello import _


@hookimpl
def register_settings() -> Iterable[Setting]:
    note = Setting(
        name="hello.note",
        label=_("Note every greeting in the timeline"),
        help=_("A note for whom it is for; switched off, it is in the list alone."),
        type=FieldType.BOOLEAN,
        default=True,
    )
    return (note,)
