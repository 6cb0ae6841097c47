"""Adapt the public data sets that are to be had and hold their success rates against the published ones.

    python -m benchmarks.adapters --data ../shared/data

Prints a line per data set and per arm. Exit code 1 if a rate lies more than four standard errors from its reference.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from heed.training.adapters.registry import NAMES, adapter
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.outcome_labels import is_matured, last_moment, outcome_labels, primary_outcome

TOLERANCE = 4.0


@dataclass(frozen=True, slots=True)
class Reference:
    """A published rate among the contacts whose `column` begins with `prefix` (all but hold where it is ``!``)."""

    prefix: str
    rate: float
    column: str = "action_id"


# Hillstrom: scikit-uplift's EDA notebook. Bank: the authors' notes. Donors: table 2A of the paper. Voters: the full
# file. Shop: table 1 of the repository, full size. The rewards data has no published rates.
PUBLISHED = {
    "hillstrom": (Reference("mens", 0.182757), Reference("womens", 0.151400), Reference("hold", 0.106167)),
    "bank_marketing": (Reference("", 0.1127),),
    "karlan_list": (Reference("hold", 0.018), Reference("!", 0.022)),
    "social_pressure": (
        *(Reference("hold", 0.2966), Reference("civic_duty", 0.3145), Reference("hawthorne", 0.3224)),
        *(Reference("self", 0.3452), Reference("neighbors", 0.3779)),
    ),
    "obd": (Reference("random", 0.0050, "policy"), Reference("thompson", 0.0065, "policy")),
    "starbucks": (),
}


def main() -> int:
    """Run on every data set whose folder is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder per data set")
    folders = [(name, folder) for name in NAMES if (folder := parser.parse_args().data / name).is_dir()]
    wide = [failure for name, folder in folders for failure in _run(name, folder)]
    return 1 if wide or not folders else 0


def _run(name: str, folder: Path) -> list[Reference]:
    begin = time.perf_counter()
    data = adapter(name)(folder)
    seconds = time.perf_counter() - begin
    outcome = primary_outcome(data)
    success = outcome_labels(data, outcome)
    counts = ", ".join(f"{len(frame):,} {table}" for table, frame in data.tables())
    closed = is_matured(data, outcome, last_moment(data)).mean()
    print(f"{name}: {seconds:.1f} s; {counts}; {outcome} {success.mean():.4f}; {closed:.0%} watched to the end")
    return [reference for reference in PUBLISHED[name] if not _near(data, success, reference)]


def _near(data: EngagementData, success: np.ndarray, reference: Reference) -> bool:
    text = data.contacts[reference.column]
    chosen = (text != "hold") if reference.prefix == "!" else text.str.startswith(reference.prefix)
    rate, count = success[chosen].mean(), int(chosen.sum())
    error = np.sqrt(reference.rate * (1 - reference.rate) / count)
    off = (rate - reference.rate) / error
    against = f"published {reference.rate:.4f}; {off:+.1f} standard errors"
    print(f"  {reference.prefix or 'all':9} {rate:.4f} of {count:,}; {against}")
    return bool(abs(off) <= TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
