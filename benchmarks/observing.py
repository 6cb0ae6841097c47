"""What logs and traces cost a decision, and what a burst for one customer comes to. In one process, without HTTP.

``python -m benchmarks.observing`` decides for every customer of a made world in turn with the log silent, with a line
for each decision, and with that and traces; the rounds are interleaved, and ratios are medians of paired rounds. Then
it asks for decisions about one customer all at once, and for as many about different customers.
"""

import argparse
import asyncio
import io
import logging
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, process_time

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from benchmarks.online_home import Prepared, prepared
from heed.decisioning.errors import HeedError
from heed.serving.bootstrap import bootstrap
from heed.serving.decisions.record import Caller
from heed.serving.garbage_collection import tune_gc
from heed.serving.observability.logs import JsonLines
from heed.serving.observability.tracing import Tracing
from heed.serving.runtime import Runtime
from heed.serving.schemas.decision_requests import DecideRequest
from heed.serving.settings import Settings

_BURST = 200


class _Nowhere(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = prepared(Path(folder), customers=arguments.customers, searched=False)
        asyncio.run(_measured(home, arguments.rounds))


async def _measured(home: Prepared, rounds: int) -> None:
    tracing = Tracing(BatchSpanProcessor(_Nowhere()))
    running = bootstrap(Settings(home=home.path, model=str(home.bundle)), tracing=tracing)
    running.deployment.try_load()
    tune_gc()
    try:
        await _costs(running, home, tracing, rounds)
        await _bursts(running, home)
    finally:
        running.ledger.close()
        tracing.close()


async def _costs(running: Runtime, home: Prepared, tracing: Tracing, rounds: int) -> None:
    took: dict[str, list[float]] = {"neither": [], "a line of the log": [], "the line and a trace": []}
    for turn in range(rounds + 1):
        for name, seconds in took.items():
            _set(running, tracing if "trace" in name else None, logging.WARNING if name == "neither" else logging.INFO)
            one = await _all(running, home)
            if turn:
                seconds.append(one / len(home.customer_ids))
    print("| told of each decision | us of processor a decision | ratio |\n| --- | ---: | ---: |")
    for name, seconds in took.items():
        ratio = statistics.median(a / b for a, b in zip(seconds, took["neither"], strict=True))
        print(f"| {name} | {1e6 * statistics.median(seconds):.0f} | {ratio:.3f} |")


def _set(running: Runtime, tracing: Tracing | None, level: int) -> None:
    logger = logging.getLogger("heed")
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(JsonLines())
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(level)
    running.services.decisions.observer.tracing = tracing


async def _all(running: Runtime, home: Prepared) -> float:
    # Of the processor and not of the wall, so that other work on the machine does not count, nor the wait for the disk.
    began = process_time()
    for customer_id in home.customer_ids:
        await running.services.decisions.decide(DecideRequest(customer_id=customer_id), Caller("benchmark"))
    return process_time() - began


async def _bursts(running: Runtime, home: Prepared) -> None:
    print(f"\n| {_BURST} requests at once | answered | errors | seconds |\n| --- | ---: | ---: | ---: |")
    one = [home.customer_ids[0]] * _BURST
    for name, asked in (("about one customer", one), ("about different ones", home.customer_ids[:_BURST])):
        began = perf_counter()
        said = await asyncio.gather(*(_tried(running, customer_id) for customer_id in asked))
        print(f"| {name} | {sum(said)} | {len(said) - sum(said)} | {perf_counter() - began:.2f} |")


async def _tried(running: Runtime, customer_id: str) -> bool:
    try:
        await running.services.decisions.decide(DecideRequest(customer_id=customer_id), Caller("benchmark"))
    except (HeedError, TimeoutError):
        return False
    return True


if __name__ == "__main__":
    main()
