"""Health: the checks of `kontora doctor`, jobs, doors, versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for

from kontora.access.doors import DOORS, uses
from kontora.access.session import ScopedSession
from kontora.http.context import db, site
from kontora.http.policy import needs, policy
from kontora.lifecycle import doctor, job_desk
from kontora.text import Text, _, n_
from kontora.web import flash
from kontora.web.addresses import before, with_query
from kontora.web.admin.blueprint import blueprint
from kontora.work.models import CANCELLED, DEAD, DONE, FAILED, PARKED, QUEUED, RUNNING

HEALTH = needs("admin.health")
LIMIT = 50
STATES: dict[str, tuple[Text, str]] = {
    QUEUED: (_("Waiting"), "neutral"),
    RUNNING: (_("Running"), "accent"),
    DONE: (_("Done"), "good"),
    FAILED: (_("Refused"), "bad"),
    DEAD: (_("Given up"), "bad"),
    CANCELLED: (_("Cancelled"), "neutral"),
    PARKED: (_("Its plugin is off"), "warn"),
}
CAN_RETRY = (FAILED, DEAD, CANCELLED)
CAN_CANCEL = (QUEUED, RUNNING, PARKED)
CHECKS: dict[str, Text] = {
    "home": _("Data folder"),
    "secret": _("Secret key"),
    "disk": _("Disk"),
    "database": _("Database"),
    "engine": _("Database engine"),
    "sqlite": "SQLite",
    "file": _("Database file"),
    "tables": _("Tables"),
    "plugins": _("Plugins"),
    "packages": _("Packages"),
    "clock": _("Clock"),
    "worker": _("Worker"),
    "jobs": _("Jobs"),
    "backup": _("Backup"),
    "drill": _("Restore drill"),
}
PACKAGES = ("kontora", "SQLAlchemy", "Flask", "pluggy")


@blueprint.get("/health")
@policy(HEALTH)
def health() -> str:
    """Whether all is well, in one look."""
    session = db()
    checks = doctor.examine(site().settings)
    bad = [each for each in checks if each.remedy or not each.ok]
    return render_template(
        "core/pages/admin/health.html",
        page={"title": _("Health"), "hint": _hint(len(bad))},
        tabs=_tabs("checks"),
        checks=sorted(checks, key=lambda each: (each.ok, not each.remedy)),
        check_label=_check_label,
        counts=_counts(session),
        doors=[(DOORS[name], number) for name, number in uses().items() if number],
        versions=_versions(session),
        safe_mode=site().safe_mode,
    )


def _check_label(name: str) -> Text:
    """What the doctor calls `tables of hello` or `plugin hello`, in the language of the page."""
    for prefix, label in (("tables of ", _("Tables")), ("plugin ", _("Plugin"))):
        if name.startswith(prefix):
            return f"{label}: {name.removeprefix(prefix)}"
    return CHECKS.get(name, name.capitalize())


def _hint(bad: int) -> Text:
    if not bad:
        return _("All is well.")
    return n_("%(n)s thing needs a look.", "%(n)s things need a look.", bad)


def _tabs(active: str) -> list[dict[str, Any]]:
    found = (
        ("checks", _("Checks"), "/admin/health"),
        ("jobs", _("Jobs"), "/admin/health/jobs"),
    )
    return [{"label": label, "url": url, "active": name == active} for name, label, url in found]


def _counts(session: ScopedSession) -> list[dict[str, Any]]:
    numbers = job_desk.counts(session)
    shown = (QUEUED, RUNNING, DEAD, FAILED, DONE)
    return [
        {
            "label": STATES[state][0],
            "number": numbers.get(state, 0),
            "url": with_query("/admin/health/jobs", [("state", state)]),
            "tone": "bad" if state in (DEAD, FAILED) and numbers.get(state) else None,
        }
        for state in shown
    ]


def _versions(session: ScopedSession) -> list[tuple[str, str]]:
    dialect = session.get_bind().dialect
    server = ".".join(str(part) for part in getattr(dialect, "server_version_info", ()) or ())
    name = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}.get(dialect.name, dialect.name)
    found = [("Python", platform.python_version()), (name, server)]
    for package in PACKAGES:
        try:
            found.append((package.capitalize() if package.islower() else package, version(package)))
        except PackageNotFoundError:
            continue
    states = site().manager.states
    return found + [(each, states[each].version) for each in site().manager.order[1:]]


@blueprint.get("/health/jobs")
@policy(HEALTH)
def jobs() -> str:
    """Jobs by state, newest first."""
    session = db()
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    found = job_desk.listing(session, state, before(), LIMIT)
    older = None
    if len(found) == LIMIT:
        pairs = [("state", state), ("before", str(found[-1]["id"]))]
        older = with_query("/admin/health/jobs", pairs)
    numbers = job_desk.counts(session)
    views = [{"label": _("All"), "url": "/admin/health/jobs", "active": not state}]
    for key, (label, _tone) in STATES.items():
        if key == state or numbers.get(key):
            url = with_query("/admin/health/jobs", [("state", key)])
            count = numbers.get(key, 0)
            views.append({"label": label, "url": url, "active": key == state, "count": count})
    return render_template(
        "core/pages/admin/jobs.html",
        page={"title": _("Health"), "hint": _("What the worker has done, does and will do.")},
        tabs=_tabs("jobs"),
        views=views,
        jobs=[_job(each) for each in found],
        state=state,
        older=older,
    )


def _job(each: Any) -> dict[str, Any]:
    label, tone = STATES[each["state"]]
    progress = each["progress"] or {}
    return {
        "id": each["id"],
        "name": each["name"],
        "label": label,
        "tone": tone,
        "attempts": each["attempts"],
        "at": each["finished_at"] or each["started_at"] or each["run_at"],
        "error": (each["error"] or "").strip().splitlines()[-1:] if each["error"] else [],
        "error_id": each["error_id"],
        "done": progress.get("done"),
        "total": progress.get("total"),
        "can_retry": each["state"] in CAN_RETRY,
        "can_cancel": each["state"] in CAN_CANCEL,
    }


@blueprint.post("/health/jobs/<int:job_id>/retry")
@policy(HEALTH)
def retry_job(job_id: int) -> Response:
    """Start a job again that has given up."""
    job_desk.retry(db(), job_id)
    flash.tell(_("The job is queued again."), "good")
    return _back()


@blueprint.post("/health/jobs/<int:job_id>/cancel")
@policy(HEALTH)
def cancel_job(job_id: int) -> Response:
    """Cancel a job that has not ended."""
    job_desk.cancel(db(), job_id)
    flash.tell(_("The job is cancelled."))
    return _back()


def _back() -> Response:
    return make_response(redirect(url_for("admin.jobs"), 303))
