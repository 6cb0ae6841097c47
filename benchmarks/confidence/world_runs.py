"""Several worlds, one after the other or side by side."""

import pickle
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter

from benchmarks.confidence.cost import Cost, costs
from benchmarks.confidence.worlds import WorldScores, score_world, taught
from heed.training.model.split import Part


def run_worlds(
    seeds: Sequence[int], customers: int, workers: int, cache: Path | None = None
) -> tuple[list[WorldScores], tuple[Cost, ...]]:
    """What heed says in these worlds; what that costs is measured on the first, before the others begin."""
    print(f"world {seeds[0]} of {customers:,} customers, and what it costs", file=sys.stderr, flush=True)
    world, played, prepared, bundle = taught(seeds[0], customers)
    first = score_world(world, played, prepared, bundle)
    timed = costs(bundle, played.data, prepared.contacts(Part.TEST))
    del world, played, prepared, bundle
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        others = list(pool.map(one_world, seeds[1:], repeat(customers), repeat(cache)))
    return [first, *others], timed


def one_world(seed: int, customers: int, cache: Path | None = None) -> WorldScores:
    """What heed says in one world, its number and its seconds on stderr; from the cache where it is kept there."""
    kept = None if cache is None else cache / f"told-{seed}-{customers}.pickle"
    if kept is not None and kept.exists():
        found: WorldScores = pickle.loads(kept.read_bytes())
        return found
    began = perf_counter()
    one = score_world(*taught(seed, customers))
    print(f"world {seed} of {customers:,} customers: {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(pickle.dumps(one))
    return one
