import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.errors import ContractError, NotFound, Unavailable
from heed.training.contract.engagement_io import from_frames, write_engagement
from heed.training.errors import TrainingError
from heed.training.model.bundle_files import load_bundle, load_evaluated_bundle, save_bundle
from heed.training.pipeline.evaluate_model import evaluate_model, find_model
from heed.training.pipeline.model_registry import champion, promote, quiet_mlflow
from heed.training.pipeline.train import TrainingResult, train
from tests.support.small_model import SETTINGS
from tests.support.small_world import small_world

pytestmark = pytest.mark.slow


class Heard:
    """Remembers the steps it was told of."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, name: str) -> None:
        self.steps.append(name)


@dataclass(frozen=True)
class Trained:
    uri: str
    data: Path
    first: TrainingResult
    again: TrainingResult
    steps: list[str]
    printed: str

    def artifact(self, name: str) -> bytes:
        with quiet_mlflow():
            from mlflow.artifacts import download_artifacts

            found = download_artifacts(run_id=self.first.run_id, artifact_path=name, tracking_uri=self.uri)
        return Path(found).read_bytes()

    def client(self):
        from mlflow import MlflowClient

        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """Two trainings on the same data, the second with attributes left out."""
    home = tmp_path_factory.mktemp("home")
    write_engagement(small_world()[1].data, home / "data")
    uri, heard = f"sqlite:///{home / 'state' / 'mlflow.db'}", Heard()
    capture = pytest.MonkeyPatch()
    capture.chdir(home)
    first = train(home / "data", tracking_uri=uri, settings=SETTINGS, progress=heard)
    again = train(home / "data", tracking_uri=uri, settings=SETTINGS, promote=False, exclude=frozenset({"age"}))
    left = ", ".join(sorted(path.name for path in home.iterdir()))
    yield Trained(uri, home / "data", first, again, heard.steps, left)
    capture.undo()


def test_a_model_whose_gates_are_open_becomes_champion(trained: Trained) -> None:
    assert all(gate.passed for gate in trained.first.evaluation.gates)
    assert trained.first.alias == "champion"
    found = champion(trained.uri)
    assert (found.version, found.run_id) == (trained.first.version, trained.first.run_id)
    assert load_bundle(found.path).digest == trained.first.digest


def test_a_training_that_was_not_to_promote_leaves_the_champion_and_is_challenger(trained: Trained) -> None:
    assert trained.again.alias == "challenger"
    assert champion(trained.uri).version == trained.first.version
    assert champion(trained.uri, alias="challenger").version == trained.again.version


def test_the_second_model_was_held_against_the_first_on_the_same_rows(trained: Trained) -> None:
    (gate,) = (gate for gate in trained.again.evaluation.gates if gate.name == "champion")
    assert f"champion {trained.first.version}" in gate.sentence
    assert gate.bound == pytest.approx(trained.first.evaluation.overall.log_loss, abs=0.01)


def test_an_excluded_attribute_is_no_feature(trained: Trained) -> None:
    names = [load_bundle(champion(trained.uri, alias=alias).path).schema.names for alias in ("champion", "challenger")]
    assert ["customer.age" in one for one in names] == [True, False]


def test_every_step_is_told_once_and_nothing_is_left_in_the_folder(trained: Trained) -> None:
    assert trained.steps == [
        "reading and validating the data",
        "computing features",
        "selecting hyperparameters",
        "cross-fitting and calibrating",
        "calibrating intervals (parametric bootstrap)",
        "training harm and uplift models",
        "evaluating on the test set",
        "refitting on all rows",
        "rendering figures",
        "registering the model",
    ]
    assert trained.printed == "data, state"


def test_the_run_keeps_parameters_metrics_digests_and_gates(trained: Trained) -> None:
    with quiet_mlflow():
        run = trained.client().get_run(trained.first.run_id)
    assert run.data.params["outcome"] == "conversion"
    assert run.data.params["seed"] == "0"
    assert float(run.data.metrics["log_loss"]) == trained.first.evaluation.overall.log_loss
    assert any(name.startswith("action/") and name.endswith("/calibration_error") for name in run.data.metrics)
    assert run.data.tags["data_digest"] == small_world()[1].data.digest
    assert run.data.tags["bundle_digest"] == trained.first.digest
    assert run.data.tags["gates"] == "passed"


def test_the_version_carries_the_same_tags_as_its_run(trained: Trained) -> None:
    with quiet_mlflow():
        version = trained.client().get_model_version("heed", trained.first.version)
    assert version.tags["bundle_digest"] == trained.first.digest
    assert version.tags["gates"] == "passed"


@pytest.mark.parametrize("name", ["reliability.png", "reliability_by_action.png", "shap_summary.png"])
def test_the_run_keeps_pictures(trained: Trained, name: str) -> None:
    content = trained.artifact(name)
    assert content.startswith(b"\x89PNG")
    assert len(content) > 10_000


def test_the_run_keeps_the_evaluation_the_features_and_the_data_report(trained: Trained) -> None:
    evaluation = json.loads(trained.artifact("evaluation.json"))
    assert evaluation == json.loads(json.dumps(trained.first.evaluation.to_dict()))
    schema = load_bundle(champion(trained.uri).path).schema
    assert [one["name"] for one in json.loads(trained.artifact("features.json"))["features"]] == list(schema.names)
    assert set(json.loads(trained.artifact("shap_importance.json"))) == set(schema.names)
    assert json.loads(trained.artifact("data_report.json"))


def test_the_sealed_part_was_not_learnt_from(trained: Trained) -> None:
    rows = trained.first.rows
    assert sum(rows.values()) <= len(small_world()[1].data.contacts)
    assert trained.first.evaluation.overall.rows == rows["test"]


def test_the_model_loads_and_predicts_far_from_this_code(trained: Trained, tmp_path: Path) -> None:
    """In another folder, with the packages that lie in the model and none of ours."""
    script = tmp_path / "elsewhere.py"
    script.write_text(
        "import json, sys, mlflow, pandas as pd\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model('models:/heed@champion')\n"
        "from heed import training\n"
        "frame = model.input_example\n"
        "print(json.dumps([training.__file__, model.predict(frame).to_dict('list'), list(frame.columns)]))\n"
    )
    out = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), trained.uri],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": "", "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    where, predicted, columns = json.loads(out.stdout.splitlines()[-1])
    assert "mlartifacts" in where
    bundle = load_bundle(champion(trained.uri).path)
    assert columns == list(bundle.schema.names)
    low, middle, high = (np.array(predicted[name]) for name in ("low", "propensity", "high"))
    assert ((low > 0) & (low < middle) & (middle < high) & (high < 1)).all()


def test_the_signature_lets_every_feature_be_missing(trained: Trained) -> None:
    with quiet_mlflow():
        from mlflow.models import Model

        info = Model.load(str(champion(trained.uri).path.parent.parent))
    assert not any(column.required for column in info.signature.inputs.inputs)
    assert info.signature.outputs.input_names() == ["propensity", "low", "high"]


def test_assessing_on_the_training_data_looks_at_the_sealed_part_alone(trained: Trained) -> None:
    found = evaluate_model(trained.data, tracking_uri=trained.uri)
    assert found.test_set_only
    assert found.evaluation.overall == trained.first.evaluation.overall


@pytest.mark.parametrize("model", ["1", "champion", "a folder"])
def test_a_model_is_found_by_version_alias_or_folder(trained: Trained, model: str) -> None:
    folder = champion(trained.uri).path
    bundle, version = find_model(trained.uri, "heed", str(folder) if model == "a folder" else model)
    assert bundle.digest == trained.first.digest
    assert version == (str(folder) if model == "a folder" else trained.first.version)


def test_the_model_in_office_was_refitted_on_all_rows_and_the_judged_one_lies_beside_it(trained: Trained) -> None:
    place = champion(trained.uri).path
    served, judged = load_bundle(place), load_evaluated_bundle(place)
    assert judged is not None
    assert served.card.refit is not None
    assert served.card.refit.rows == trained.first.refitted_rows == sum(trained.first.rows.values())
    assert judged.digest == served.card.refit.judged != served.digest
    assert judged.card.metrics == served.card.metrics


def test_the_report_says_that_another_model_was_judged_than_serves(trained: Trained) -> None:
    found = evaluate_model(trained.data, tracking_uri=trained.uri)
    assert found.digest == trained.first.digest != found.bundle.digest
    assert any("was refitted on all" in note for note in found.notes)


def test_a_model_that_keeps_to_the_fitting_rows_can_be_asked_for(trained: Trained) -> None:
    found = train(trained.data, tracking_uri=trained.uri, model_name="kept", settings=SETTINGS, refit=False)
    assert found.refitted_rows is None
    served = load_bundle(champion(trained.uri, "kept", found.alias).path)
    assert served.card.refit is None
    assert served.digest == load_evaluated_bundle(champion(trained.uri).path).digest


def test_a_version_that_was_never_registered_is_refused(trained: Trained) -> None:
    with pytest.raises(NotFound, match=r"no such model version in `heed`: `99`; name a version that `heed train`"):
        find_model(trained.uri, "heed", "99")


def test_a_planted_leak_keeps_a_model_out_of_office(trained: Trained, tmp_path: Path) -> None:
    data = small_world()[1].data
    happened = data.customers["customer_id"].isin(
        data.outcomes.loc[data.outcomes["type"] == "conversion", "customer_id"]
    )
    write_engagement(
        from_frames(**dict(data.tables()) | {"customers": data.customers.assign(conversion=happened)}), tmp_path / "d"
    )
    found = train(tmp_path / "d", tracking_uri=trained.uri, model_name="leaky", settings=replace(SETTINGS, trees=10))
    assert found.alias == "challenger"
    (gate,) = (gate for gate in found.evaluation.gates if gate.name == "leaks")
    assert not gate.passed
    assert "`customer.conversion` is named like the outcome" in gate.sentence
    with pytest.raises(Unavailable, match="no version of `leaky` is champion"):
        champion(trained.uri, "leaky")


def test_a_person_may_promote_what_the_gates_did_not(trained: Trained) -> None:
    promote(trained.uri, trained.again.version)
    try:
        assert champion(trained.uri).version == trained.again.version
    finally:
        promote(trained.uri, trained.first.version)


def test_a_champion_whose_files_were_changed_cannot_be_loaded(trained: Trained, tmp_path: Path) -> None:
    save_bundle(load_bundle(champion(trained.uri).path), tmp_path)
    (tmp_path / "model.json").write_text((tmp_path / "model.json").read_text().replace('"scale": ', '"scale": 1'))
    with pytest.raises(TrainingError, match="was changed"):
        load_bundle(tmp_path)


def test_an_unknown_outcome_names_the_known_ones(trained: Trained) -> None:
    with pytest.raises(TrainingError, match=r"no action has this outcome in `outcome`: `sale`; use one of conversion"):
        train(trained.data, tracking_uri=trained.uri, outcome="sale")


def test_contacts_that_are_not_over_cannot_be_learnt_from(trained: Trained, tmp_path: Path) -> None:
    data = small_world()[1].data
    patient = data.actions.assign(window_days=10_000.0)
    contacts = data.contacts.assign(observed_until=pd.NaT)
    write_engagement(from_frames(**dict(data.tables()) | {"actions": patient, "contacts": contacts}), tmp_path)
    with pytest.raises(TrainingError, match=r"no contact's window is over yet.*observed_until"):
        train(tmp_path, tracking_uri=trained.uri)


def test_a_folder_without_data_is_refused(trained: Trained, tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="a table is missing"):
        train(tmp_path, tracking_uri=trained.uri)


def test_training_leaves_the_surroundings_as_they_were(trained: Trained) -> None:
    # A service started by the same process would look for its model where MLFLOW_TRACKING_URI says.
    assert trained.first.version == "1"
    assert "MLFLOW_TRACKING_URI" not in os.environ
