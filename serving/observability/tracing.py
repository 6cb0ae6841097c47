"""Traces of decisions by OpenTelemetry, where `HEED_TRACING` asks for them: a span for each, with one for each stage.

The spans are made once the decision is answered, from the times that its stages took anyway, so that tracing costs
nothing while it is off and nothing on the way of an answer that is not sampled. Where spans go, and which are sampled,
the variables of OpenTelemetry say (``OTEL_TRACES_SAMPLER``, ``OTEL_EXPORTER_OTLP_ENDPOINT`` and so on).
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

    def decided(self, decision_id: str, disposition: str, stages: StageTimings) -> None:
        """Tell of one decision, as a part of the caller's trace where one was sent."""
        asked = REQUEST_CONTEXT.get()
        carrier = {} if asked is None or asked.traceparent is None else {"traceparent": asked.traceparent}
        shift = time_ns() - perf_counter_ns()
        span = self._tracer.start_span(
            "decide",
            self._context.extract(carrier),
            SpanKind.SERVER,
            {"heed.decision_id": decision_id, "heed.disposition": disposition},
            start_time=stages.began + shift,
        )
        if span.is_recording():
            inside = set_span_in_context(span)
            for name, began, ended in stages.laps:
                lap = self._tracer.start_span(name, inside, start_time=began + shift)
                lap.set_attribute("heed.decision_id", decision_id)
                lap.end(ended + shift)
        span.end(stages.ended + shift)

    def close(self) -> None:
        """Hand over what has not been handed over yet."""
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
