"""Hooks about what is seen: routes, menu, panels of a record page, widgets of the home page."""

# A specification has a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontora.hookspecs.markers import hook

if TYPE_CHECKING:  # higher layers: known by name only, imported by nobody here
    from kontora.registry.faces import MenuItem, Panel, Widget


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
def register_widgets() -> Iterable[Widget]:
    """Declare widgets of the home page.

    Returns: `Widget` objects; like panels they load apart from the page.
    Failure: of the declaration, the plugin is quarantined; of a widget, its box says so.
    Transaction: none here; the widget's `load` gets a session.
    First user: core and `contrib/hello`.
    """
