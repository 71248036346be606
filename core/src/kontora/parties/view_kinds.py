"""The kinds of view that every list has: a table, and cards."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.hookspecs import hookimpl
from kontora.registry.faces import ViewKind
from kontora.text import _


@hookimpl
def register_view_kinds() -> Iterable[ViewKind]:
    """Core's own; on a phone the table shows each row as a card by itself."""
    return (
        ViewKind(
            key="table",
            label=_("Table"),
            icon="table",
            template="core/pages/views/table.html",
            order=10,
        ),
        ViewKind(
            key="cards",
            label=_("Cards"),
            icon="layout-grid",
            template="core/pages/views/cards.html",
            order=20,
        ),
    )
