"""Traces of decisions by OpenTelemetry, where `HEED_TRACING` asks for them: a span for each, with one for each stage.

Spans are made after the answer, from times that are taken anyway, so tracing costs nothing while it is off. Where spans
go, and which are sampled, is set by the variables of OpenTelemetry (``OTEL_TRACES_SAMPLER``,
``OTEL_EXPORTER_OTLP_ENDPOINT`` and so on).
"""

import sys
from collections.abc import Callable, Mapping
from time import perf_counter_ns, time_ns

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from heed.decisioning import __version__
from heed.serving.observability.request_ids import REQUEST_CONTEXT
from heed.serving.observability.timings import StageTimings


class Tracing:
    """Makes spans of decisions.

    Parameters
    ----------
    processor : SpanProcessor
        Where ended spans go.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        named = {"service.name": "heed", "service.version": __version__}
        self._provider = TracerProvider(resource=Resource.create(named))
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("heed", __version__)
        self._context = TraceContextTextMapPropagator()

    def record(self, decision_id: str, disposition: str, timings: StageTimings) -> None:
        """Make the spans of one decision, in the caller's trace where one was sent."""
        context = REQUEST_CONTEXT.get()
        carrier = {} if context is None or context.traceparent is None else {"traceparent": context.traceparent}
        shift = time_ns() - perf_counter_ns()
        span = self._tracer.start_span(
            "decide",
            self._context.extract(carrier),
            SpanKind.SERVER,
            {"heed.decision_id": decision_id, "heed.disposition": disposition},
            start_time=timings.began + shift,
        )
        if span.is_recording():
            inside = set_span_in_context(span)
            for name, began, ended in timings.laps:
                lap = self._tracer.start_span(name, inside, start_time=began + shift)
                lap.set_attribute("heed.decision_id", decision_id)
                lap.end(ended + shift)
        span.end(timings.ended + shift)

    def close(self) -> None:
        """Export what has not been exported yet."""
        self._provider.shutdown()


def tracing_of(wanted: str) -> Tracing | None:
    """Tracing as the setting says: ``off``, ``console``, or ``otlp`` to a collector over HTTP."""
    if wanted == "off":
        return None
    return Tracing(BatchSpanProcessor(_EXPORTERS[wanted]()))


_EXPORTERS: Mapping[str, Callable[[], SpanExporter]] = {
    "console": lambda: ConsoleSpanExporter(out=sys.stderr),
    "otlp": OTLPSpanExporter,
}
