"""heed killed without warning under clients that repeat: what was answered and lost, and which caps were exceeded.

``python -m benchmarks.crashes --kills 20`` starts `heed serve` on a small model that it trains, lets 8 clients ask
without pause, ends all its processes by SIGKILL, starts it again, and so on; then it holds every answer that a client
has against the ledger. ``--database postgresql`` keeps the ledger in a PostgreSQL of its own. ``--quick`` serves a
model that likes everything, which starts sooner. ``--hasty`` plants a fault: an answer that is given before its commit.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from benchmarks.crashes.run import DATABASES, Outcome, run
from benchmarks.crashes.stores import store


def main() -> None:
    """Kill, count, print; exit code 1 where a promise was broken."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder, store(given.database, Path(folder)) as kept:
        found = asyncio.run(
            run(
                Path(folder),
                kept,
                kills=given.kills,
                clients=given.clients,
                quick=given.quick or given.hasty,
                manner="hasty" if given.hasty else "honest",
                said=lambda words: print(words, file=sys.stderr, flush=True),
            )
        )
    print(_table(given.database, found))
    sys.exit(0 if found.faults.none else 1)


def _table(database: str, found: Outcome) -> str:
    broken = found.faults
    head = "| ledger | kills | answers | asked again | acts | lost | altered | repeated | over cap | doubled | chain |"
    cells = (
        database,
        found.kills,
        found.answers,
        found.retries,
        found.acts,
        broken.lost,
        broken.altered,
        broken.repeated,
        broken.over_cap,
        broken.doubled,
        broken.chain_breaks,
    )
    rule = "| --- |" + " ---: |" * (len(cells) - 1)
    told = " | ".join(f"{cell:,}" if isinstance(cell, int) else cell for cell in cells)
    return f"{head}\n{rule}\n| {told} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--database", choices=DATABASES, default="sqlite")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--quick", action="store_true", help="serve without a trained model")
    parser.add_argument("--hasty", action="store_true", help="plant a fault that must be found")
    return parser.parse_args()


if __name__ == "__main__":
    main()
