"""heed killed without warning under clients that repeat: what was answered and lost, and which caps were exceeded.

``python -m benchmarks.crashes --kills 20`` trains a small model, and then, with the ledger in SQLite and again with one
in a PostgreSQL of its own, starts `heed serve` (on PostgreSQL with `--workers` workers), lets 8 clients ask without
pause, ends all its processes by SIGKILL, starts it again, and so on; then it holds every answer that a client has
against the ledger. ``--quick`` serves a model that likes everything, which starts sooner. ``--hasty`` plants a fault:
an answer that is given before its commit. The exit code is 1 where a promise was broken, and also where fewer than
``--acts`` acts were made or no cap was reached: what was not done proves nothing.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.crashes.run import DATABASES, Outcome, run
from benchmarks.crashes.stores import store
from benchmarks.crashes.subject import Subject, quick

_COLUMNS = (
    "ledger",
    "workers",
    "kills",
    "answers",
    "asked again",
    "acts",
    "held at the cap",
    "lost",
    "altered",
    "repeated",
    "over cap",
    "doubled",
    "chain",
)


@dataclass(frozen=True)
class Served:
    """What is killed on each database.

    Attributes
    ----------
    subject : callable
        Of the folder and the number of workers.
    workers : int
        Processes that decide on PostgreSQL.
    """

    subject: Callable[[Path, int], Subject]
    workers: int

    def on(self, database: str) -> int:
        """How many processes decide; a ledger in SQLite takes one."""
        return 1 if database == "sqlite" else self.workers


def main() -> None:
    """Kill, count, print; exit code 1 where a promise was broken or too little was done."""
    given = _arguments()
    # The default would leave the server running alone.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    objections: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        served = _quick(hasty=given.hasty) if given.quick else _whole(Path(folder), given.workers, hasty=given.hasty)
        print(f"{_row(_COLUMNS)}\n| --- |{' ---: |' * (len(_COLUMNS) - 1)}", flush=True)
        for database in given.database:
            found = _killed(Path(folder) / database, database, served, given)
            print(_row(_cells(database, served.on(database), found)), flush=True)
            objections += [f"{database}: {why}" for why in found.objections(given.acts)]
    for why in objections:
        print(why, file=sys.stderr)
    sys.exit(1 if objections else 0)


def _killed(home: Path, database: str, served: Served, given: argparse.Namespace) -> Outcome:
    home.mkdir()
    with store(database, home) as kept:
        return asyncio.run(
            run(
                home,
                kept,
                served.subject(home, served.on(database)),
                kills=given.kills,
                clients=given.clients,
                said=lambda words: print(f"{database}: {words}", file=sys.stderr, flush=True),
            )
        )


def _quick(*, hasty: bool) -> Served:
    return Served(lambda home, _: quick(home, hasty=hasty), 1)


def _whole(folder: Path, workers: int, *, hasty: bool) -> Served:
    # Imported here: it brings all of training, which the quick one does without.
    from benchmarks.crashes.world import lived, whole

    made = lived(folder)
    return Served(lambda _, chosen: whole(made, chosen, hasty=hasty), workers)


def _row(cells: tuple[str | int, ...]) -> str:
    return f"| {' | '.join(f'{one:,}' if isinstance(one, int) else one for one in cells)} |"


def _cells(database: str, workers: int, one: Outcome) -> tuple[str | int, ...]:
    broken = one.faults
    done = (database, workers, one.kills, one.answers, one.retries, one.acts, one.at_cap)
    return (*done, broken.lost, broken.altered, broken.repeated, broken.over_cap, broken.doubled, broken.chain_breaks)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--database", choices=DATABASES, nargs="+", default=DATABASES)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=3, help="processes that decide, on PostgreSQL")
    parser.add_argument("--acts", type=int, default=300, help="how many acts there must be at least")
    parser.add_argument("--quick", action="store_true", help="serve without a trained model, from one process")
    parser.add_argument("--hasty", action="store_true", help="plant a fault that must be found")
    return parser.parse_args()


if __name__ == "__main__":
    main()
