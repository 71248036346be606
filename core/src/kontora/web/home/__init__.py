"""The home page: my day, what waits for me, and the widgets that a user arranges."""

from __future__ import annotations

from kontora.web.home import arranging, pages
from kontora.web.home.blueprint import blueprint

__all__ = ["arranging", "blueprint", "pages"]
