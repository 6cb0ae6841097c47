"""What passes between heed's side and the peers': matrices in a file, answers in another."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class PeerTask:
    """Rows to learn from and rows to speak about.

    Attributes
    ----------
    train, test : array of float, shapes (n, columns) and (m, columns)
        Features, NaN where missing; categories as codes.
    label : array of bool, shape (n,)
    groups : array of int, shape (n,)
        Whose rows they are: folds keep them together.
    categories : array of int
        The columns that are categories.
    taken : array of int, shape (n,)
        The action of each row, 0 for hold; empty where only probabilities are asked for.
    design : array of float, shape (actions + 1,)
        Probability of each action by design, hold first; empty where it is not constant.
    seed : array of int, shape ()
    """

    train: NDArray[np.float64]
    test: NDArray[np.float64]
    label: NDArray[np.bool_]
    groups: NDArray[np.int64]
    categories: NDArray[np.int64]
    taken: NDArray[np.int64]
    design: NDArray[np.float64]
    seed: NDArray[np.int64]

    @property
    def columns(self) -> list[int]:
        """The columns that are categories, as a list."""
        return [int(column) for column in self.categories]

    @property
    def random_state(self) -> int:
        """The seed as a number."""
        return int(self.seed)


@dataclass(frozen=True, eq=False)
class PeerAnswer:
    """What each method said of the test rows, and the seconds it took."""

    said: Mapping[str, NDArray[np.float64]]
    seconds: Mapping[str, float]


def save_task(task: PeerTask, path: Path) -> None:
    """Write a task for :func:`load_task`."""
    np.savez(path, **{field.name: getattr(task, field.name) for field in fields(task)})


def load_task(path: Path) -> PeerTask:
    """Read a task."""
    with np.load(path) as stored:
        return PeerTask(**{field.name: stored[field.name] for field in fields(PeerTask)})


def save_answer(answer: PeerAnswer, path: Path) -> None:
    """Write an answer for :func:`load_answer`; method names are kept as they are."""
    names = list(answer.said)
    arrays = {f"said{place}": answer.said[name] for place, name in enumerate(names)}
    np.savez(path, names=np.array(json.dumps(names)), seconds=np.array(json.dumps(dict(answer.seconds))), **arrays)


def load_answer(path: Path) -> PeerAnswer:
    """Read an answer."""
    with np.load(path) as stored:
        names = json.loads(str(stored["names"]))
        said = {name: stored[f"said{place}"] for place, name in enumerate(names)}
        return PeerAnswer(said, json.loads(str(stored["seconds"])))
