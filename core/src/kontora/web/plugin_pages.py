"""Pages of plugins: blueprints below `/<plugin>/`, admitted after a look at each route."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask

from kontora.errors import KontoraError
from kontora.http.policy import check_all
from kontora.lifecycle.site import Site
from kontora.plugins import calls
from kontora.plugins.errorlog import one_line


def register(app: Flask, site: Site) -> None:
    """Mount the blueprints of all plugins. One whose routes declare no policy, or which reaches
    for requests that are not its own, is quarantined by name before anything of it is mounted."""
    admitted: list[tuple[str, Any]] = []
    before = site.manager.order
    for plugin, blueprint in calls.declare(site.manager, "register_routes", of=Blueprint):
        if not site.manager.is_active(plugin):
            continue
        cause = _refusal(plugin, blueprint, [each for _name, each in admitted])
        if cause:
            site.manager.quarantine(plugin, cause, hook="register_routes")
        else:
            admitted.append((plugin, blueprint))
    if site.manager.order != before:
        site.rebuild()
    for plugin, blueprint in admitted:
        if site.manager.is_active(plugin):
            app.register_blueprint(blueprint, url_prefix=_prefix(plugin, blueprint))


def _prefix(plugin: str, blueprint: Blueprint) -> str:
    return f"/{plugin}{blueprint.url_prefix or ''}"


def _refusal(plugin: str, blueprint: Blueprint, others: list[Blueprint]) -> str:
    """Why a blueprint cannot be mounted; empty when it can. It is tried on an empty application."""
    if blueprint.name in {each.name for each in others}:
        return f"Its blueprint “{blueprint.name}” has the name of another one. Rename it."
    probe = Flask("kontora.probe", static_folder=None)
    try:
        probe.register_blueprint(blueprint, url_prefix=_prefix(plugin, blueprint))
        check_all(probe)
    except KontoraError as error:
        return str(error)
    except Exception as error:  # whatever a plugin's code raises stays its own trouble
        return f"Its blueprint cannot be mounted: {one_line(error)}"
    everywhere = (
        probe.before_request_funcs.get(None)
        or probe.after_request_funcs.get(None)
        or probe.teardown_request_funcs.get(None)
        or probe.error_handler_spec.get(None, {})
    )
    if everywhere:
        return "Its blueprint adds functions to all requests. Keep them to the blueprint's own."
    return ""
