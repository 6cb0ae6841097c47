"""heed's numbers against the known truth of simulated worlds: intervals, confidence, regret, and what they cost.

``python -m benchmarks.confidence`` prints the tables of `benchmarks/RESULTS.md`. Each world is played, heed learns from
all but a sealed part of its customers, and is asked about every moment of the others. With ``--learn`` the constants of
:data:`training.model.bundle.SIMULATED` are learnt anew from these worlds, and each is judged by what the others teach.
Those in force come from seeds 301 to 318, which is why others are the default here.
"""

import argparse
import json
import pickle
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from benchmarks.confidence.cost import Cost, costs
from benchmarks.confidence.findings import findings
from benchmarks.confidence.tables import markdown
from benchmarks.confidence.worlds import Told, taught, told
from training.model.split import Part


def main() -> None:
    """Measure, say how far it is on stderr, print the tables and write the JSON."""
    given = _arguments()
    seeds = given.seeds or range(given.seed, given.seed + given.worlds)
    worlds, timed = gather(seeds, given.customers, given.workers, given.cache)
    found = findings(worlds, timed, learn=given.learn)
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
    print(markdown(found))


def gather(
    seeds: Sequence[int], customers: int, workers: int, cache: Path | None = None
) -> tuple[list[Told], tuple[Cost, ...]]:
    """What heed says in these worlds; what that costs is measured on the first, before the others begin."""
    print(f"world {seeds[0]} of {customers:,} customers, and what it costs", file=sys.stderr, flush=True)
    world, played, prepared, bundle = taught(seeds[0], customers)
    first = told(world, played, prepared, bundle)
    timed = costs(bundle, played.data, prepared.contacts(Part.TEST))
    del world, played, prepared, bundle
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        others = list(pool.map(one_world, seeds[1:], repeat(customers), repeat(cache)))
    return [first, *others], timed


def one_world(seed: int, customers: int, cache: Path | None = None) -> Told:
    """What heed says in one world, its number and its seconds on stderr; from the cache where it is kept there."""
    kept = None if cache is None else cache / f"told-{seed}-{customers}.pickle"
    if kept is not None and kept.exists():
        found: Told = pickle.loads(kept.read_bytes())
        return found
    began = perf_counter()
    one = told(*taught(seed, customers))
    print(f"world {seed} of {customers:,} customers: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(one))
    return one


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--customers", type=int, default=4_000, help="of each world")
    parser.add_argument("--seed", type=int, default=41, help="of the first world; the others follow")
    parser.add_argument("--seeds", type=int, nargs="+", help="of all worlds, in place of --worlds and --seed")
    parser.add_argument("--workers", type=int, default=1, help="worlds at the same time, after the first")
    parser.add_argument("--cache", type=Path, help="a folder of worlds done before by the same heed, and for these")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--learn", action="store_true", help="also learn the constants of confidence from these worlds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
