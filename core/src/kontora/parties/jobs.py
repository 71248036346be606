"""Core's jobs."""

from __future__ import annotations

from collections.abc import Iterable

from kontora.hookspecs import hookimpl
from kontora.parties import holding, scope, stages
from kontora.records import idempotency
from kontora.records.custom import define, settle
from kontora.registry.work import JobContext, JobSpec


def refresh_reach(context: JobContext) -> dict[str, int]:
    """Roles, positions and parents begin and end with the day: bring the table of reach, the
    parents of organisations, and the stages of parties up to date."""
    session = context.session
    parents, staged = holding.refresh_due(session), stages.refresh_due(session)
    return {"parties": scope.refresh_due(session), "parents": parents, "stages": staged}


def forget_answers(context: JobContext) -> dict[str, int]:
    """Answers are kept for requests that are sent again; after two days nobody does."""
    return {"answers": idempotency.forget_old(context.session)}


@hookimpl
def register_jobs() -> Iterable[JobSpec]:
    """The nightly upkeep of who reaches which party, of answers to repeated requests, of fields."""
    return (
        JobSpec(name="core.refresh_reach", handler=refresh_reach, schedule="5 0 * * *"),
        JobSpec(name=define.JOB, handler=settle.settle, sliced=True, timeout=6 * 3600),
        JobSpec(name="core.forget_answers", handler=forget_answers, schedule="35 0 * * *"),
    )
