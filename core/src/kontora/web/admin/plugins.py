"""Plugins: what is installed, what became of it, and switching it on or off."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, url_for

from kontora.access.session import ScopedSession
from kontora.errors import KontoraError
from kontora.http.context import db, principal, site
from kontora.http.policy import needs, policy
from kontora.lifecycle import plugins as lifecycle
from kontora.lifecycle.plugin_log import log_switch, wanted
from kontora.text import Text, _
from kontora.web import flash
from kontora.web.admin.blueprint import blueprint

PLUGINS = needs("admin.plugins")
STATES: dict[str, tuple[Text, str]] = {
    "available": (_("Not enabled"), "neutral"),
    "enabled": (_("Enabled"), "good"),
    "disabled": (_("Disabled"), "neutral"),
    "removed": (_("Removed"), "neutral"),
    "orphaned": (_("Package is missing"), "bad"),
    "quarantined": (_("Taken out"), "bad"),
}


@blueprint.get("/plugins")
@policy(PLUGINS)
def plugins() -> str:
    """All plugins that are installed or were enabled once."""
    session = db()
    stored = wanted(session)
    rows = [_row(each, stored) for each in lifecycle.listing(site())]
    return render_template(
        "core/pages/admin/plugins.html",
        page={"title": _("Plugins")},
        rows=rows,
        waiting=any(row["waiting"] for row in rows),
        safe_mode=site().safe_mode,
    )


def _row(each: dict[str, str], stored: dict[str, str]) -> dict[str, Any]:
    state = site().manager.states[each["name"]]
    label, tone = STATES[each["state"]]
    desired = stored.get(each["name"], "available")
    waiting = not site().safe_mode and {desired, each["state"]} in (
        {"enabled", "available"},
        {"enabled", "disabled"},
    )
    return {
        **each,
        "title": _title(state, each["name"]),
        "hint": str(getattr(state.manifest, "summary", "") or ""),
        "label": label,
        "tone": tone,
        "waiting": waiting,
        "error_id": state.error_id,
        "is_on": desired == "enabled",
        "can_switch": each["state"] != "orphaned" or desired == "enabled",
    }


def _title(state: Any, name: str) -> str:
    return str(getattr(state.manifest, "label", "") or name.replace("_", " ").title())


@blueprint.get("/plugins/<name>")
@policy(PLUGINS)
def plugin(name: str) -> str:
    """One plugin: what it brings, what it needs, and its errors since the start."""
    session = db()
    state = lifecycle.state_of(site(), name)
    stored = wanted(session)
    each = next(row for row in lifecycle.listing(site()) if row["name"] == name)
    return render_template(
        "core/pages/admin/plugin.html",
        page={"title": _title(state, name), "hint": getattr(state.manifest, "summary", "")},
        plugin=_row(each, stored),
        requires=state.manifest.requires if state.manifest else (),
        needed_by=lifecycle.dependents(site(), name),
        brings=_brings(session, name),
        errors=site().manager.errors.entries(name)[:20],
    )


def _brings(session: ScopedSession, name: str) -> list[tuple[Text, str]]:
    """What an enabled plugin adds, in words."""
    registry = session.registry
    prefix = f"{name}."
    fields = {
        str(each.label)
        for rtype in registry.record_types.values()
        for each in rtype.fields
        if each.owner == name and rtype.owner != name
    }
    found: list[tuple[Text, list[Text]]] = [
        (
            _("Record types"),
            [each.label_plural for each in registry.record_types.values() if each.owner == name],
        ),
        (_("Fields"), [*sorted(fields)]),
        (_("Reports"), [e.label for k, e in registry.reports.items() if k.startswith(prefix)]),
        (
            _("Permissions"),
            [e.label for k, e in registry.permissions.items() if k.startswith(prefix)],
        ),
        (_("Settings"), [e.label for k, e in registry.settings.items() if k.startswith(prefix)]),
    ]
    return [(label, ", ".join(str(each) for each in texts)) for label, texts in found if texts]


@blueprint.post("/plugins/<name>/enable")
@policy(PLUGINS)
def enable(name: str) -> Response:
    """Enable a plugin with all that it needs; the server brings up new processes by itself."""
    lifecycle.state_of(site(), name)
    try:
        names = lifecycle.enable(site(), name)
    except KontoraError as error:
        flash.tell(error, "bad")
    else:
        _tell(names, "enable")
    return _back()


@blueprint.post("/plugins/<name>/disable")
@policy(PLUGINS)
def disable(name: str) -> Response:
    """Disable a plugin; its data stays."""
    lifecycle.state_of(site(), name)
    try:
        names = lifecycle.disable(site(), name)
    except KontoraError as error:
        flash.tell(error, "bad")
    else:
        _tell(names, "disable")
    return _back()


def _tell(names: tuple[str, ...], verb: str) -> None:
    if not names:
        flash.tell(_("Nothing had to be done."))
        return
    with site().write(principal()) as session:
        log_switch(session, names, verb)
    done = _("Done: %(names)s. The server follows within seconds.")
    flash.tell(done % {"names": ", ".join(names)}, "good")


def _back() -> Response:
    return make_response(redirect(url_for("admin.plugins"), 303))
