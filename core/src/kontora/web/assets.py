"""Static files: an address that changes with the content, kept by browsers for ever."""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
import io
import mimetypes
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import cast

from flask import Flask, Response, abort, current_app, request, send_file
from werkzeug.security import safe_join

from kontora.http.policy import PUBLIC, policy
from kontora.lifecycle.site import Site

CORE = Path(__file__).parent / "static"
FOREVER = "public, max-age=31536000, immutable"
NAME = "kontora.assets"
SQUEEZED = frozenset({".css", ".js", ".svg", ".json", ".txt", ".map"})


class Assets:
    """The folders of static files: core's, and those of plugins by name, each with a version."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self.folders = dict(folders)
        self.versions = {name: _version(folder) for name, folder in folders.items()}

    def url(self, path: str, plugin: str = "core") -> str:
        """The address of a file; without such a plugin, an address that answers 404."""
        place = "" if plugin == "core" else f"{plugin}/"
        return f"/static/{place}{self.versions.get(plugin, 'none')}/{path}"

    def find(self, address: str) -> tuple[Path, bool] | None:
        """The file behind an address, and whether the address names its present version.

        A version holds a hyphen, which no plugin's name does: so the two cannot be confused.
        """
        first, _slash, rest = address.partition("/")
        plugin = "core"
        if first in self.folders and first != "core":
            plugin = first
            first, _slash, rest = rest.partition("/")
        found = safe_join(str(self.folders[plugin]), rest) if rest else None
        if found is None or not Path(found).is_file():
            return None
        return Path(found), first == self.versions[plugin]


def _version(folder: Path) -> str:
    """Eight signs of the content of a folder, after a hyphen."""
    digest = hashlib.sha256()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return f"v-{digest.hexdigest()[:8]}"


@lru_cache(maxsize=1000)
def _squeezed(path: Path, _changed: int) -> bytes:
    """A file as it goes over the wire: squeezed once, beforehand or when it is first asked for."""
    before = path.with_name(path.name + ".gz")
    if before.is_file():
        return before.read_bytes()
    return gzip.compress(path.read_bytes(), 9, mtime=0)


def register(app: Flask, site: Site) -> None:
    """Add the route of static files and the `static_url` of templates."""
    folders = {"core": CORE}
    for name in site.manager.order[1:]:
        package = site.manager.manifest(name).package
        folder = Path(str(importlib.resources.files(package))) / "static"
        if folder.is_dir():
            folders[name] = folder
    assets = Assets(folders)
    app.extensions[NAME] = assets
    app.jinja_env.globals["static_url"] = assets.url
    app.add_url_rule("/static/<path:address>", "static", serve)


@policy(PUBLIC)
def serve(address: str) -> Response:
    """One static file, compressed beforehand when the browser takes that."""
    assets = cast(Assets, current_app.extensions[NAME])
    found = assets.find(address)
    if found is None:
        abort(404)
    path, present = found
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    compressed = path.suffix in SQUEEZED and request.accept_encodings["gzip"] > 0
    if compressed:
        body = io.BytesIO(_squeezed(path, path.stat().st_mtime_ns))
        response = send_file(body, mimetype=kind, last_modified=path.stat().st_mtime)
        response.set_etag(hashlib.sha256(address.encode()).hexdigest()[:20], weak=True)
        response.make_conditional(request)
    else:
        response = send_file(path, mimetype=kind, conditional=True)
    response.headers.pop("Content-Disposition", None)
    if compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = FOREVER if present else "no-cache"
    return response
