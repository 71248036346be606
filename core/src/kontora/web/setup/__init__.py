"""The guided set-up at first start."""

from __future__ import annotations

from kontora.web.setup.pages import blueprint

__all__ = ["blueprint"]
