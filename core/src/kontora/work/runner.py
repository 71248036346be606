"""Run one claimed job to its end, whatever that end is."""

from __future__ import annotations

import json
import logging
import traceback
from collections import Counter
from collections.abc import Mapping
from typing import Literal

from structlog.contextvars import bound_contextvars

from kontora import measures, traces
from kontora.db.engine import is_database_away, is_database_busy
from kontora.errors import Forbidden, Invalid, PluginError
from kontora.registry.work import SUBSCRIBER_PREFIX, JobSpec
from kontora.work import jobs, outbox, schedules
from kontora.work.context import RunningJob, WorkSite

Outcome = Literal["done", "failed", "lost", "released"]
_logger = logging.getLogger("kontora.work")


class Interrupted(BaseException):
    """Raised in the thread of a handler that has to stop; not caught by `except Exception`."""


class TimedOut(Interrupted):
    """The job took longer than its `timeout`: a failed attempt."""


class Stopping(Interrupted):
    """The worker ends: the job goes back into the queue without losing an attempt."""


def execute(site: WorkSite, run: RunningJob) -> Outcome:
    """Run the handler; its effects and the mark “done” are kept together, or neither is."""
    name = run.job.name
    about = {"job.name": name, "job.id": run.job.id, "job.attempt": run.job.attempts}
    with (
        bound_contextvars(route=f"job {name}"),
        traces.span(f"job {name}", "consumer", about, run.job.trace),
    ):
        outcome = _execute(site, run)
    measures.count("kontora_job_runs_total", name, outcome)
    plugin = name.removeprefix(SUBSCRIBER_PREFIX).partition(".")[0]
    if outcome == "failed" and plugin != "core":
        measures.count("kontora_plugin_errors_total", plugin, f"job {name}")
    return outcome


def _execute(site: WorkSite, run: RunningJob) -> Outcome:
    try:
        _check_arguments(run.spec, run.job.args)
        with run:
            result = run.spec.handler(run)
            run.finish(_plain(run.spec, result))
    except jobs.LeaseLost as lost:
        run.logger.warning("%s", lost)
        return "lost"
    except Stopping:
        run.logger.info("interrupted because the worker stops; queued again")
        with site.database.write_engine.begin() as connection:
            jobs.release(connection, run.job)
        return "released"
    except TimedOut:
        return _failed(site, run, f"Interrupted after {run.spec.timeout:g} seconds.", False)
    except Exception as error:
        permanent = isinstance(error, Invalid | Forbidden | PluginError)
        return _failed(site, run, traceback.format_exc(), permanent)
    return "done"


def _failed(site: WorkSite, run: RunningJob, text: str, permanent: bool) -> Outcome:
    try:
        with site.database.write_engine.begin() as connection:
            error_id = jobs.fail(
                connection,
                run.job,
                text,
                permanent=permanent,
                max_attempts=run.spec.max_attempts,
            )
        run.logger.error("attempt %s failed (%s): %s", run.job.attempts, error_id, text)
    except Exception as error:
        # Its lease runs out, and then the sweeper queues it again.
        if not (is_database_busy(error) or is_database_away(error)):
            raise
        run.logger.error("attempt %s failed and could not be noted: %s", run.job.attempts, text)
    return "failed"


def _check_arguments(spec: JobSpec, args: Mapping[str, object]) -> None:
    if spec.args is None:
        return
    try:
        spec.args.load(args)
    except Exception as error:
        raise Invalid({"args": [str(error)]}) from error


def _plain(spec: JobSpec, result: object) -> object:
    """The result, when it is JSON; else an error that names the handler."""
    try:
        json.dumps(result)
    except (TypeError, ValueError) as error:
        raise PluginError(
            spec.name.partition(".")[0],
            f"the job {spec.name} returned {type(result).__name__}, which is not JSON.",
            "Return None, text, numbers, lists or dicts.",
        ) from error
    return result


def run_pending(
    site: WorkSite, limit: int = 1000, *, fire_schedules: bool = False
) -> dict[str, int]:
    """Dispatch events and run every due job here and now, for tests and the command line.

    Returns how many ended as done, failed, lost or released, at most `limit` together.
    """
    handlers, counts = site.handlers(), Counter[str]()
    if fire_schedules:
        with site.database.write_engine.begin() as connection:
            schedules.fire(connection, site.jobs.values(), zone=site.zone)
    while counts.total() < limit:
        with site.database.write_engine.begin() as connection:
            outbox.dispatch(connection, site.subscribers)
        job = jobs.claim(site.database, "pending", handlers)
        if job is None:
            break
        counts[execute(site, RunningJob(site, handlers[job.name], job))] += 1
    return dict(counts)
