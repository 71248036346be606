"""Hooks about rights."""

# A specification has a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontora.hookspecs.markers import hook

if TYPE_CHECKING:  # higher layers: known by name only, imported by nobody here
    from kontora.registry.faces import GrantTemplate, Permission


@hook(kind="declare", failure="quarantine", tx="none")
def register_permissions() -> Iterable[Permission]:
    """Declare rights beyond the verbs of record types (view, create, edit, delete ...).

    Returns: `Permission` objects, named `<plugin>.<right>`, with the roles that get them first.
    Failure: the plugin is quarantined; a right that nobody declared is held by nobody.
    Transaction: none.
    First user: `contrib/hello`, for the right to greet.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_grants() -> Iterable[GrantTemplate]:
    """Say what the shipped roles may do with the plugin's record types when it is enabled.

    Returns: `GrantTemplate` objects: role, entity, verbs and scope. An administrator may change
    the grants afterwards; enabling again does not overwrite that.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: core, for the shipped roles; `contrib/hello`.
    """
