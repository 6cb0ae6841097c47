"""`POST /decide` in full beside a bare handler that only calls LightGBM's predict, in one run on this machine.

``python -m benchmarks.online`` makes a world with 20 actions, trains on it, serves it with heed and with the bare
handler of `benchmarks.bare`, loads both in turn at 1, 8 and 32 connections, and prints requests a second, median and
99th percentile and the ratios, then where the time of one decision goes. ``--quick`` is a smaller run of the same.

Every request names another customer, as in real traffic: asking for one customer again and again measures a warm cache.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import numpy as np

from benchmarks.online_home import ACTIONS, Prepared, prepared
from benchmarks.online_stages import stages
from benchmarks.ports import free_port
from heed.serving.settings import Settings

CONNECTIONS = (1, 8, 32)
Figures = dict[str, float]


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        home = prepared(Path(folder), customers=arguments.customers)
        results = _loads(home, arguments.rounds, arguments.seconds)
        _print_loads(results)
        _print_stages(stages(Settings(home=home.path), home))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--customers", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--quick", action="store_const", const=(600, 2, 1.0), help="a smaller run of the same")
    parsed = parser.parse_args()
    if parsed.quick is not None:
        parsed.customers, parsed.rounds, parsed.seconds = parsed.quick
    return parsed


def _loads(home: Prepared, rounds: int, seconds: float) -> dict[int, dict[str, list[Figures]]]:
    results: dict[int, dict[str, list[Figures]]] = {n: {"heed": [], "bare": []} for n in CONNECTIONS}
    with served(heed_served(home), home) as (heed, _), served(_bare(home), home) as (bare, _):
        for connections in CONNECTIONS:
            for _ in range(rounds):
                for name, port in (("heed", heed), ("bare", bare)):
                    results[connections][name].append(_load(port, home.bodies, connections, seconds))
    return results


def _load(port: int, bodies: Path, connections: int, seconds: float) -> Figures:
    """One load from a process of its own."""
    call = [sys.executable, "-m", "benchmarks.load", str(port), "/decide", str(bodies), str(connections), str(seconds)]
    done = subprocess.run(call, check=True, capture_output=True, text=True, timeout=60.0 + seconds)
    figures: Figures = json.loads(done.stdout)
    if figures["bad"]:
        raise RuntimeError(f"{figures['bad']:.0f} of {figures['requests']:.0f} answers were not 200")
    return figures


def heed_served(home: Prepared) -> tuple[list[str], dict[str, str]]:
    command = [sys.executable, "-m", "bentoml", "serve", "heed.serving.bento:Heed", "--host", "127.0.0.1", "--port"]
    return command, {"HEED_HOME": str(home.path), "HEED_MODEL": str(home.bundle), "HEED_POLICY": str(home.policy)}


def _bare(home: Prepared) -> tuple[list[str], dict[str, str]]:
    command = [sys.executable, "-m", "uvicorn", "benchmarks.bare:app", "--factory", "--log-level", "warning", "--port"]
    return command, {"HEED_BARE": str(home.bare)}


@contextmanager
def served(what: tuple[list[str], dict[str, str]], home: Prepared) -> Iterator[tuple[int, int]]:
    """Port and id of a server in a process of its own, up when this returns and stopped by its id afterwards."""
    command, named = what
    port = free_port()
    fixed = {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": str(home.path / "bentoml"), "OMP_NUM_THREADS": "1"}
    server = subprocess.Popen(
        [*command, str(port)],
        env={**os.environ, **fixed, **named},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _await(f"http://127.0.0.1:{port}/decide", home, server)
        yield port, server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)


def _await(url: str, home: Prepared, server: "subprocess.Popen[bytes]") -> None:
    body = home.bodies.read_text(encoding="utf-8").splitlines()[0]
    deadline = time.monotonic() + 300.0
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.post(url, content=body, headers={"content-type": "application/json"}, timeout=10.0).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {url}")


def _print_loads(results: dict[int, dict[str, list[Figures]]]) -> None:
    print(f"{ACTIONS} candidates, median of {len(results[1]['heed'])} interleaved rounds\n")
    print("| connections | heed req/s | bare req/s | ratio | heed p50 ms | heed p99 ms | bare p99 ms | p99 ratio |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for connections, by_name in results.items():
        middle = {name: _medians(by_name[name]) for name in by_name}
        heed, bare = middle["heed"], middle["bare"]
        ratio = statistics.median(_ratios(by_name, "rps"))
        tail = statistics.median(_ratios(by_name, "p99_ms"))
        print(
            f"| {connections} | {heed['rps']:.0f} | {bare['rps']:.0f} | {ratio:.2f} | {heed['p50_ms']:.2f} "
            f"| {heed['p99_ms']:.2f} | {bare['p99_ms']:.2f} | {tail:.1f} |"
        )


def _ratios(by_name: dict[str, list[Figures]], figure: str) -> list[float]:
    return [one[figure] / other[figure] for one, other in zip(by_name["heed"], by_name["bare"], strict=True)]


def _medians(rounds: list[Figures]) -> Figures:
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def _print_stages(found: dict[str, list[float]]) -> None:
    print("\n| stage of one decision, in process | median us | p90 us |\n| --- | ---: | ---: |")
    for name, seconds in found.items():
        middle, high = np.percentile(np.array(seconds) * 1e6, [50, 90])
        print(f"| {name} | {middle:.0f} | {high:.0f} |")


if __name__ == "__main__":
    main()
