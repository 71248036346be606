"""Whole sites for tests: made once per set of plugins and engine, then copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kontora_sdk.testing import databases
from kontora_sdk.testing.originals import Original
from kontora_sdk.testing.quick import make_quick

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site

SECRET = "a key for tests, which signs nothing that lasts"
FILE = "kontora.sqlite3"


class SiteMaker:
    """Gives sites with an empty, migrated database, the root branch and the shipped roles.

    `folder` keeps the originals, which `close` removes from the PostgreSQL server.
    """

    def __init__(self, folder: Path) -> None:
        make_quick()
        self._folder = folder
        self._files: dict[tuple[str, ...], Path] = {}
        self._originals: dict[tuple[str, ...], Original] = {}
        self._taken: dict[str, tuple[Original, str]] = {}

    @contextmanager
    def site(self, engine: str, plugins: tuple[str, ...], home: Path) -> Iterator[Site]:
        """A site in `home` on `engine` (sqlite, postgresql), gone after the block."""
        site = self.open(engine, plugins, home)
        try:
            yield site
        finally:
            self.gone(site)

    def open(self, engine: str, plugins: tuple[str, ...], home: Path) -> Site:
        """As `site`, until `gone` is told or the maker is closed."""
        if engine == "sqlite":
            shutil.copy(self._file(plugins), home / FILE)
            return _site(f"sqlite:///{home / FILE}", home)
        original = self._original(plugins)
        name = original.take()
        url = databases.url_of(name)
        self._taken[url] = original, name
        return _site(url, home)

    def gone(self, site: Site) -> None:
        """Close a site of `open`; others may get its database."""
        site.close()
        if taken := self._taken.pop(site.settings.database_url, None):
            original, name = taken
            original.give_back(name)

    def close(self) -> None:
        """Drop all databases on the PostgreSQL server."""
        for _original, name in self._taken.values():
            databases.drop_database(name)
        for original in self._originals.values():
            original.close()
        self._taken.clear()
        self._originals.clear()

    def _file(self, plugins: tuple[str, ...]) -> Path:
        """The file that is copied; made when first asked for."""
        if plugins not in self._files:
            home = self._home("sqlite", plugins)
            _fill(f"sqlite:///{home / FILE}", home, plugins)
            self._files[plugins] = home / FILE
        return self._files[plugins]

    def _original(self, plugins: tuple[str, ...]) -> Original:
        """The database that is copied; made when first asked for."""
        if plugins not in self._originals:
            name = databases.make_database()
            self._originals[plugins] = Original(name)
            _fill(databases.url_of(name), self._home("postgresql", plugins), plugins)
        return self._originals[plugins]

    def _home(self, engine: str, plugins: tuple[str, ...]) -> Path:
        home = self._folder / f"{engine}-{'-'.join(plugins) or 'core'}"
        home.mkdir()
        return home


def _site(url: str, home: Path) -> Site:
    from kontora.lifecycle.site import Site
    from kontora.settings import Settings

    return Site(Settings(home=home, database_url=url, secret_key=SECRET))


@contextmanager
def _opened(url: str, home: Path) -> Iterator[Site]:
    site = _site(url, home)
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
