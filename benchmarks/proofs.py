"""What it costs to seal and to chain: commits a second with and without, and how fast the chains are walked.

    python -m benchmarks.proofs [FOLDER]

The same acts as in `benchmarks.ledger` are committed by 16 clients to a SQLite ledger. Each round measures every
variant once; the best round is reported, in commits a second, which the disk decides, and in time of the processor.
Without sealing, content is kept as it is; without chains, nothing is linked.
"""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from unittest import mock

from benchmarks.ledger import commits
from heed.serving.ledger.audit import hash_chain
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.encryption.data_keys import DataKey
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.migrate import upgrade

ROUNDS = 3
CLIENTS = 16


@contextmanager
def unsealed() -> Iterator[None]:
    """Content is kept as it is."""
    with (
        mock.patch.object(DataKey, "encrypt", lambda *told: told[-1]),
        mock.patch.object(DataKey, "encrypt_text", lambda *told: _text(told[-1])),
    ):
        yield


@contextmanager
def unchained() -> Iterator[None]:
    """Nothing is linked."""
    with mock.patch.object(hash_chain, "append_links"):
        yield


@contextmanager
def bare() -> Iterator[None]:
    """Neither."""
    with unsealed(), unchained():
        yield


@contextmanager
def whole() -> Iterator[None]:
    """As it is."""
    yield


VARIANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "sealed and chained": whole,
    "sealed alone": unchained,
    "chained alone": unsealed,
    "neither": bare,
}


def main(folder: Path) -> None:
    """Measure and print."""
    best = dict.fromkeys(VARIANTS, 0.0)
    spent = dict.fromkeys(VARIANTS, inf)
    for round_ in range(ROUNDS):
        for place, (name, variant) in enumerate(VARIANTS.items()):
            path = folder / f"{round_}-{place}.db"
            upgrade(path)
            with open_ledger(path) as ledger, variant():
                began = process_time()
                found, waits = asyncio.run(commits(ledger, CLIENTS))
                best[name] = max(best[name], found)
                spent[name] = min(spent[name], (process_time() - began) / len(waits))
    for name, found in best.items():
        print(f"{name:<20} {found:8,.0f} commits/s, {1e6 * spent[name]:6.0f} us of processor each")
    with open_ledger(folder / "0-0.db") as ledger:
        _walk(ledger)


def _walk(ledger: Ledger) -> None:
    began = perf_counter()
    found = ledger.audit.verify()
    seconds = perf_counter() - began
    print(f"verify: {found.links / seconds:,.0f} links/s over {found.links:,}, {len(found.findings)} findings")


def _text(content: str | bytes) -> str:
    return content if isinstance(content, str) else content.decode()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as made:
            main(Path(made))
