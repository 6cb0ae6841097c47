"""What is told of decisions: metrics, lines of the log, traces; and that no customer is in any of it."""

import gzip
import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.datastructures import Headers

from heed.serving.ledger.facts.reports import OutcomeReport
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.operations.forecasts import CalibrationBin, Forecast
from heed.serving.ledger.reviews import ReviewBacklog
from heed.serving.observability.logs import JsonLines, with_fields
from heed.serving.observability.request_ids import request_context
from heed.serving.observability.timings import STAGES
from heed.serving.observability.tracing import Tracing, tracing_of
from tests.support.in_process_service import Heed, running_service
from tests.support.ledger_builders import NOON, Clock, act, review, wait

PLANTED = "planted.person@example.org"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


@contextmanager
def collecting() -> Iterator[tuple[str, list[bytes]]]:
    """A collector of traces at a free port, and the bodies that it received."""
    received: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200 if self.path == "/v1/traces" else 404)
            self.end_headers()

        def log_message(self, *told: Any) -> None:
            """A test's own output is enough."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", received
        finally:
            server.shutdown()
            thread.join()


def spans_in(sent: bytes) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(sent)
    return [one for resource in request.resource_spans for scope in resource.scope_spans for one in scope.spans]


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What heed's own log says at its most talkative."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("heed")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield written
    logger.removeHandler(handler)
    logger.setLevel(before)


def told(lines: io.StringIO, logger: str = "heed.decisions") -> list[Any]:
    return [one for line in lines.getvalue().splitlines() if (one := json.loads(line))["logger"] == logger]


def metrics(heed: Heed) -> dict[str, float]:
    text = heed.http.get("/metrics").text
    said = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in said}


class TestMetrics:
    def test_each_stage_of_a_decision_is_timed(self, heed: Heed) -> None:
        heed.know()
        heed.decide()
        found = metrics(heed)
        assert {found[f'heed_stage_seconds_count{{stage="{one}"}}'] for one in STAGES} == {1.0}

    def test_versions_and_parts_are_told(self, heed: Heed) -> None:
        found = metrics(heed)
        assert found[f'heed_model_info{{digest="{"d" * 12}",name="heed",version="7"}}'] == 1
        assert any(name.startswith("heed_build_info{") for name in found)
        assert (found["heed_ledger_up"], found["heed_clock_behind_seconds"], found["heed_model_failures"]) == (1, 0, 0)

    def test_orders_to_stop_are_counted_by_kind_and_not_by_name(self, heed: Heed) -> None:
        heed.post("/v1/stop", {"reason": "x", "by": "ana", "channel": PLANTED})
        heed.post("/v1/stop", {"reason": "x", "by": "ana", "disposition": "review"})
        found = metrics(heed)
        assert found['heed_stops{disposition="hold",scope="channel",source="ledger"}'] == 1
        assert found['heed_stops{disposition="review",scope="everything",source="ledger"}'] == 1

    def test_the_queue_of_reviews_is_told_with_its_age(self, tmp_path: Path) -> None:
        with running_service(tmp_path, propensities={"mail": 0.30, "text": 0.29, "banner": 0.05}, spread=0.1) as heed:
            for customer_id in ("c1", "c2"):
                heed.know(customer_id)
                heed.decide(customer_id)
                heed.clock.advance(minutes=10)
            found = metrics(heed)
        assert (found["heed_review_queue_length"], found["heed_review_queue_oldest_seconds"]) == (2, 1200)

    def test_probabilities_are_held_against_outcomes_within_their_window(self, heed: Heed) -> None:
        heed.know()
        first, second, third = (heed.decide(candidates=[one]) for one in ("mail", "text", "banner"))
        self.happened(heed, first, "conversion", timedelta(days=1))
        self.happened(heed, second, "click", timedelta(days=1))
        heed.clock.advance(days=8)
        self.happened(heed, third, "conversion", timedelta(0))
        found = metrics(heed)
        assert {name: value for name, value in found.items() if name.startswith("heed_calibration") and value} == {
            'heed_calibration_contacts{propensity="0.1-0.2"}': 1,
            'heed_calibration_contacts{propensity="0.2-0.3"}': 1,
            'heed_calibration_contacts{propensity="0.3-0.4"}': 1,
            'heed_calibration_expected{propensity="0.1-0.2"}': 0.1,
            'heed_calibration_expected{propensity="0.2-0.3"}': 0.2,
            'heed_calibration_expected{propensity="0.3-0.4"}': 0.3,
            'heed_calibration_observed{propensity="0.3-0.4"}': 1,
        }

    def test_a_contact_that_failed_or_whose_window_is_open_is_not_held_against_anything(self, heed: Heed) -> None:
        heed.know()
        failed = heed.decide(candidates=["mail"])
        contact = {"contact_id": "k", "customer_id": "c1", "at": heed.clock().isoformat(), "status": "failed"}
        heed.post("/v1/contacts", {"contacts": [{**contact, "decision_id": failed["decision_id"]}]})
        heed.clock.advance(days=8)
        heed.decide(candidates=["text"])
        assert {one.contacts for one in heed.runtime.ledger.monitoring.calibration(timedelta(days=90))} == set()

    def test_a_ledger_that_is_down_is_told_and_metrics_still_answer(self, heed: Heed) -> None:
        (heed.runtime.settings.home / "ledger.db").unlink()
        heed.decide(status=503)
        assert metrics(heed)["heed_ledger_up"] == 0

    @staticmethod
    def happened(heed: Heed, decision: Any, kind: str, after: timedelta) -> None:
        said = {"outcome_id": f"o{heed.next()}", "customer_id": "c1", "type": kind}
        at = (heed.clock() + after).isoformat()
        heed.post("/v1/outcomes", {"outcomes": [{**said, "at": at, "decision_id": decision["decision_id"]}]})

    def test_what_is_watched_is_the_same_in_both_databases(self, ledger: Ledger, clock: Clock) -> None:
        expected = Forecast("conversion", 0.25, NOON + timedelta(days=7))
        wait(ledger.decisions.commit(act("d1", forecast=expected)))
        wait(ledger.decisions.commit(act("d2", "ben", forecast=replace(expected, propensity=1.0))))
        wait(ledger.decisions.commit(review("d3", "eve")))
        wait(ledger.facts.record_outcomes([OutcomeReport("o1", "ada", "conversion", NOON, decision_id="d1")]))
        assert (ledger.reviews.backlog(), ledger.monitoring.calibration(timedelta(days=90))) == (
            ReviewBacklog(1, NOON),
            (),
        )
        clock.advance(days=7)
        assert ledger.reviews.backlog() == ReviewBacklog(0, None)
        assert ledger.monitoring.calibration(timedelta(days=90)) == (
            CalibrationBin(2, 1, 0.25, 1),
            CalibrationBin(9, 1, 1.0, 0),
        )
        assert ledger.newest() == NOON


class TestLog:
    def test_each_decision_is_one_line_with_its_id_and_the_id_of_the_request(self, heed: Heed, lines: Any) -> None:
        heed.know()
        answer = heed.http.post(
            "/decide", json={"customer_id": "c1"}, headers={"x-request-id": "shop-7", "traceparent": PARENT}
        )
        assert answer.headers["x-request-id"] == "shop-7"
        (line,) = told(lines)
        assert line.pop("milliseconds") > 0
        assert line.pop("at")
        assert line == {
            "level": "info",
            "logger": "heed.decisions",
            "message": "decided",
            "request_id": "shop-7",
            "trace_id": TRACE,
            "decision_id": answer.json()["decision_id"],
            "disposition": "act",
            "model": "7",
            "policy": answer.json()["policy"]["hash"][:12],
        }

    def test_a_planted_person_is_in_no_log_no_metric_and_no_trace(self, tmp_path: Path, lines: Any) -> None:
        spans = InMemorySpanExporter()
        with running_service(tmp_path, tracing=Tracing(SimpleSpanProcessor(spans))) as heed:
            heed.know(PLANTED, attributes={"name": PLANTED})
            heed.decide(PLANTED, customer={"attributes": {"note": PLANTED}}, context={"page": PLANTED}, key=PLANTED)
            heed.decide(PLANTED, status=400, candidates=[PLANTED])
            heed.http.post("/decide", content=PLANTED, headers={"content-type": "application/json"})
            heed.http.get(f"/v1/customers/{PLANTED}", headers={"x-request-id": f"{PLANTED} "})
            text = heed.http.get("/metrics").text
        exported = "".join(one.to_json() for one in spans.get_finished_spans())
        assert told(lines)
        assert exported
        assert PLANTED not in lines.getvalue() + text + exported

    @given(st.text(min_size=1))
    def test_no_text_makes_a_second_line(self, said: str) -> None:
        record = logging.LogRecord("heed", logging.INFO, "", 0, "%s", (said,), None)
        record.heed = with_fields(reason=said)["heed"]
        line = JsonLines().format(record)
        assert line.isascii() or "\n" not in line
        assert "\n" not in line
        assert "\r" not in line

    def test_of_an_exception_the_kind_and_the_place_are_told_and_not_the_text(self) -> None:
        try:
            {}[PLANTED]
        except KeyError as error:
            record = logging.LogRecord("heed", logging.ERROR, "", 0, "failed", (), (KeyError, error, None))
        line = JsonLines().format(record)
        assert json.loads(line)["error"]["kind"] == "KeyError"
        assert PLANTED not in line

    @pytest.mark.parametrize(
        "sent",
        [
            pytest.param("a\nb", id="two lines"),
            pytest.param("", id="nothing"),
            pytest.param("x" * 129, id="too long"),
            pytest.param("<script>", id="markup"),
            pytest.param("ä", id="beyond ASCII"),
        ],
    )
    def test_an_id_that_is_none_gets_one_of_heeds_own(self, sent: str) -> None:
        made = request_context(Headers(raw=[(b"x-request-id", sent.encode("utf-8"))])).request_id
        assert re.fullmatch(r"[0-9a-f-]{36}", made)

    @pytest.mark.parametrize(
        ("sent", "trace"),
        [
            pytest.param(PARENT, TRACE, id="in order"),
            pytest.param(f"cc-{TRACE}-00f067aa0ba902b7-01-more", TRACE, id="of a later version"),
            pytest.param(f"ff-{TRACE}-00f067aa0ba902b7-01", None, id="of a version there is none of"),
            pytest.param(f"00-{'0' * 32}-00f067aa0ba902b7-01", None, id="of no trace"),
            pytest.param(f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None, id="in capitals"),
            pytest.param("00-", None, id="half of it"),
        ],
    )
    def test_a_trace_is_taken_if_it_is_in_order(self, sent: str, trace: str | None) -> None:
        assert request_context(Headers({"traceparent": sent})).trace_id == trace


class TestTraces:
    def test_a_decision_is_a_span_of_the_callers_trace_with_one_for_each_stage(self, tmp_path: Path) -> None:
        spans = InMemorySpanExporter()
        with running_service(tmp_path, tracing=Tracing(SimpleSpanProcessor(spans))) as heed:
            heed.know()
            decision = heed.decide(traceparent=PARENT)
        *stages, whole = spans.get_finished_spans()
        assert [one.name for one in stages] == list(STAGES)
        assert {f"{one.context.trace_id:032x}" for one in (whole, *stages)} == {TRACE}
        assert f"{whole.parent.span_id:016x}" == "00f067aa0ba902b7"
        assert {one.parent.span_id for one in stages} == {whole.context.span_id}
        assert {one.attributes["heed.decision_id"] for one in (whole, *stages)} == {decision["decision_id"]}
        assert whole.start_time == stages[0].start_time <= stages[-1].end_time == whole.end_time

    def test_what_the_caller_does_not_sample_is_not_told(self, tmp_path: Path) -> None:
        spans = InMemorySpanExporter()
        with running_service(tmp_path, tracing=Tracing(SimpleSpanProcessor(spans))) as heed:
            heed.decide(traceparent=f"{PARENT[:-2]}00")
        assert spans.get_finished_spans() == ()

    def test_tracing_is_off_unless_it_is_asked_for(self, heed: Heed) -> None:
        assert heed.runtime.tracing is None
        assert tracing_of("off") is None

    def test_spans_reach_a_collector_over_otlp(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with collecting() as (endpoint, received):
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
            tracing = tracing_of("otlp")
            assert tracing is not None
            with running_service(tmp_path, tracing=tracing) as heed:
                heed.know(PLANTED)
                decision = heed.decide(PLANTED, traceparent=PARENT)
            tracing.close()
        spans = [one for sent in received for one in spans_in(sent)]
        assert {one.name for one in spans} == {"decide", *STAGES}
        assert {one.trace_id.hex() for one in spans} == {TRACE}
        assert {one.attributes[0].value.string_value for one in spans} == {decision["decision_id"]}
        assert all(PLANTED.encode() not in sent for sent in received)

    def test_a_collector_that_is_not_there_costs_no_decision(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with collecting() as (endpoint, _):
            pass
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
        tracing = tracing_of("otlp")
        with running_service(tmp_path, tracing=tracing) as heed:
            heed.know()
            assert heed.decide(traceparent=PARENT)["disposition"] == "act"
        assert tracing is not None
        tracing.close()
