"""Whole sites for tests: made once per set of plugins and engine, then copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kontora_sdk.testing import databases

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site

SECRET = "a key for tests, which signs nothing that lasts"
FILE = "kontora.sqlite3"


class SiteMaker:
    """Gives sites with an empty, migrated database, the root branch and the shipped roles.

    `folder` keeps the originals, which `close` removes from the PostgreSQL server.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._originals: dict[tuple[str, tuple[str, ...]], str] = {}

    @contextmanager
    def site(self, engine: str, plugins: tuple[str, ...], home: Path) -> Iterator[Site]:
        """A site in `home` on `engine` (sqlite, postgresql), gone after the block."""
        original = self._original(engine, plugins)
        if engine == "sqlite":
            shutil.copy(original, home / FILE)
            with _opened(f"sqlite:///{home / FILE}", home) as site:
                yield site
            return
        with databases.fresh_database(original) as url, _opened(url, home) as site:
            yield site

    def _original(self, engine: str, plugins: tuple[str, ...]) -> str:
        """The file, or the name of the database, that is copied; made when first asked for."""
        key = (engine, plugins)
        if key not in self._originals:
            home = self._folder / f"{engine}-{'-'.join(plugins) or 'core'}"
            home.mkdir(exist_ok=True)
            if engine == "sqlite":
                kept = str(home / FILE)
                _fill(f"sqlite:///{kept}", home, plugins)
            else:
                kept = databases.make_database()
                _fill(databases.url_of(kept), home, plugins)
            self._originals[key] = kept
        return self._originals[key]

    def close(self) -> None:
        """Drop the originals on the PostgreSQL server."""
        for (engine, _plugins), kept in self._originals.items():
            if engine == "postgresql":
                databases.drop_database(kept)
        self._originals.clear()


@contextmanager
def _opened(url: str, home: Path) -> Iterator[Site]:
    from kontora.lifecycle.site import Site
    from kontora.settings import Settings

    site = Site(Settings(home=home, database_url=url, secret_key=SECRET))
    try:
        yield site
    finally:
        site.close()


def _fill(url: str, home: Path, plugins: tuple[str, ...]) -> None:
    from kontora.lifecycle.install import init
    from kontora.lifecycle.plugins import enable

    with _opened(url, home) as site:
        init(site)
    for name in plugins:
        with _opened(url, home) as site:
            enable(site, name)
