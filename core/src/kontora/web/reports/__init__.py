"""Pages of reports: the list, one report with its chart and table, and those sent by mail."""

from __future__ import annotations

from kontora.web.reports import pages, sending
from kontora.web.reports.blueprint import blueprint

__all__ = ["blueprint", "pages", "sending"]
