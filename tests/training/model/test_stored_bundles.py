"""Bundles and MLflow models of earlier releases keep loading, and keep their scores.

``tests/data/stored_bundle`` was written before heed's packages moved below ``heed``. It must never be written again.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from heed.decisioning.customer import Customer, Facts
from heed.decisioning.score import Scores
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle, save_bundle, with_digest

DATA = Path(__file__).parents[2] / "data"
STORED = DATA / "stored_bundle"
EXPECTED: dict[str, Any] = json.loads((DATA / "stored_bundle_scores.json").read_text())
CUSTOMER = Customer(customer_id="c1", attributes={"a": 0.5, "b": None, "c": -9.0, "kind": "three"})
FACTS = Facts(CUSTOMER, datetime(2026, 3, 2, 12, 0, tzinfo=UTC))
ROOT = Path(__file__).parents[3]

MLMODEL = """\
flavors:
  python_function:
    code: code
    data: data/bundle
    loader_module: training.model.pyfunc
    python_version: 3.11.7
mlflow_version: 3.17.2
"""
LOADER = """\
class Model:
    def predict(self, model_input, params=None):
        return "the loader beside the model"


def _load_pyfunc(path):
    return Model()
"""
LOAD = "import sys, mlflow.pyfunc; print(mlflow.pyfunc.load_model(sys.argv[1]).predict(None))"


def scored(bundle: Bundle) -> Scores:
    return bundle.score(FACTS, bundle.catalogue.actions)


def test_a_stored_bundle_keeps_its_digest() -> None:
    bundle = load_bundle(STORED)
    assert bundle.digest == EXPECTED["digest"]
    assert with_digest(bundle).digest == EXPECTED["digest"]


def test_a_stored_bundle_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    save_bundle(load_bundle(STORED), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in STORED.iterdir()
    }


@pytest.mark.parametrize(
    "name", ["propensity", "low", "high", "hold", "uplift", "uplift_low", "uplift_high", "harm"], ids=str
)
def test_a_stored_bundle_keeps_its_scores(name: str) -> None:
    # Not to the last bit: machines differ in their exponential function.
    assert getattr(scored(load_bundle(STORED)), name) == pytest.approx(EXPECTED[name], rel=1e-12)


@pytest.mark.parametrize("name", ["propensity", "uplift", "harm"])
def test_a_stored_bundle_keeps_its_draws(name: str) -> None:
    draws = getattr(scored(load_bundle(STORED)), f"{name}_draws")
    mean = EXPECTED["draw_means" if name == "propensity" else f"{name}_draw_means"]
    assert np.mean(draws, axis=1) == pytest.approx(mean, rel=1e-12)


def test_a_stored_bundle_keeps_its_explanations() -> None:
    (explanation,) = scored(load_bundle(STORED)).explain([0])
    for contribution, (feature, value, log_odds, points, words) in zip(
        explanation.contributions, EXPECTED["contributions"], strict=True
    ):
        assert (contribution.feature, contribution.value, contribution.words) == (feature, value, words)
        assert (contribution.log_odds, contribution.points) == pytest.approx((log_odds, points), rel=1e-12)


@pytest.mark.slow
def test_an_mlflow_model_of_an_earlier_release_loads_by_the_code_it_carries(tmp_path: Path) -> None:
    # They name `training.model.pyfunc` and carry that package, which must win over the folder of a checkout.
    package = tmp_path / "code" / "training" / "model"
    package.mkdir(parents=True)
    (tmp_path / "MLmodel").write_text(MLMODEL)
    (tmp_path / "data" / "bundle").mkdir(parents=True)
    (package / "pyfunc.py").write_text(LOADER)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", LOAD, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.stdout.strip().endswith("the loader beside the model"), run.stderr
