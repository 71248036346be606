"""Policies: every route says who may use it, or the application does not start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from flask import Flask, current_app, g, request

from kontora.errors import Forbidden, KontoraError
from kontora.text import _

F = TypeVar("F", bound=Callable[..., Any])
Kind = Literal["public", "signed_in", "permission", "records"]
ATTRIBUTE = "__kontora_policy__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may use a route.

    public      everybody, signed in or not
    signed_in   every user or token
    permission  whoever holds `permission`
    records     every user or token; the record service decides about the records themselves

    `without_factor`: also for a user who has yet to show the second factor that a role demands.
    """

    kind: Kind
    permission: str | None = None
    without_factor: bool = False


PUBLIC = Policy(kind="public")
SIGNED_IN = Policy(kind="signed_in")
RECORDS = Policy(kind="records")
PROVING = Policy(kind="signed_in", without_factor=True)


def needs(permission: str) -> Policy:
    """The policy of a route for holders of a permission."""
    return Policy(kind="permission", permission=permission)


def policy(demanded: Policy) -> Callable[[F], F]:
    """Declare the policy of a view, or of a whole `MethodView` class."""

    def mark(view: F) -> F:
        setattr(view, ATTRIBUTE, demanded)
        return view

    return mark


def policy_of(view: Any, method: str = "GET") -> Policy | None:
    """The policy that a view function, or the method of a view class, declares."""
    found: Policy | None = getattr(view, ATTRIBUTE, None)
    if found is not None:
        return found
    view_class = getattr(view, "view_class", None)
    if view_class is None:
        return None
    handler = getattr(view_class, method.lower(), None)
    return getattr(handler, ATTRIBUTE, None) or getattr(view_class, ATTRIBUTE, None)


class SignInNeeded(KontoraError):
    """Nobody is signed in where somebody must be."""


class FactorNeeded(KontoraError):
    """A role of the user demands a second factor, and this device was signed in without."""


def enforce() -> None:
    """Before each request: refuse who does not fit the policy of the route."""
    if request.endpoint is None:
        return
    view = current_app.view_functions[request.endpoint]
    method = "GET" if request.method in ("HEAD", "OPTIONS") else request.method
    demanded = policy_of(view, method) or SIGNED_IN
    if demanded.kind == "public":
        return
    if g.principal is None:
        raise SignInNeeded(_("Sign in first."))
    if g.principal.lacks_factor and not demanded.without_factor:
        raise FactorNeeded(_("Your role demands a second factor."), _("Set it up, then go on."))
    if demanded.permission and not g.principal.rights.has(demanded.permission):
        raise Forbidden(demanded.permission)


def check_all(app: Flask) -> None:
    """Raise when a route declares no policy, naming it; called once when the app is built."""
    missing = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if any(policy_of(view, method) is None for method in methods):
            missing.append(f"{rule.rule} ({rule.endpoint})")
    if missing:
        raise KontoraError(
            f"Routes without a policy: {', '.join(sorted(missing))}.",
            "Mark each view with @policy(...): see kontora.http.policy.",
        )
