"""Open the site that the environment names, and see that its tables fit this program."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kontora.access.principal import Principal, system
from kontora.lifecycle import upgrade
from kontora.settings import Settings

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site


def operator() -> Principal:
    """The principal of the command line: the system."""
    return system("command line")


@contextmanager
def opened() -> Iterator[Site]:
    """The site of the environment, closed after the block, whatever its tables are like."""
    from kontora.lifecycle.site import Site

    site = Site(Settings.from_env())
    try:
        yield site
    finally:
        site.close()


@contextmanager
def ready() -> Iterator[Site]:
    """As `opened`, for a site whose tables are those that this program knows.

    Raises Conflict with the remedy when there are none, or older or newer ones.
    """
    with opened() as site:
        upgrade.require_current(site.database)
        yield site
