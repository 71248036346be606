"""`kontora serve` and `kontora worker`."""

from __future__ import annotations

import signal
import sys

import click

from kontora.cli.opening import ready


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    help="The port; 0 takes a free one.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    metavar="N",
    help="Web processes; with more than one gunicorn serves in place of waitress.",
)
@click.option("--safe-mode", is_flag=True, help="Start without plugins.")
def serve(host: str, port: int, workers: int, safe_mode: bool) -> None:
    """Serve the pages and the API, and supervise a process that works off the jobs.

    SIGTERM or Ctrl-C ends it and all its children. Enabling a plugin while it runs brings up
    new processes; no request fails.
    """
    from kontora.db.engine import Database
    from kontora.lifecycle import generation, presence, supervisor
    from kontora.lifecycle.upgrade import require_current
    from kontora.settings import Settings

    settings = Settings.from_env()
    database = Database(settings.database_url, home=settings.home)
    require_current(database)
    database.dispose()
    _log_progress()
    with presence.hold(settings.home):
        status = supervisor.serve(
            settings,
            host,
            port,
            workers,
            safe_mode,
            generation=lambda: generation.current(database),
            on_listening=_say_where,
        )
    database.dispose()
    sys.exit(status)


def _say_where(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Kontora listens on http://{shown}:{port}/", err=True)


def _log_progress() -> None:
    """The supervisor's few lines have the form of its children's."""
    import logging

    from kontora.lifecycle import logs

    logs.configure()
    logging.getLogger("kontora").setLevel(logging.INFO)


@click.command()
def worker() -> None:
    """Run jobs, schedules and events in this process until SIGTERM or Ctrl-C.

    `serve` starts one by itself; further ones may run on other machines.
    """
    import os

    from kontora.lifecycle import presence
    from kontora.lifecycle.site import create_work_site
    from kontora.work.worker import STUCK_STATUS, run_until_signal

    with ready() as site:
        home = site.settings.home
    _log_progress()
    with presence.hold(home):
        status = run_until_signal(
            create_work_site(),
            signal.SIGTERM,
            signal.SIGINT,
            on_start=lambda: click.echo("The worker is ready.", err=True),
        )
    if status == STUCK_STATUS:
        os._exit(1)
    sys.exit(status)
