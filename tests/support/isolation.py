"""Tests run apart from the user's heed: no setting, home, port or key of the user is in their reach."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

# Settings of heed and of what it is built on, among them database passwords and where traces go.
_SETTINGS = ("HEED_", "BENTOML_", "MLFLOW_", "OTEL_", "PG")
_KEPT = {"HEED_AUDIT", "BENTOML_DO_NOT_TRACK", "MLFLOW_DISABLE_TELEMETRY"}
_numbers = count()


def foreign_settings() -> list[str]:
    """Names of the environment that say where a heed is or how to reach it."""
    return [name for name in os.environ if name.startswith(_SETTINGS) and name not in _KEPT]


@contextmanager
def no_settings() -> Iterator[pytest.MonkeyPatch]:
    """An environment without settings of the user, or of another test; all comes back in the end."""
    with pytest.MonkeyPatch.context() as environment:
        for name in foreign_settings():
            environment.delenv(name)
        yield environment


@contextmanager
def silent_port() -> Iterator[int]:
    """A port of loopback that is taken, and on which nobody listens: whoever connects is refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def own_workspace(parent: Path, port: int) -> Iterator[Path]:
    """A working folder, and in it a home that nobody else has; the home is not made yet."""
    folder = parent / str(next(_numbers))
    folder.mkdir(parents=True)
    with no_settings() as environment:
        environment.setenv("HEED_HOME", str(folder / "home"))
        environment.setenv("HEED_PORT", str(port))
        environment.setenv("BENTOML_HOME", str(folder / "bentoml"))
        environment.chdir(folder)
        yield folder
    # Most tests leave nothing, and thousands of empty folders would only slow down their removal.
    if not any(folder.iterdir()):
        folder.rmdir()
