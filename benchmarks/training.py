"""Adapt, train, judge and register on the public data sets, one line each.

``python -m benchmarks.training --data ../shared/data`` prints the table of `benchmarks/RESULTS.md`. Figures are those
of the sealed part, which neither the booster nor the calibration has seen.
"""

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

from heed.training.adapters.registry import NAMES, adapter
from heed.training.contract.engagement_io import write_engagement
from heed.training.pipeline.train import TrainingResult, train


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="the folder with one folder per data set")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    print(
        "| data set | sealed rows | outcome | log-loss | of base rate | AUC | calibration error | slope | gates | s |"
    )
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | ---: |")
    for name in NAMES:
        began = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            write_engagement(adapter(name)(arguments.data / name), home / "data")
            result = train(home / "data", tracking_uri=f"sqlite:///{home / 'mlflow.db'}", seed=arguments.seed)
        print(_row(name, result, perf_counter() - began), flush=True)


def _row(name: str, result: TrainingResult, seconds: float) -> str:
    overall = result.evaluation.overall
    closed = [gate.name for gate in result.evaluation.gates if not gate.passed]
    auc = "" if overall.auc is None else f"{overall.auc:.3f}"
    return (
        f"| {name} | {overall.rows:,} | {overall.rate:.2%} | {overall.log_loss:.5f} | {overall.base_log_loss:.5f} "
        f"| {auc} | {overall.calibration_error:.4f} | {overall.slope:.2f} ± {overall.slope_error:.2f} "
        f"| {'closed: ' + ', '.join(closed) if closed else 'all open'}, {result.alias} | {seconds:.0f} |"
    )


if __name__ == "__main__":
    main()
