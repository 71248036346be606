"""Figures for operators: of all processes, and never about a person."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from kontora import clock, measures
from kontora.access.principal import system
from kontora.db import watch
from kontora.errors import SettingsError
from kontora.lifecycle import beginning, remembered
from kontora.lifecycle.site import Site
from kontora.registry.work import JobSpec
from kontora.work import jobs
from kontora.work.runner import run_pending
from kontora.wsgi import create_app
from kontora_sdk.testing.people import make_user

DEPLOY = Path(__file__).parents[3] / "docs" / "deploy"
_NAME = re.compile(r"\bkontora_[a-z_]+\b")
_ENDS = re.compile(r"_(bucket|count|sum)$")


@pytest.fixture(scope="module")
def app(here: Site) -> Flask:
    return create_app(here)


def figures(app: Flask) -> dict[str, float]:
    """The lines of /metrics: name with labels → value."""
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    lines = [line for line in answer.text.splitlines() if line and line[0] != "#"]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_requests_are_counted_by_template_and_status(app: Flask) -> None:
    name = 'kontora_requests_total{method="GET",route="/api/v1/me",status="401"}'
    before = figures(app).get(name, 0)
    for _time in range(3):
        app.test_client().get("/api/v1/me")
    app.test_client().get("/nobody/knows/this-4711")
    app.test_client().open("/api/v1/me", method="BREW")
    after = figures(app)
    assert after[name] == before + 3
    assert not any("4711" in line or "BREW" in line for line in after)
    assert after['kontora_request_seconds_count{route="/api/v1/me"}'] >= 3
    assert after["kontora_requests_in_flight"] == 1, "the one that asks"
    assert figures(app)["kontora_requests_in_flight"] == 1, "and those before have ended"


def test_queues_show_length_and_age_per_lane(app: Flask, here: Site) -> None:
    past = clock.now() - timedelta(minutes=10)
    with here.write(system("test")) as session:
        jobs.enqueue(session, "core.forget_answers", run_at=past)
        jobs.enqueue(session, "core.backup", run_at=past + timedelta(minutes=5))
        jobs.enqueue(session, "core.backup", run_at=clock.now() + timedelta(hours=1))
    found = figures(app)
    assert found['kontora_job_queue_length{lane="quick"}'] == 1
    assert found['kontora_job_queue_length{lane="long"}'] == 1
    assert 590 < found['kontora_job_queue_age_seconds{lane="quick"}'] < 700
    assert 290 < found['kontora_job_queue_age_seconds{lane="long"}'] < 400
    assert found['kontora_job_queue_age_seconds{lane="waiting"}'] == 0
    assert found['kontora_jobs{state="dead"}'] == 0
    run_pending(here.work_site())
    found = figures(app)
    assert found['kontora_job_queue_length{lane="quick"}'] == 0
    assert found['kontora_job_runs_total{job="core.forget_answers",outcome="done"}'] >= 1


def test_errors_of_plugins_are_told_by_hook_and_job(app: Flask, here: Site) -> None:
    def break_down(_context: Any) -> None:
        raise RuntimeError("it broke")

    spec = JobSpec(name="wheel.turn", handler=break_down, max_attempts=1)
    work = replace(here.work_site(), jobs={spec.name: spec})
    with here.write(system("test")) as session:
        jobs.enqueue(session, "wheel.turn")
    run_pending(work)
    here.manager.errors.add("wheel", "register_menu", "it broke", None)
    found = figures(app)
    assert found['kontora_plugin_errors_total{plugin="wheel",where="job wheel.turn"}'] >= 1
    assert found['kontora_plugin_errors_total{plugin="wheel",where="register_menu"}'] >= 1
    assert found['kontora_jobs{state="dead"}'] == 1


def test_backups_are_told_with_their_age(app: Flask, here: Site) -> None:
    assert figures(app)["kontora_backup_age_seconds"] == -1
    made = (clock.now() - timedelta(hours=2)).isoformat()
    remembered.remember(here.database, remembered.BACKUP, {"good_at": made, "error": "full"})
    found = figures(app)
    assert 7100 < found["kontora_backup_age_seconds"] < 7300
    assert found["kontora_backup_failed"] == 1


def test_a_slow_statement_is_logged_without_its_values(
    app: Flask, here: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from kontora.db.engine import Database

    monkeypatch.setenv(watch.SLOW, "0")
    database = Database(here.settings.database_url, home=here.settings.home)
    with caplog.at_level(logging.WARNING, "kontora.db.slow"), database.read_engine.connect() as it:
        it.execute(text("SELECT :name"), {"name": "Anna Secret"})
    database.dispose()
    assert "SELECT" in caplog.records[-1].statement
    assert "Anna" not in str(caplog.records[-1].__dict__)
    slow = (line.startswith("kontora_slow_statements_total{") for line in figures(app))
    assert any(slow)
    monkeypatch.setenv(watch.SLOW, "fast")
    with pytest.raises(SettingsError, match="KONTORA_SLOW_MS"):
        watch.slow_ms()


def test_no_figure_names_a_person(app: Flask, here: Site) -> None:
    make_user(here, "manager")
    app.test_client().get("/counterparties?q=anna.secret")
    answer = app.test_client().get("/metrics").text
    assert "anna" not in answer
    assert str(here.settings.home) not in answer


# The files for Prometheus and Grafana


def known(app: Flask) -> set[str]:
    """Names of figures: of those that are declared, and those that an answer holds."""
    shown = {line.partition("{")[0].partition(" ")[0] for line in figures(app)}
    return {_ENDS.sub("", each) for each in shown} | set(measures.MEASURES)


def named(where: str) -> set[str]:
    return {_ENDS.sub("", each) for each in _NAME.findall(where)}


def test_the_dashboard_shows_only_what_is_there(app: Flask) -> None:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text())
    told = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    wanted = named(" ".join(told))
    assert len(wanted) > 15
    assert wanted <= known(app)
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


def test_the_alerts_ask_only_for_what_is_there(app: Flask) -> None:
    text = (DEPLOY / "prometheus-alerts.yaml").read_text()
    wanted = named(" ".join(re.findall(r"expr: (.*)", text)))
    assert len(wanted) > 5
    assert wanted <= known(app)


def test_every_figure_is_described(app: Flask) -> None:
    text = (DEPLOY.parent / "how-to" / "watching.md").read_text()
    assert {each for each in known(app) if each.startswith("kontora_")} - named(text) == set()


# Several processes

COUNT = """
import os, sys
from pathlib import Path
from kontora import measures
measures.share(Path(sys.argv[1]))
measures.count("kontora_statements_total", by=5)
measures.count("kontora_requests_in_flight", by=3)
print(measures.slot(), flush=True)
child = os.fork()
if not child:
    measures.count("kontora_statements_total", by=2)
    os._exit(0)
