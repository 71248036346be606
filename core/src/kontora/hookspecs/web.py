"""Hooks about what is seen: routes, menu, panels of a record page, widgets of the home page."""

# A specification has a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontora.hookspecs.markers import hook

if TYPE_CHECKING:  # higher layers: known by name only, imported by nobody here
    from kontora.registry.faces import Action, MenuItem, NoticeKind, Panel, ViewKind, Widget


@hook(kind="declare", failure="quarantine", tx="none")
def register_routes() -> Iterable[object]:
    """Declare pages of the plugin's own, beside those that its record types get by themselves.

    Returns: Flask blueprints. They are mounted at `/<plugin>/`, behind sign-in and CSRF check.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: `contrib/hello`.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_menu() -> Iterable[MenuItem]:
    """Declare entries of the menu.

    Returns: `MenuItem` objects; `group` and `order` say where, `permission` who sees it.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: core and `contrib/hello`.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_slots() -> Iterable[Panel]:
    """Declare panels of record pages.

    Returns: `Panel` objects. A panel is loaded by a request of its own, in a savepoint and with
    a time limit, so a slow or failing one costs only its own box.
    Failure: of the declaration, the plugin is quarantined; of a panel, its box says so.
    Transaction: none here; the panel's `load` gets a session.
    First user: `contrib/hello`, on the page of a counterparty.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_view_kinds() -> Iterable[ViewKind]:
    """Declare kinds of view on lists: a board, a calendar, a map, beside core's table and cards.

    Returns: `ViewKind` objects; `needs` and `entities` say which lists can be seen so. Without a
    `load` of its own a kind gets the rows of the page, as the table does.
    Failure: of the declaration, the plugin is quarantined; of a view, its place says so.
    Transaction: none here; the kind's `load` gets a session.
    First user: core and `contrib/hello`, greetings as postcards.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_widgets() -> Iterable[Widget]:
    """Declare widgets of the home page.

    Returns: `Widget` objects; like panels they load apart from the page.
    Failure: of the declaration, the plugin is quarantined; of a widget, its box says so.
    Transaction: none here; the widget's `load` gets a session.
    First user: core and `contrib/hello`.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_actions() -> Iterable[Action]:
    """Declare actions of the command palette (Ctrl-K). “New …” for each record type, and the
    entries of the menu, are there without it.

    Returns: `Action` objects; `permission` or `create_entity` say who is offered it.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: core and `contrib/hello`.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_notice_kinds() -> Iterable[NoticeKind]:
    """Declare kinds of notices, so that each user can say how he wants to hear of them.

    Returns: `NoticeKind` objects; `notices.tell` takes their names.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: core and `contrib/hello`.
    """
