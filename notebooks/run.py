"""Run the notebook in a fresh, reproducible demo and save it with its outputs: ``python -m notebooks.run``.

Data, clock and ids of the demo are fixed, so the outputs change only when heed does.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

from heed.cli.output import progress
from heed.demo.build import STEPS, build_home
from heed.serving.settings import Settings

NOTEBOOK = Path(__file__).with_name("review_explanations.ipynb")
CUSTOMERS = 3_000
# A Wednesday noon: the day before it has working hours, a night, and no Sunday.
UNTIL = datetime(2026, 11, 4, 12, tzinfo=UTC)
_CELL_SECONDS = 120


def run(home: Path) -> NotebookNode:
    """Build a demo in this empty home, and run the notebook in it."""
    settings = Settings(home=home, tracking_uri=f"sqlite:///{home / 'mlflow.db'}")
    with progress(STEPS + 1) as steps:
        build_home(settings, customers=CUSTOMERS, until=UNTIL, steps=steps)
        steps.step("running the notebook")
        notebook = execute(nbformat.read(NOTEBOOK, as_version=4), settings)
        steps.done("the notebook ran")
    return notebook


def execute(notebook: NotebookNode, settings: Settings) -> NotebookNode:
    """Run the notebook in a new process, on the home of the settings.

    Raises
    ------
    CellExecutionError
        If a cell fails.
    """
    variables = {"HEED_HOME": str(settings.home), "MLFLOW_TRACKING_URI": settings.mlflow_uri}
    # Other users of this machine must not be able to talk to the kernel.
    private = Config(ConnectionFileMixin={"transport": "ipc"})
    client = NotebookClient(notebook, timeout=_CELL_SECONDS, kernel_name="python3", record_timing=False, config=private)
    client.execute(env={**os.environ, **variables})
    # The version of Python is not an output.
    notebook.metadata.pop("language_info", None)
    return notebook


def main() -> None:
    """Save the notebook with its outputs, in place or to ``--to``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--to", type=Path, default=NOTEBOOK, help="where to save it")
    where = parser.parse_args().to
    with TemporaryDirectory() as home:
        nbformat.write(run(Path(home)), where)
    sys.stdout.write(f"saved {where}\n")


if __name__ == "__main__":
    main()
