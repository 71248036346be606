"""Core's actions of the command palette, beside “New …”, which each record type gets by itself."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.hookspecs import hookimpl
from kontora.registry.faces import Action
from kontora.text import Text, _

_WITH: tuple[tuple[str, Text, str, Text], ...] = (
    ("call", _("Log a call with…"), "phone", _("phone rang spoke")),
    ("note", _("Write a note on…"), "note", _("remark comment")),
    ("meeting", _("Write down a meeting with…"), "users", _("visit appointment")),
    ("task", _("Plan a task for…"), "checkbox", _("to do remind")),
)


@hookimpl
def register_actions() -> Iterable[Action]:
    """What people do all day, from anywhere."""
    return (
        *(
            Action(
                id=f"log-{kind}",
                label=label,
                url=f"/activities/new?kind={kind}&parties={{id}}&next=/{{path}}/{{id}}",
                icon=icon,
                order=10 + number,
                asks="parties",
                create_entity="activity",
                words=words,
            )
            for number, (kind, label, icon, words) in enumerate(_WITH)
        ),
        Action(
            id="import",
            label=_("Import a file"),
            url="/import",
            icon="upload",
            order=50,
            words=_("upload spreadsheet cards"),
        ),
    )
