"""Hooks about work that is not a page: jobs, subscribers of events, reports."""

# A specification has a docstring and no body.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kontora.hookspecs.markers import hook

if TYPE_CHECKING:  # higher layers: known by name only, imported by nobody here
    from kontora.registry.faces import Report
    from kontora.registry.work import JobSpec, Subscriber


@hook(kind="declare", failure="quarantine", tx="none")
def register_jobs() -> Iterable[JobSpec]:
    """Declare work for the worker process, on demand or on a schedule.

    Returns: `JobSpec` objects, named `<plugin>.<job>`. A handler may run twice after a crash, so it
    must do no harm then.
    Failure: of the declaration, the plugin is quarantined; a failing run is retried, then kept.
    Transaction: none here; a handler gets its own session with the rights of the one who asked.
    First user: core, for imports; `contrib/hello`, every night.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_subscribers() -> Iterable[Subscriber]:
    """Declare functions that are told of events after the transaction that caused them.

    Returns: `Subscriber` objects: an event pattern and a function. Each delivery is at least
    once; order is kept per record only.
    Failure: of the declaration, the plugin is quarantined; a failing delivery is retried alone.
    Transaction: none here; a delivery has its own.
    First user: `contrib/hello`, which greets new contacts.
    """


@hook(kind="declare", failure="quarantine", tx="none")
def register_reports() -> Iterable[Report]:
    """Declare reports, for the pages, `kontora report run` and `/api/v1/reports`.

    Returns: `Report` objects, whose `id` begins with `<plugin>.`; their rows obey the rights of
    the reader because they come from the scoped session.
    Failure: of the declaration, the plugin is quarantined; of a run, the reader is told.
    Transaction: none here; `run` gets a session.
    First user: `contrib/hello`.
    """
