"""Isolation of tests from the user's heed: its settings, home, port and keys."""

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
    """Environment variables that locate or configure a heed."""
    return [name for name in os.environ if name.startswith(_SETTINGS) and name not in _KEPT]


@contextmanager
def no_settings() -> Iterator[pytest.MonkeyPatch]:
    """Remove the settings of the user and of other tests for the length of the block."""
    with pytest.MonkeyPatch.context() as environment:
        for name in foreign_settings():
            environment.delenv(name)
        yield environment


@contextmanager
def silent_port() -> Iterator[int]:
    """A loopback port that is bound but not listening: connections are refused."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def own_workspace(parent: Path, port: int) -> Iterator[Path]:
    """A working folder of its own, with `HEED_HOME` inside it, not created yet."""
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
