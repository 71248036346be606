"""Hooks around the site as a whole."""

# A specification has a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontora.hookspecs.markers import hook

if TYPE_CHECKING:  # higher layers: known by name only, imported by nobody here
    from kontora.registry.faces import Check, Setting


@hook(kind="notify", failure="quarantine", tx="none")
def setup(site: object) -> None:
    """The registries are frozen and nothing is served yet: wire up what is not a declaration.

    Arguments: `site`, the `Site` being started.
    Returns: nothing.
    Failure: the plugin is quarantined, and so are those that need it.
    Transaction: none; the schema may be older than the code at this moment.
    First user: core, which hooks its change log to the outbox.
    """


@hook(kind="collect", failure="skip", tx="own")
def preflight(site: object) -> Iterable[Check]:
    """Look at configuration and surroundings for `kontora doctor` and the health page.

    Arguments: `site`; open a session with `site.read(...)` if the check needs data.
    Returns: `Check` objects; an empty answer means that there is nothing to look at.
    Failure: logged, and shown as a failed check of this plugin; the other checks run.
    Transaction: its own.
    First user: core, for the SQLite library and the data folder.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_settings() -> Iterable[Setting]:
    """Declare what an administrator may set without touching a file.

    Returns: `Setting` objects, named `<plugin>.<key>`; values are read with `site.setting(name)`.
    Failure: the plugin is quarantined.
    Transaction: none.
    First user: `contrib/hello`, for its greeting.
    """
