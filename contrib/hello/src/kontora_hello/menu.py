"""An entry in the side bar."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import MenuItem, hookimpl
from kontora_hello import _


@hookimpl
def register_menu() -> Iterable[MenuItem]:
    entry = MenuItem(
        id="hello.greetings",
        label=_("Greetings"),
        url="/hello/greetings",
        icon="message-circle",
        order=60,
        view_entity="hello.greeting",
    )
    return (entry,)
