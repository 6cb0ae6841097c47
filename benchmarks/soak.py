"""A soak: steady load for minutes against a real `heed serve`, with memory and latency window by window.

``python -m benchmarks.soak --minutes 10`` makes a world, trains on it, serves it, sends `--rate` requests a second over
8 connections, each about another customer, and prints for each window what the processes of the service held in memory
and how long answers took. The line at the end says whether memory stayed within 10 % and whether the 99th percentile
stayed where it was. ``--picture FILE`` draws both.
"""

import argparse
import asyncio
import statistics
import tempfile
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

from benchmarks.load import requests_of
from benchmarks.online import heed_served, served
from benchmarks.online_home import prepared

CONNECTIONS = 8
_FLAT = 1.10
_HEAD = "| minute | requests | bad | memory MiB | p50 ms | p99 ms |\n| ---: | ---: | ---: | ---: | ---: | ---: |"


@dataclass(frozen=True, slots=True)
class Window:
    """What one stretch of the soak showed; memory in MiB, times in milliseconds."""

    minute: float
    requests: int
    bad: int
    memory: float
    p50: float
    p99: float


class Soak:
    """One run of the load.

    Parameters
    ----------
    rate : float
        Requests a second over all connections.
    """

    def __init__(self, port: int, requests: list[bytes], rate: float) -> None:
        self.port = port
        self.requests = requests
        self.pause = CONNECTIONS / rate
        self.seconds: list[float] = []
        self.bad = 0

    async def run(self, minutes: float, window: float, server: psutil.Process) -> list[Window]:
        """Load for so long, and look at the end of each window."""
        ended = perf_counter() + 60.0 * minutes
        clients = [asyncio.create_task(self._client(place, ended)) for place in range(CONNECTIONS)]
        windows: list[Window] = []
        for place in count(1):
            await asyncio.sleep(window)
            windows.append(self._looked(place * window / 60.0, server))
            print(_row(windows[-1]), flush=True)
            if perf_counter() >= ended:
                break
        await asyncio.gather(*clients)
        return windows

    def _looked(self, minute: float, server: psutil.Process) -> Window:
        seconds, self.seconds = self.seconds, []
        bad, self.bad = self.bad, 0
        p50, p99 = np.percentile(np.array(seconds) * 1000.0, [50, 99])
        return Window(minute, len(seconds), bad, _memory(server), float(p50), float(p99))

    async def _client(self, place: int, ended: float) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        due = perf_counter() + place * self.pause / CONNECTIONS
        for turn in count(place, CONNECTIONS):
            await asyncio.sleep(max(0.0, due - perf_counter()))
            # From when it was due: a server that is late cannot make the load wait for it unseen.
            writer.write(self.requests[turn % len(self.requests)])
            self.bad += not await _answered(reader)
            self.seconds.append(perf_counter() - due)
            due += self.pause
            if due >= ended:
                break
        writer.close()


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read one answer to its end; whether it was 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(length)
    return head.startswith(b"HTTP/1.1 200")


def _memory(server: psutil.Process) -> float:
    """What the service and its workers hold, in MiB."""
    held = [one.memory_info().rss for one in (server, *server.children(recursive=True))]
    return sum(held) / 2**20


def verdict(windows: list[Window]) -> str:
    """How memory and the 99th percentile went from the second quarter, after warming up, to the last."""
    quarter = max(1, len(windows) // 4)
    early, late = windows[quarter : 2 * quarter] or windows, windows[-quarter:]
    memory, tail = (
        statistics.median(getattr(one, name) for one in late) / statistics.median(getattr(one, name) for one in early)
        for name in ("memory", "p99")
    )
    bad = sum(one.bad for one in windows)
    flat = "flat" if memory <= _FLAT else "NOT flat"
    total = sum(one.requests for one in windows)
    return f"{total:,} requests, {bad} not answered by 200; memory x{memory:.3f} ({flat}), p99 x{tail:.2f}"


def _row(one: Window) -> str:
    return f"| {one.minute:.2f} | {one.requests} | {one.bad} | {one.memory:.1f} | {one.p50:.2f} | {one.p99:.2f} |"


def draw(windows: list[Window], file: Path) -> None:
    """Memory and latency over time, one above the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    minutes = [one.minute for one in windows]
    upper.plot(minutes, [one.memory for one in windows], color="#0b6e4f")
    upper.set(ylabel="memory, MiB", ylim=(0, None))
    for name, colour in (("p50", "#0b6e4f"), ("p99", "#b4472e")):
        lower.plot(minutes, [getattr(one, name) for one in windows], color=colour, label=name)
    lower.set(ylabel="answer, ms", xlabel="minutes", ylim=(0, None))
    lower.legend(frameon=False)
    figure.savefig(file, dpi=120)


def main() -> None:
    """Make everything, load, print, draw."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        home = prepared(Path(folder), customers=arguments.customers, searched=not arguments.quick)
        requests = requests_of("/decide", home.bodies.read_text(encoding="utf-8").splitlines())
        with served(heed_served(home), home) as (port, server):
            print(f"{arguments.rate:.0f} requests a second for {arguments.minutes:g} minutes\n")
            print(_HEAD)
            soak = Soak(port, requests, arguments.rate)
            windows = asyncio.run(soak.run(arguments.minutes, arguments.window, psutil.Process(server)))
    print(f"\n{verdict(windows)}")
    if arguments.picture is not None:
        draw(windows, arguments.picture)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--window", type=float, default=15.0, help="seconds")
    parser.add_argument("--rate", type=float, default=150.0, help="requests a second")
    parser.add_argument("--customers", type=int, default=1500)
    parser.add_argument("--quick", action="store_true", help="a model whose settings are not searched for")
    parser.add_argument("--picture", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
