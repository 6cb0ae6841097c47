"""What is made once in a session and read by all its workers: a small world, a trained model, an empty ledger."""

import fcntl
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
_folders: list[Path] = []


@contextmanager
def shared_folder(folder: Path) -> Iterator[None]:
    """Where the workers of this session keep what they share."""
    folder.mkdir(exist_ok=True)
    _folders.append(folder)
    try:
        yield
    finally:
        _folders.remove(folder)


def once_per_session(make: Callable[[], T]) -> Callable[[], T]:
    """Make a value in whichever worker asks first; the others read it, and each keeps what it has read.

    The value must not be changed by whoever gets it.
    """
    kept: list[T] = []

    @wraps(make)
    def made() -> T:
        if not kept:
            kept.append(_shared(f"{make.__module__}.{make.__name__}", make) if _folders else make())
        return kept[0]

    return made


def _shared(name: str, make: Callable[[], T]) -> T:
    path = _folders[-1] / f"{name}.pickle"
    with path.with_suffix(".lock").open("w") as lock:
        # Let go when the file is closed, also where the worker dies.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            path.write_bytes(pickle.dumps(make(), protocol=pickle.HIGHEST_PROTOCOL))
    value: T = pickle.loads(path.read_bytes())
    return value
