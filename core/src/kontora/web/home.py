"""The home page: my day, what changed, and the widgets of plugins."""

from __future__ import annotations

from flask import Blueprint, render_template

from kontora.http.policy import RECORDS, policy
from kontora.text import _

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@policy(RECORDS)
def home() -> str:
    """My day."""
    return render_template("core/pages/home.html", page={"title": _("Home")})
