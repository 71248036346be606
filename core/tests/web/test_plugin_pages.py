"""Blueprints of plugins are looked at before they are mounted."""

from __future__ import annotations

from flask import Blueprint

from kontora.http.policy import SIGNED_IN, policy
from kontora.web.plugin_pages import _refusal


def page() -> str:
    return ""


def test_a_page_without_a_policy_is_refused_by_name() -> None:
    blueprint = Blueprint("cards", __name__)
    blueprint.get("/cards")(page)
    assert "/x/cards" in _refusal("x", blueprint, [])


def test_a_page_with_a_policy_is_welcome_once() -> None:
    blueprint = Blueprint("cards", __name__)
    blueprint.get("/cards")(policy(SIGNED_IN)(lambda: ""))
    assert _refusal("x", blueprint, []) == ""
    assert "cards" in _refusal("y", blueprint, [blueprint])


def test_nothing_reaches_for_the_requests_of_others() -> None:
    blueprint = Blueprint("cards", __name__)
    blueprint.before_app_request(page)
    assert "all requests" in _refusal("x", blueprint, [])
