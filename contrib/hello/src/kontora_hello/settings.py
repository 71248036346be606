"""Settings, shown on the administration page."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import FieldType, Setting, hookimpl
from kontora_hello import _


@hookimpl
def register_settings() -> Iterable[Setting]:
    label = _("Note every greeting in the timeline")
    return (Setting(name="hello.note", label=label, type=FieldType.BOOLEAN, default=True),)
