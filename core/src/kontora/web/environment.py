"""The Jinja environment: where templates lie, and what they can use."""

from __future__ import annotations

import importlib.resources
from collections import ChainMap
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, Template

from kontora.lifecycle.site import Site
from kontora.text import _, n_, plural, translator
from kontora.web import formats, shell

TEMPLATES = Path(__file__).parent / "templates" / "core"


class _PluginLoader(PrefixLoader):
    """Templates by name of their owner: `core/layout.html`, `hello/panel.html`.

    In a plugin's template `_` and `n_` speak the plugin's own catalogue.
    """

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,
    ) -> Template:
        owner = name.partition("/")[0]
        if owner != "core":
            own = {"_": translator(owner), "n_": plural(owner)}
            globals = ChainMap(own, globals if globals is not None else {})
        return super().load(environment, name, globals)


def loader(site: Site) -> BaseLoader:
    """Core's templates and those of each active plugin, under its name."""
    folders: dict[str, BaseLoader] = {"core": FileSystemLoader(TEMPLATES)}
    for name in site.manager.order[1:]:
        root = Path(str(importlib.resources.files(site.manager.manifest(name).package)))
        folders[name] = FileSystemLoader(root / "templates")
    return _PluginLoader(folders)


def register(app: Flask, site: Site) -> None:
    """Set the environment up. `static_url` and `csrf_token` come from their own modules."""
    app.jinja_env.loader = loader(site)
    app.jinja_env.autoescape = True
    app.jinja_env.globals.update(_=_, n_=n_, translator=translator)
    app.jinja_env.filters.update(formats.FILTERS)
    app.context_processor(shell.context)
