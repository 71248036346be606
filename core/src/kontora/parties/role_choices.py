"""What roles and their statuses are called. Roles of plugins come from the registry."""

from __future__ import annotations

from kontora.registry.fields import Choice
from kontora.text import _

ROLES = (
    Choice(value="client", label=_("Client")),
    Choice(value="prospect", label=_("Prospect")),
    Choice(value="partner", label=_("Partner")),
    Choice(value="dealer", label=_("Dealer")),
    Choice(value="agent", label=_("Agent")),
    Choice(value="competitor", label=_("Competitor")),
    Choice(value="subcontractor", label=_("Subcontractor")),
    Choice(value="supplier", label=_("Supplier")),
    Choice(value="investor", label=_("Investor")),
    Choice(value="other", label=_("Other")),
)
STATUSES = (
    Choice(value="active", label=_("Active")),
    Choice(value="paused", label=_("Paused")),
    Choice(value="ended", label=_("Ended")),
)
