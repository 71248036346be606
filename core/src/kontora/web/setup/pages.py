"""The pages of the set-up: one step each, and the way on, past it or out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request

from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Forbidden, Invalid, NotFound
from kontora.http.context import db, principal
from kontora.http.policy import needs, policy
from kontora.lifecycle import setup
from kontora.text import _
from kontora.web import flash
from kontora.web.complaints import by_path
from kontora.web.setup.steps import STEPS, Step

blueprint = Blueprint("setup", __name__)
SETUP = needs(setup.RIGHT)
HOME = "/setup"


def mine() -> list[Step]:
    """The steps for which this administrator has the rights."""
    return [each for each in STEPS if principal().rights.has(each.right)]


def card(session: ScopedSession) -> dict[str, Any] | None:
    """What the home page tells an administrator, until the set-up is done or dismissed."""
    if not principal().rights.has(setup.RIGHT):
        return None
    now, steps = setup.progress(session), mine()
    left = [each for each in steps if each.name not in now.behind]
    if now.dismissed or not left:
        return None
    return {"behind": len(steps) - len(left), "of": len(steps), "next": left[0].label}


@blueprint.get("/setup")
@policy(SETUP)
def start() -> Response:
    """The step at which one stopped; when nothing is left, what there is now."""
    now = setup.progress(db())
    left = next((each for each in mine() if each.name not in now.behind), None)
    if left is not None:
        return make_response(redirect(f"{HOME}/{left.name}"))
    return make_response(
        render_template(
            "core/pages/setup/done.html", page={"title": _("Set-up")}, steps=mine(), home=HOME
        )
    )


@blueprint.get("/setup/<name>")
@policy(SETUP)
def step(name: str) -> str:
    """One step."""
    found = _step(name)
    return _page(db(), found, found.values(db()), {})


@blueprint.post("/setup/<name>")
@policy(SETUP)
def take(name: str) -> Response:
    """Go on (`action` = next), past it (skip), or keep what was typed (save). Nothing of a step is
    kept when something in it does not fit."""
    found, action = _step(name), request.form.get("action", "")
    if action == "save" and found.save is not None:
        try:
            told = found.save(request.form)
        except (Invalid, Conflict) as error:
            return _again(found, error)
        if told:
            flash.tell(told, "good")
        return _to(HOME if found.ends else f"{HOME}/{name}")
    if action not in ("next", "skip"):
        raise Invalid({"action": [_("Choose one of the list.")]})
    setup.settle(db(), name)
    return _to(HOME)


@blueprint.post("/setup/dismiss")
@policy(SETUP)
def leave() -> Response:
    """End the set-up; the menu of administration opens it again."""
    setup.dismiss(db())
    flash.tell(_("You find the set-up again under Administration."))
    return _to("/")


def _step(name: str) -> Step:
    found = next((each for each in STEPS if each.name == name), None)
    if found is None:
        raise NotFound()
    if not principal().rights.has(found.right):
        raise Forbidden(found.right)
    return found


def _again(found: Step, error: Invalid | Conflict) -> Response:
    if isinstance(error, Invalid):
        errors = by_path(error.errors, found.fields(db()))
    else:
        errors = {"": [f"{error.message} {error.remedy}".strip()]}
    values = {**found.values(db()), **found.typed(request.form)}
    return make_response(_page(db(), found, values, errors), 422)


def _page(
    session: ScopedSession, found: Step, values: dict[str, Any], errors: dict[str, list[str]]
) -> str:
    steps, behind = mine(), setup.progress(session).behind
    return render_template(
        "core/pages/setup/step.html",
        page={"title": _("Set-up"), "hint": None},
        step=found,
        steps=steps,
        number=steps.index(found) + 1,
        is_behind=found.name in behind,
        fields=found.fields(session),
        values=values,
        errors=errors,
        action=f"{HOME}/{found.name}",
        **found.more(session),
    )


def _to(target: str) -> Response:
    return make_response(redirect(target, 303))
