"""heed beside its peers, in one run: how true the probabilities are, and how good the choices.

``python -m benchmarks.quality --data ../shared/data`` prints the tables of `benchmarks/RESULTS.md`. Customers are
divided by a seed into three quarters to train on and a quarter to test; the peers get heed's features of the same
training customers, good settings and one thread, in an environment that is made for them once below `--cache`.
"""

import argparse
import json
import sys
from pathlib import Path
from time import perf_counter

from benchmarks.quality.datasets import DATASETS, load_dataset, sources
from benchmarks.quality.peer_environment import peer_environment
from benchmarks.quality.quality_tables import markdown
from benchmarks.quality.rounds import Round, run_round
from benchmarks.quality.scores import DatasetScores, score_rounds

QUICK = 6_000


def main() -> None:
    """Measure, say how far it is on stderr, print the tables and write the JSON."""
    given = _arguments()
    asked = peer_environment(given.cache)
    known = sources(given.data, tuple(given.datasets))
    found: list[DatasetScores] = []
    for name in given.datasets:
        rounds: list[Round] = []
        for seed in range(given.seeds):
            began = perf_counter()
            print(f"{name}, seed {seed}", file=sys.stderr, flush=True)
            drawn = load_dataset(name, seed, known, QUICK if given.quick else None)
            rounds.append(run_round(drawn, asked, with_heed=not given.peers_only))
            print(f"  {perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        found.append(score_rounds(name, rounds))
        _keep(given.json, found)
    print(markdown(found))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="the folder with one folder per data set")
    parser.add_argument("--datasets", nargs="+", choices=DATASETS, default=list(DATASETS), metavar="NAME")
    parser.add_argument("--seeds", type=int, default=5, help="how many, counted from 0 (5)")
    parser.add_argument("--quick", action="store_true", help=f"about {QUICK:,} contacts of each: to see that all runs")
    parser.add_argument("--peers-only", action="store_true", help="leave heed out")
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "heed-quality", help="for the peers")
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args()


def _keep(path: Path | None, found: list[DatasetScores]) -> None:
    if path is not None:
        path.write_text(json.dumps([one.to_dict() for one in found], indent=1))


if __name__ == "__main__":
    main()
