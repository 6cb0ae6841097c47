"""The peers: runs in an environment of its own and knows nothing of heed.

``python -m benchmarks.quality.peers probabilities|learners|plain TASK.npz ANSWER.npz`` reads matrices and writes what
each method says. Every method is tuned as a competent user would, on the training rows alone.
"""

import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.quality.tasks import PeerAnswer, PeerTask, load_task, save_answer


def main() -> None:
    """Answer one task."""
    # Thousands of lines about feature names and solver defaults would hide the progress.
    warnings.simplefilter("ignore")
    kind, task, answer = sys.argv[1:4]
    methods = import_module(f"benchmarks.quality.{kind}").METHODS
    save_answer(_asked(methods, load_task(Path(task))), Path(answer))


def _asked(methods: Mapping[str, Callable[[PeerTask], np.ndarray]], task: PeerTask) -> PeerAnswer:
    said, seconds = {}, {}
    for name, method in methods.items():
        began = perf_counter()
        said[name] = method(task)
        seconds[name] = perf_counter() - began
        print(f"    {name}: {seconds[name]:.1f} s", file=sys.stderr, flush=True)
    return PeerAnswer(said, seconds)


if __name__ == "__main__":
    main()
