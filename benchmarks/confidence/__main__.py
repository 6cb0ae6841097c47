"""heed's numbers against the known truth of simulated worlds: intervals, confidence, regret, and what they cost.

``python -m benchmarks.confidence`` prints the tables of `benchmarks/RESULTS.md`. Each world is played, heed learns from
all but a sealed part of its customers, and is asked about every moment of the others. With ``--learn`` the constants of
:data:`heed.training.model.bundle.SIMULATED_TRUST` are learnt anew from these worlds, and each is judged by what the
others teach. Those in force come from seeds 301 to 318, which is why others are the default here.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from benchmarks.confidence.benchmark_results import benchmark_results
from benchmarks.confidence.confidence_tables import markdown
from benchmarks.confidence.world_runs import run_worlds


def main() -> None:
    """Measure, say how far it is on stderr, print the tables and write the JSON."""
    given = _arguments()
    seeds = given.seeds or range(given.seed, given.seed + given.worlds)
    worlds, timed = run_worlds(seeds, given.customers, given.workers, given.cache)
    found = benchmark_results(worlds, timed, learn=given.learn)
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(found), indent=2) + "\n", encoding="utf-8")
    print(markdown(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--customers", type=int, default=4_000, help="of each world")
    parser.add_argument("--seed", type=int, default=41, help="of the first world; the others follow")
    parser.add_argument("--seeds", type=int, nargs="+", help="of all worlds, in place of --worlds and --seed")
    parser.add_argument("--workers", type=int, default=1, help="worlds at the same time, after the first")
    parser.add_argument("--cache", type=Path, help="a folder of worlds done before by the same heed; all but the first")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--learn", action="store_true", help="also learn the constants of confidence from these worlds")
    return parser.parse_args()


if __name__ == "__main__":
    main()
