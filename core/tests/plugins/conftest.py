"""Plugins made for one test: a package and its metadata in a temporary folder on the path."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from kontora.plugins.manager import PluginManager

MANIFEST = """
from kontora.plugins.manifest import Manifest

plugin = Manifest(name="{name}", label="{label}", requires={requires!r})
"""

MENU = """
from kontora.hookspecs import hookimpl

@hookimpl
def register_menu():
    return ["{name}"]
"""


class PluginFactory:
    """Writes plugins below `folder`, as pip would have installed them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(
        self,
        name: str,
        modules: Mapping[str, str] | None = None,
        *,
        init: str | None = None,
        requires: tuple[str, ...] = (),
        version: str = "1.0",
        requires_dist: tuple[str, ...] = ("kontora>=0.1,<0.2",),
        distribution: str | None = None,
        package: str | None = None,
    ) -> Path:
        """Install a plugin. `modules` maps a module to its source; without, it has a menu.

        `init` replaces the module with the manifest. Returns the folder of the package.
        """
        package = package or f"kontora_{name}"
        distribution = distribution or f"kontora-{name}"
        home = self.folder / package
        home.mkdir()
        source = MANIFEST.format(name=name, label=name.title(), requires=requires)
        (home / "__init__.py").write_text(dedent(source if init is None else init))
        for module, text in ({"menu": MENU} if modules is None else modules).items():
            (home / f"{module}.py").write_text(dedent(text).replace("{name}", name))
        self._describe(name, distribution, version, requires_dist, f"{package}:plugin")
        importlib.invalidate_caches()
        return home

    def _describe(
        self,
        name: str,
        distribution: str,
        version: str,
        requires_dist: tuple[str, ...],
        entry_point: str,
    ) -> None:
        info = self.folder / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", f"Version: {version}"]
        lines += [f"Requires-Dist: {each}" for each in requires_dist]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(f"[kontora.plugins]\n{name} = {entry_point}\n")


@pytest.fixture
def install(tmp_path: Path) -> Iterator[PluginFactory]:
    """A function that installs a plugin for this test; see `PluginFactory.__call__`."""
    before = set(sys.modules)
    sys.path.insert(0, str(tmp_path))
    yield PluginFactory(tmp_path)
    sys.path.remove(str(tmp_path))
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
    importlib.invalidate_caches()


@pytest.fixture
def manager() -> PluginManager:
    return PluginManager(core_version="0.1.0")


@pytest.fixture
def load(install: PluginFactory) -> Callable[..., PluginManager]:
    """Load these plugins into a new manager, without touching the states of others."""

    def load(*names: str) -> PluginManager:
        made = PluginManager(core_version="0.1.0")
        made.load(names)
        return made

    return load
