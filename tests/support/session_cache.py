"""Values computed once per session and shared by all workers: a simulated world, a model, an empty ledger."""

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
    """Share values between the workers of this session through files in `folder`."""
    folder.mkdir(exist_ok=True)
    _folders.append(folder)
    try:
        yield
    finally:
        _folders.remove(folder)


def once_per_session(make: Callable[[], T]) -> Callable[[], T]:
    """Compute a value in the first worker that needs it; the others load it.

    Callers must not modify the value.
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
