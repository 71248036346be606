"""Spans: a request, its statements, its job hours later, and the call to another machine."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from receiver import Receiver

from kontora import traces
from kontora.access.principal import system
from kontora.lifecycle import neighbours
from kontora.lifecycle.site import Site
from kontora.work import egress, jobs
from kontora.work.egress_rules import Rules
from kontora.work.runner import run_pending
from kontora.wsgi import create_app

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    assert traces.setup({}, exporter)
    yield exporter
    traces.stop()


def named(spans: InMemorySpanExporter, start: str) -> list[Any]:
    return [each for each in spans.get_finished_spans() if each.name.startswith(start)]


def test_a_request_and_its_statements_are_one_trace(
    site: Site, spans: InMemorySpanExporter
) -> None:
    client = create_app(site).test_client()
    client.get("/readyz?token=Secret", headers={"traceparent": PARENT})
    (request,) = named(spans, "GET /readyz")
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    assert f"{request.parent.span_id:016x}" == PARENT.split("-")[2]
    assert request.attributes["http.response.status_code"] == 200
    statements = named(spans, "SELECT")
    assert statements
    assert {each.context.trace_id for each in statements} >= {request.context.trace_id}
    assert "Secret" not in str([each.to_json() for each in spans.get_finished_spans()])


def test_a_job_follows_the_request_that_asked_for_it(
    site: Site, spans: InMemorySpanExporter
) -> None:
    with traces.span("asks", "server") as asking, site.write(system("test")) as session:
        jobs.enqueue(session, "core.forget_answers")
    run_pending(site.work_site())
    (job,) = named(spans, "job core.forget_answers")
    assert job.context.trace_id == asking.get_span_context().trace_id
    assert [each.context.span_id for each in job.links] == [asking.get_span_context().span_id]
    assert job.attributes["job.attempt"] == 1


def test_a_call_hands_the_trace_on(spans: InMemorySpanExporter) -> None:
    with Receiver() as receiver:
        client = egress.Client(Rules.of(("127.0.0.0/8",)))
        with traces.span("outer"):
            client.send("POST", f"http://127.0.0.1:{receiver.port}/hook", body=b"{}")
    (call,) = named(spans, "POST 127.0.0.1")
    sent = {name.lower(): value for name, value in receiver.requests[0].headers.items()}
    assert sent["traceparent"].split("-")[1] == f"{call.context.trace_id:032x}"
    assert sent["traceparent"].split("-")[2] == f"{call.context.span_id:016x}"


def test_an_error_is_marked_without_its_words(spans: InMemorySpanExporter) -> None:
    with pytest.raises(RuntimeError), traces.span("breaks"):
        raise RuntimeError("the password is Secret")
    (broken,) = named(spans, "breaks")
    assert broken.attributes["error.type"] == "RuntimeError"
    assert "Secret" not in broken.to_json()


def test_a_strange_parent_is_no_parent(spans: InMemorySpanExporter) -> None:
    with traces.span("alone", "consumer", parent="00-zz-\r\nX: y"):
        pass
    (alone,) = named(spans, "alone")
    assert alone.parent is None
    assert alone.links == ()


def test_off_nothing_is_loaded_and_nothing_is_written(site: Site) -> None:
    with site.write(system("test")) as session:
        jobs.enqueue(session, "core.forget_answers")
        found = session.execute(jobs.JOB.select(), execution_options={"door": "work"}).mappings()
        assert {row["trace"] for row in found} == {None}
    assert traces.span("nothing") is traces.span("nothing else")
    look = "import sys, kontora.wsgi; sys.exit('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look]).returncode == 0


def test_a_missing_extra_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(traces.OWN, "1")
    assert [each.ok for each in neighbours.telemetry(site)] == [True]
    monkeypatch.setattr(traces, "installed", lambda: False)
    (check,) = neighbours.telemetry(site)
    assert not check.ok
    assert "kontora[telemetry]" in check.remedy
    assert traces.setup() is False
    monkeypatch.setenv(traces.OWN, "0")
    monkeypatch.setenv(traces.ENDPOINT, "http://127.0.0.1:9")
    assert list(neighbours.telemetry(site)) == []


def test_spans_reach_a_collector_by_http() -> None:
    got: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_given: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert traces.setup({traces.OWN: f"http://127.0.0.1:{server.server_port}"})
        with traces.span("sent far away"):
            pass
        traces.stop()
    finally:
        server.shutdown()
        server.server_close()
    assert got[0][0] == "/v1/traces"
    assert b"sent far away" in got[0][1]
