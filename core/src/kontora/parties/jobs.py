"""Core's jobs."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.hookspecs import hookimpl
from kontora.parties import scope
from kontora.records import idempotency
from kontora.registry.work import JobContext, JobSpec


def refresh_reach(context: JobContext) -> dict[str, int]:
    """Roles and positions begin and end with the day: bring the table of reach up to date."""
    return {"parties": scope.refresh_due(context.session)}


def forget_answers(context: JobContext) -> dict[str, int]:
    """Answers are kept for requests that are sent again; after two days nobody does."""
    return {"answers": idempotency.forget_old(context.session)}


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """The nightly upkeep of who reaches which party, and of answers to repeated requests."""
    return (
        JobSpec(name="core.refresh_reach", handler=refresh_reach, schedule="5 0 * * *"),
        JobSpec(name="core.forget_answers", handler=forget_answers, schedule="35 0 * * *"),
    )
