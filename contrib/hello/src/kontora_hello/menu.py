"""An entry in the side bar, and an action of the command palette."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.api import Action, MenuItem, hookimpl
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


@hookimpl
def register_actions() -> Iterable[Action]:
    """“New greeting” is in the palette by itself; this one asks for whom first."""
    action = Action(
        id="hello.greet",
        label=_("Greet…"),
        url="/hello/greetings/new?party={id}",
        icon="message-circle",
        asks="parties",
        create_entity="hello.greeting",
    )
    return (action,)
