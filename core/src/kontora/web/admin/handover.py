"""Handover: to whom goes what a user owns; how it stands; its one undo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from kontora.access.models import Team, User
from kontora.access.session import ScopedSession
from kontora.errors import Conflict, Invalid
from kontora.http.context import db
from kontora.http.policy import needs, policy
from kontora.records.handover import desk, run
from kontora.records.handover.owned import preview
from kontora.records.handover.rules import KINDS, Rule, Rules, described, rule_of, rules_of
from kontora.text import Text, _, told
from kontora.web import flash, names
from kontora.web.admin.blueprint import blueprint

HAND_OVER = needs(desk.PERMISSION)
STATES: Mapping[str, tuple[Text, str]] = {
    "waiting": (_("waiting"), "neutral"),
    "running": (_("running"), "accent"),
    "done": (_("done"), "good"),
    "undoing": (_("is being undone"), "accent"),
    "undone": (_("undone"), "neutral"),
}


@blueprint.get("/users/<uuid:user_id>/handover")
@policy(HAND_OVER)
def handover(user_id: UUID) -> str:
    """What the user owns, and the rule by which it goes to others."""
    return _page(db(), user_id, MultiDict(), {})


@blueprint.post("/users/<uuid:user_id>/handover")
@policy(HAND_OVER)
def hand_over(user_id: UUID) -> Response:
    """Begin it; a small one is done at once."""
    session = db()
    try:
        with session.begin_nested():
            made = desk.start(session, user_id, _rules(session, user_id, request.form))
    except Invalid as error:
        errors = {path: [str(each) for each in texts] for path, texts in error.errors.items()}
        return make_response(_page(session, user_id, request.form, errors), 422)
    except Conflict as error:
        errors = {"": [f"{error.message} {error.remedy}".strip()]}
        return make_response(_page(session, user_id, request.form, errors), 409)
    return make_response(redirect(f"/admin/handovers/{made}", 303))


def _rules(session: ScopedSession, user_id: UUID, form: MultiDict[str, str]) -> Rules:
    types: dict[str, Rule] = {}
    for each in preview(session, user_id):
        if chosen := form.get(f"to.{each.path}"):
            types[each.path] = _rule(chosen, f"to.{each.path}")
    return Rules(default=_rule(form.get("to", ""), "to"), types=types)


def _rule(chosen: str, path: str) -> Rule:
    """A choice such as `team_head` or `user:<id>`."""
    kind, _colon, given = chosen.partition(":")
    if not chosen:
        raise Invalid({path: [_("Choose to whom.")]})
    return rule_of(kind, given, path)


def _page(
    session: ScopedSession,
    user_id: UUID,
    form: MultiDict[str, str],
    errors: dict[str, list[str]],
) -> str:
    user = desk.leaver(session, user_id)
    return render_template(
        "core/pages/admin/handover.html",
        page={"title": user.name, "hint": _("Hand over everything that this user owns.")},
        user_id=user_id,
        active=user.state == "active",
        owned=preview(session, user_id),
        choices=_choices(session, user_id),
        values=form,
        errors=errors,
        past=[_line(session, each) for each in desk.of_user(session, user_id)],
    )


def _choices(session: ScopedSession, user_id: UUID) -> list[tuple[str, list[tuple[str, str]]]]:
    """What one may choose, in groups: rules, teams, users."""
    users = select(User.id, User.name).where(User.state == "active", User.id != user_id)
    teams = session.execute(select(Team.id, Team.name).order_by(Team.name)).all()
    return [
        (
            str(_("By rule")),
            [(name, str(KINDS[name])) for name in ("team_head", "branch_heads")],
        ),
        (str(KINDS["team"]), [(f"team:{row[0]}", row[1]) for row in teams]),
        (
            str(KINDS["user"]),
            [(f"user:{row[0]}", row[1]) for row in session.execute(users.order_by(User.name))],
        ),
    ]


def _line(session: ScopedSession, row: Mapping[str, Any]) -> dict[str, Any]:
    label, tone = STATES[row["state"]]
    return {
        "id": row["id"],
        "url": f"/admin/handovers/{row['id']}",
        "cells": {
            "at": row["created_at"],
            "rule": described(session, rules_of(row["rule"]).default),
            "by": row["asked_name"],
            "moved": sum((row["counts"] or {}).get("moved", {}).values()),
            "state": {"label": label, "tone": tone},
        },
    }


# How one stands


@blueprint.get("/handovers/<uuid:handover_id>")
@policy(HAND_OVER)
def show_handover(handover_id: UUID) -> str:
    """The counts of a handover, and what was left out and why."""
    session = db()
    row = desk.seen(session, handover_id)
    user = desk.leaver(session, row["user_id"])
    label, tone = STATES[row["state"]]
    counts = row["counts"] or {}
    done, total = _progress(session, row)
    return render_template(
        "core/pages/admin/handover_run.html",
        page={
            "title": _("Handover of %(name)s") % {"name": user.name},
            "hint": described(session, rules_of(row["rule"]).default),
        },
        row=row,
        state=label,
        tone=tone,
        running=row["state"] in run.RUNNING,
        done=done,
        total=total,
        counts=_counts(session, counts),
        taken=_taken(session, handover_id),
        left=_left(session, handover_id),
    )


def _progress(session: ScopedSession, row: Mapping[str, Any]) -> tuple[int, int]:
    """How many records are dealt with, and how many there are; of the undo while it runs."""
    counts = row["counts"] or {}
    if row["state"] == "undoing":
        ended = [sum(counts.get(name, {}).values()) for name in ("back", "kept")]
        return sum(ended), sum(counts.get("moved", {}).values())
    left = preview(session, row["user_id"]) if row["state"] in run.RUNNING else []
    done = run.done(counts)
    return done, done + sum(max(each.records, each.rows) for each in left)


@blueprint.post("/handovers/<uuid:handover_id>/undo")
@policy(HAND_OVER)
def undo_handover(handover_id: UUID) -> Response:
    """Hand back what nobody has changed since."""
    desk.undo(db(), handover_id)
    flash.tell(_("What nobody has changed since goes back."), "good")
    return make_response(redirect(f"/admin/handovers/{handover_id}", 303))


def _counts(session: ScopedSession, counts: Mapping[str, Any]) -> list[dict[str, Any]]:
    paths = dict.fromkeys(path for each in counts.values() for path in each)
    found = []
    for path in paths:
        rtype = session.registry.record_types.get(path)
        cells = {name: (each.get(path) or None) for name, each in counts.items()}
        found.append(
            {"id": path, "cells": {"type": rtype.label_plural if rtype else path, **cells}}
        )
    return found


def _taken(session: ScopedSession, handover_id: UUID) -> list[dict[str, Any]]:
    rows = desk.taken(session, handover_id)
    known = names.titles(session, "user", [user for user, _number in rows])
    return [{"name": known.get(user, "—"), "number": number} for user, number in rows]


def _left(session: ScopedSession, handover_id: UUID) -> list[dict[str, Any]]:
    found = []
    for each in desk.left_out(session, handover_id):
        name = names.titles(session, each["entity"], [each["record_id"]]).get(each["record_id"])
        url = f"/{each['path']}/{each['record_id']}"
        refused = each["state"] == "refused"
        found.append(
            {
                "id": each["id"],
                "cells": {
                    "record": {"name": name, "url": url} if name else "—",
                    "what": _("not handed over") if refused else _("not handed back"),
                    "reason": _reason(session, each),
                },
            }
        )
    return found


def _reason(session: ScopedSession, item: Mapping[str, Any]) -> str:
    """Why, with the labels of fields instead of their names."""
    if not item["why"]:
        return item["reason"] or ""
    rtype = session.registry.record_types.get(item["path"])
    found = []
    for path, texts in item["why"].items():
        sentence = " ".join(str(told(each)) for each in texts)
        field = rtype.field_named(path.partition(".")[0]) if rtype and path else None
        label = field.label if field else path
        found.append(f"{label}: {sentence}" if label else sentence)
    return " ".join(found)