os.waitpid(child, 0)
sys.stdin.readline()
if sys.argv[2:] == ["show"]:
    print(measures.exposed(lambda registry: None).decode())
"""


def counting(folder: Path, *more: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", COUNT, str(folder), *more],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_processes_count_together_and_their_places_are_used_again(tmp_path: Path) -> None:
    """One is killed: what it counted stays, how it stood is forgotten, its place is taken."""
    killed, first = counting(tmp_path)
    other, second = counting(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    third, again = counting(tmp_path)
    last, _fourth = counting(tmp_path, "show")
    said = last.communicate("\n")[0]
    for each in (other, third):
        each.communicate("\n")
    assert first == again != second
    assert "kontora_statements_total 28.0" in said
    assert "kontora_requests_in_flight 9.0" in said
    places = {each.name for each in tmp_path.glob("*.slot")}
    assert len(places) <= 7, "as many as processes at one time, forks included"


def test_two_web_processes_answer_with_the_same_figures(tmp_path: Path) -> None:
    """A real server: gunicorn with two workers and a worker of jobs beside them."""
    home = tmp_path / "home"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KONTORA_")}
    environment["KONTORA_HOME"] = str(home)
    program = [sys.executable, "-m", "kontora"]
    subprocess.run([*program, "init"], env=environment, check=True, capture_output=True)
    serve = [*program, "serve", "--port", "0", "--workers", "2"]
    with subprocess.Popen(serve, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            port = next(
                found[1] for line in server.stderr if (found := re.search(r":(\d+)/$", line))
            )
            _two_workers(int(port))
        finally:
            server.terminate()
            server.communicate(timeout=60)
    assert not beginning.shared_folder(home).exists(), "the memory is free again"


def _two_workers(port: int) -> None:
    import http.client

    def get(path: str) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", path)
        body = connection.getresponse().read().decode()
        connection.close()
        return body

    for _time in range(20):
        get("/sign-in")
    line = 'kontora_requests_total{method="GET",route="/sign-in",status="200"} 20.0'
    for _time in range(8):
        shown = get("/metrics")
        assert line in shown
    assert 'kontora_jobs{state="dead"} 0.0' in shown
    assert "kontora_jobs{pid" not in shown, "read anew, not kept by each process"
    places = set(re.findall(r'kontora_process_resident_bytes\{pid="(\d+)"\}', shown))
    assert len(places) >= 2, "both processes tell their memory"


def test_the_first_requests_of_a_process_come_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, faults, usual = 8, [], sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads take turns as often as they can
    for _ in range(30):
        monkeypatch.setattr(measures, "_metrics", {})
        measures._own.cache_clear()
        measures._child.cache_clear()
        start = threading.Barrier(threads)

        def first(start: threading.Barrier = start) -> None:
            start.wait()
            try:
                for name in measures.MEASURES:
                    if not measures.MEASURES[name].labels:
                        measures.count(name)
            except ValueError as error:  # "Duplicated timeseries"
                faults.append(error)

        running = [threading.Thread(target=first) for _ in range(threads)]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
    sys.setswitchinterval(usual)
    measures._own.cache_clear()
    measures._child.cache_clear()
    assert not faults
