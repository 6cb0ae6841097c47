"""For all tests: steady examples, and a home, a port and keys of their own.

Property tests look at the same examples every time; `pytest --hypothesis-profile=explore` looks at others.
"""

import gc
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.isolation import no_settings, own_workspace, silent_port
from tests.support.session_cache import shared_folder

# A deadline on each example would measure the machine.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Remove the user's settings before anything is imported."""
    held = ExitStack()
    held.enter_context(no_settings())
    config.add_cleanup(held.close)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Pause garbage collection: imports make little garbage, and what they made stays for the session."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run files with slow tests first, so that no worker is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def unused_port() -> Iterator[int]:
    """A port on which nobody listens."""
    with silent_port() as port:
        yield port


@pytest.fixture(scope="session", autouse=True)
def workspaces(tmp_path_factory: pytest.TempPathFactory, unused_port: int) -> Iterator[Path]:
    """The folder of all workspaces; session fixtures have one too."""
    base = tmp_path_factory.getbasetemp()
    folder = tmp_path_factory.mktemp("workspaces", numbered=False)
    # Workers of xdist have their folders beside each other.
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    with own_workspace(folder, unused_port), shared_folder(shared):
        yield folder


@pytest.fixture(autouse=True)
def workspace(workspaces: Path, unused_port: int) -> Iterator[Path]:
    """A working folder, home and port that no other test and no user has."""
    with own_workspace(workspaces, unused_port) as own:
        yield own
