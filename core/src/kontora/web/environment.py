"""The Jinja environment: where templates lie, and what they can use."""

from __future__ import annotations

import importlib.resources
from collections import ChainMap
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from flask import Flask
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    Template,
)
from jinja2.bccache import Bucket

from kontora.lifecycle.site import Site
from kontora.text import _, n_, plural, translator
from kontora.web import drawing, formats, shell

TEMPLATES = Path(__file__).parent / "templates" / "core"


class _Compiled(BytecodeCache):
    """The code of templates, compiled once per process however many applications it builds.

    Jinja's key is the name and the file, and it compares the source: a changed file is compiled
    anew. All our environments are set up alike by `register`, so their code is the same.
    """

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, Any]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket, unless the source has changed since."""
        checksum, code = self._codes.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was just compiled."""
        self._codes[bucket.key] = bucket.checksum, bucket.code


_compiled = _Compiled()


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
    app.jinja_env.bytecode_cache = _compiled
    app.jinja_env.globals.update(_=_, n_=n_, translator=translator)
    app.jinja_env.filters.update(formats.FILTERS)
    drawing.register(app.jinja_env)
    app.context_processor(shell.context)
