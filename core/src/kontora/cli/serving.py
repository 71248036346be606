"""`kontora serve` and `kontora worker`."""

from __future__ import annotations

import signal
import sys

import click

from kontora.cli.opening import ready
from kontora.errors import KontoraError


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
@click.option("--no-worker", is_flag=True, help="Leave the jobs to `kontora worker`.")
def serve(host: str, port: int, workers: int, safe_mode: bool, no_worker: bool) -> None:
    """Serve the pages and the API, and supervise a process that works off the jobs.

    SIGTERM or Ctrl-C ends it and all its children. Enabling a plugin while it runs, or SIGHUP,
    brings up new processes; no request fails.
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
            **({"work_factory": None} if no_worker else {}),
        )
    database.dispose()
    sys.exit(status)


def _say_where(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"Kontora listens on http://{shown}:{port}/", err=True)


def _log_progress() -> None:
    """The supervisor's few lines have the form of its children's."""
    from kontora.lifecycle import logs

    logs.configure()


@click.command()
def worker() -> None:
    """Run jobs, schedules and events in this process until SIGTERM or Ctrl-C.

    `serve` starts one by itself; further ones may run on other machines. After an upgrade, or
    when a plugin was enabled, it ends its jobs and starts anew by itself, as the same process.
    """
    import os
    import threading

    from kontora.db.engine import Database
    from kontora.lifecycle import beginning, generation, presence
    from kontora.lifecycle.site import create_work_site
    from kontora.lifecycle.upgrade import require_current
    from kontora.work.worker import STUCK_STATUS, run_until_signal

    with ready() as site:
        home, url = site.settings.home, site.settings.database_url
    beginning.begin()
    _log_progress()
    database = Database(url, home=home)
    begun, renewed = threading.Event(), threading.Event()

    def renew() -> None:
        begun.wait()  # before it listens to signals, one would kill it
        try:
            require_current(database)
        except KontoraError as error:  # this machine has not got the new version yet
            click.echo(f"The worker goes on as it is: {error}", err=True)
            return
        renewed.set()
        os.kill(os.getpid(), signal.SIGTERM)

    def say() -> None:
        begun.set()
        click.echo("The worker is ready.", err=True)

    generation.watch(database, renew)
    with presence.hold(home):
        status = run_until_signal(
            create_work_site(),
            signal.SIGTERM,
            signal.SIGINT,
            on_start=say,
        )
    if status == STUCK_STATUS:
        os._exit(1)
    if renewed.is_set():
        sys.stderr.flush()
        os.execv(sys.executable, sys.orig_argv)
    database.dispose()
    sys.exit(status)
