"""What `kontora doctor` says of the servers beside the database: Redis, broker, replica."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import make_url

from kontora import traces
from kontora.lifecycle.site import Site
from kontora.registry.faces import Check
from kontora.text import _
from kontora.work.broker import application


def redis(site: Site) -> Iterator[Check]:
    """Nothing is lost without it, but wake-ups are slower."""
    if site.redis is None:
        return
    ok = site.redis.ping()
    yield Check(
        name="redis",
        ok=ok,
        message=str(_("It answers.") if ok else _("It does not answer; Kontora goes on without.")),
        remedy="" if ok else str(_("Start it, or see KONTORA_REDIS_URL.")),
    )


def broker(site: Site) -> Iterator[Check]:
    """Jobs wait in the database while it is away."""
    if site.settings.broker_url is None:
        return
    remedy = ""
    message = _("It answers.")
    try:
        app = application(site.settings.broker_url, site.settings.site_key)
        with app.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, timeout=3)
    except Exception as error:
        cause = " ".join(str(error).split())[:200]
        message = _("It does not answer; jobs wait in the database: %(cause)s") % {"cause": cause}
        remedy = str(_("Start it, or see KONTORA_BROKER_URL."))
    yield Check(name="broker", ok=not remedy, message=str(message), remedy=remedy)


def telemetry(_site: Site) -> Iterator[Check]:
    """Spans that are asked for need an extra."""
    if not traces.wanted():
        return
    ok = traces.installed()
    message = _("Spans are sent.") if ok else _("It is asked for, but the extra is missing.")
    remedy = "" if ok else str(_("Install kontora[telemetry], or set KONTORA_TELEMETRY=0."))
    yield Check(name="telemetry", ok=ok, message=str(message), remedy=remedy)


def replica(site: Site) -> Iterator[Check]:
    """Reports and exports read from it while it keeps up."""
    if site.replica is None:
        return
    site.replica.look()
    where = make_url(site.settings.replica_url or "").render_as_string(hide_password=True)
    problem = site.replica.problem
    remedy = _("See that the standby runs and follows; reports and exports use the primary now.")
    yield Check(
        name="replica",
        ok=not problem,
        message=problem or str(_("%(url)s keeps up.") % {"url": where}),
        remedy=str(remedy) if problem else "",
    )
