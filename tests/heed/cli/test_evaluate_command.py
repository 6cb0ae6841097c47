"""`heed evaluate`, from the command to the files it leaves."""

import json
import os
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from heed.cli import heed
from heed.decisioning.errors import InvalidInput, NotFound, PolicyError, Unavailable
from heed.training.contract.engagement_io import from_frames, write_engagement
from heed.training.model.bundle_files import save_bundle
from heed.training.pipeline.model_registry import quiet_mlflow
from heed.training.pipeline.run_artifacts import read_artifact
from tests.support.small_model import bundle, prepared

pytestmark = pytest.mark.slow

POLICY = """
version: 1
name: strict
terms: {harm_cost: 5.0, tolerance: 0.2, levers: {email_bundle: 2.0}}
evaluation: {fairness: [segment, shoe_size]}
rules: []
"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the data of some customers and with a model's bundle."""
    root = tmp_path_factory.mktemp("stored")
    tables = dict(prepared().data.tables())
    who = tables["customers"]["customer_id"].iloc[:350]
    few = {name: frame[frame["customer_id"].isin(who)] for name, frame in tables.items() if name != "actions"}
    write_engagement(from_frames(actions=tables["actions"], **few), root / "data")
    save_bundle(bundle(), root / "model")
    (root / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return root


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("HEED_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


def run(stored: Path, *arguments: str) -> Result:
    given = ["evaluate", "--data", str(stored / "data"), "--model", str(stored / "model"), *arguments]
    return CliRunner().invoke(heed, given, standalone_mode=False, catch_exceptions=False)


def test_predictions_and_json_come_without_a_registry(stored, tmp_path, home):
    shown = run(stored, "--no-log", "--json", "--predictions", str(tmp_path / "p.csv"), "--policy-values")
    said = json.loads(shown.stdout)
    table = pd.read_csv(tmp_path / "p.csv")
    assert said["predictions"] == str(tmp_path / "p.csv")
    assert said["counts"]["scored"] == len(table)
    assert said["evaluation"]["overall"]["rows"] == table["outcome"].notna().sum()
    assert set(table["chosen_action"].dropna()) <= {*(one.action_id for one in bundle().catalogue.actions), "hold"}
    assert table["chosen_action"].notna().sum() == table["logged_propensity"].notna().sum()
    assert not home.exists()


def test_the_report_goes_to_mlflow_and_to_a_folder(stored, tmp_path, home):
    said = json.loads(run(stored, "--json", "--report", str(tmp_path / "report"), "--by", "segment").stdout)
    uri = f"sqlite:///{home.absolute() / 'mlflow.db'}"
    assert Path(said["report"]).read_bytes() == read_artifact(uri, said["run_id"], "report.html")
    numbers = json.loads(read_artifact(uri, said["run_id"], "evaluation.json"))
    assert numbers["findings"]["fairness"][0]["attribute"] == "segment"
    with quiet_mlflow():
        from mlflow import MlflowClient

        kept = MlflowClient(uri).get_run(said["run_id"]).data
    assert kept.metrics["log_loss"] == said["evaluation"]["overall"]["log_loss"]
    assert kept.tags["kind"] == "evaluation"
    assert kept.tags["model_version"] == said["version"]
    assert kept.tags["data_digest"] == said["data_digest"] == numbers["data_digest"]
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_the_policy_gives_terms_and_the_attributes_of_fairness(stored):
    said = json.loads(run(stored, "--no-log", "--json", "--policy", str(stored / "policy.yaml")).stdout)
    assert [one["attribute"] for one in said["findings"]["fairness"]] == ["segment"]
    assert any("shoe_size" in note for note in said["notes"])
    plain = json.loads(run(stored, "--no-log", "--json").stdout)
    ours, theirs = (one["findings"]["policies"]["heed"]["value"]["doubly_robust"]["value"] for one in (said, plain))
    assert ours != theirs


def test_people_get_figures_gates_and_sentences(stored):
    shown = run(stored, "--no-log").stdout
    assert "log-loss" in shown
    assert "passed base_rate" in shown
    assert "segments are miscalibrated" in shown or "segments is miscalibrated" in shown
    assert "more per decision than holding for everybody" in shown


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        pytest.param(["--predictions", "p.xlsx"], InvalidInput, r"end it in \.parquet or \.csv", id="another suffix"),
        pytest.param(["--by", "shoe_size"], InvalidInput, "no such attribute in `by`: `shoe_size`", id="no attribute"),
        pytest.param(["--model", "champion"], Unavailable, "no version of `heed` is champion", id="no champion"),
        pytest.param(["--model", "12"], (NotFound, Unavailable), "model", id="no such version"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(stored, arguments, error, said):
    with pytest.raises(error, match=said):
        run(stored, "--no-log", *arguments)


def test_a_policy_whose_fairness_is_no_list_is_refused(stored, tmp_path):
    faulty = tmp_path / "policy.yaml"
    faulty.write_text(POLICY.replace("[segment, shoe_size]", "segment"), encoding="utf-8")
    with pytest.raises(PolicyError, match=r"policy\.yaml:5.*evaluation\.fairness"):
        run(stored, "--no-log", "--policy", str(faulty))
