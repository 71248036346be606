"""The generated reference: Markdown pages written from the code that they describe."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kontora_sdk.reference.api import api_page
from kontora_sdk.reference.command_line import command_line_page
from kontora_sdk.reference.hooks import hooks_page
from kontora_sdk.reference.records import declarations_page, records_page
from kontora_sdk.reference.settings import settings_page

if TYPE_CHECKING:
    from kontora.lifecycle.site import Site

__all__ = ["write_reference"]


def write_reference(folder: Path, plugins: Sequence[str] = ()) -> list[Path]:
    """Write the pages of the reference into `folder` and return their paths.

    They describe a site with these plugins. A page whose text did not change is left alone, so
    that a second build has nothing to do.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in sorted(_pages(plugins).items()):
        path = folder / f"{name}.md"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _pages(plugins: Sequence[str]) -> dict[str, str]:
    from kontora.cli.main import cli
    from kontora_sdk.testing.sites import SiteMaker

    pages = {"hooks": hooks_page(), "command-line": command_line_page(cli)}
    of_site: dict[str, Callable[[Site], str]] = {
        "records": lambda site: records_page(site.registry),
        "declarations": lambda site: declarations_page(site.registry),
        "settings": lambda site: settings_page(site.registry),
        "api": _api,
    }
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        home.mkdir()
        with SiteMaker(Path(scratch)).site("sqlite", tuple(plugins), home) as site:
            return pages | {name: page(site) for name, page in of_site.items()}


def _api(site: Site) -> str:
    from kontora.wsgi import create_app

    answer = create_app(site).test_client().get("/api/openapi.json")
    return api_page(answer.get_json())
