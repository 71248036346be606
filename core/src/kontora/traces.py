"""Spans for OpenTelemetry, when it is asked for and installed; else nothing, at no cost.

Asked for by OTEL_EXPORTER_OTLP_ENDPOINT, or by KONTORA_TELEMETRY (`1`, or an address); needs the
extra `telemetry`. Spans never hold values of statements, addresses of pages or names of people.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.util import find_spec
from typing import Any

ENDPOINT, OWN = "OTEL_EXPORTER_OTLP_ENDPOINT", "KONTORA_TELEMETRY"
HEADER = "traceparent"
_OFF = ("", "0", "no", "off", "false")
_NOTHING: AbstractContextManager[Any] = nullcontext()
_tracer: Any = None
_provider: Any = None


def wanted(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether spans are asked for."""
    own = environ.get(OWN, "").strip().lower()
    return own not in _OFF or bool(environ.get(ENDPOINT) and own == "")


def installed() -> bool:
    """Whether the extra `telemetry` is there."""
    try:
        return find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:
        return False


def active() -> bool:
    """Whether spans are made in this process."""
    return _tracer is not None


def setup(environ: Mapping[str, str] = os.environ, exporter: Any = None) -> bool:
    """Begin to make spans if they are wanted and can be; True when they are made.

    `exporter` takes the place of OTLP, for tests.
    """
    global _tracer, _provider
    if active() or not (exporter or wanted(environ)) or not installed():
        return active()
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    name = environ.get("OTEL_SERVICE_NAME") or "kontora"
    _provider = TracerProvider(resource=Resource.create({"service.name": name}))
    processor = SimpleSpanProcessor(exporter) if exporter else BatchSpanProcessor(_otlp(environ))
    _provider.add_span_processor(processor)
    _tracer = _provider.get_tracer("kontora")
    return True


def _otlp(environ: Mapping[str, str]) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    own = environ.get(OWN, "").strip()
    if own.startswith(("http://", "https://")):
        return OTLPSpanExporter(endpoint=own.rstrip("/") + "/v1/traces")
    return OTLPSpanExporter()


def stop() -> None:
    """Send what waits, and make no more spans."""
    global _tracer, _provider
    if _provider is not None:
        _provider.shutdown()
    _tracer = _provider = None


def span(
    name: str,
    kind: str = "internal",
    attributes: Mapping[str, Any] | None = None,
    parent: str | None = None,
) -> AbstractContextManager[Any]:
    """A span around the block: the span, or None when none are made. `kind`: internal, server,
    client, consumer. `parent`: the text of a `traceparent` that the span follows and links to."""
    if _tracer is None:
        return _NOTHING
    return _span(name, kind, dict(attributes or {}), parent)


@contextmanager
def _span(
    name: str, kind: str, attributes: dict[str, Any], parent: str | None
) -> Iterator[Any]:  # fmt: skip
    from opentelemetry import trace

    context = _context(parent) if parent else None
    links = []
    if context is not None and kind == "consumer":
        links = [trace.Link(trace.get_current_span(context).get_span_context())]
    with _tracer.start_as_current_span(
        name,
        context=context,
        kind=getattr(trace.SpanKind, kind.upper()),
        attributes=attributes,
        links=links,
        # The text of an exception may hold data.
        record_exception=False,
        set_status_on_exception=False,
    ) as made:
        try:
            yield made
        except BaseException as error:
            made.set_attribute("error.type", type(error).__name__)
            made.set_status(trace.StatusCode.ERROR)
            raise


def _context(parent: str) -> Any:
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found = TraceContextTextMapPropagator().extract({HEADER: parent})
    return found if trace.get_current_span(found).get_span_context().is_valid else None


def current() -> str | None:
    """The `traceparent` of the span we are in, to hand on; None when there is none."""
    if _tracer is None:
        return None
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(HEADER)


def ended(name: str, began: int, end: int, attributes: Mapping[str, Any]) -> None:
    """A client span that is over already, from `began` to `end` (nanoseconds since 1970)."""
    if _tracer is None:
        return
    from opentelemetry import trace

    made = _tracer.start_span(
        name, start_time=began, kind=trace.SpanKind.CLIENT, attributes=dict(attributes)
    )
    made.end(end_time=end)
