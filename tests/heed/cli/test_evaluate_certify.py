"""`heed evaluate --certify` and `--capacity`, from the command to the version that serves."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from heed.cli import heed
from heed.decisioning.errors import InvalidInput
from heed.serving.deployment.model_source import load_model
from heed.serving.settings import Settings
from heed.training.contract.engagement_io import from_frames, write_engagement
from heed.training.model.bundle_files import load_bundle, with_certificate
from heed.training.model.split import Part
from heed.training.pipeline.mlflow_run import RunContents, log_training_run, set_alias
from heed.training.pipeline.model_registry import CHALLENGER, CHAMPION, resolve_model, version_aliases
from heed.training.pipeline.run_artifacts import read_artifacts
from tests.support.small_model import bundle, prepared

pytestmark = pytest.mark.slow

POLICY = "version: 1\nname: weighed\nterms: {harm_cost: 5.0, tolerance: 0.2}\nrules: []\n"


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    """A home whose champion is the model of a small world, and data of some of its customers."""
    root = tmp_path_factory.mktemp("stored")
    tables = dict(prepared().data.tables())
    who = tables["customers"]["customer_id"].iloc[:350]
    few = {name: frame[frame["customer_id"].isin(who)] for name, frame in tables.items() if name != "actions"}
    write_engagement(from_frames(actions=tables["actions"], **few), root / "data")
    (root / "policy.yaml").write_text(POLICY, encoding="utf-8")
    kept = RunContents(
        {}, {"log_loss": 0.5}, {}, {"reliability.png": b"picture"}, prepared().samples[Part.TEST].matrix[:3]
    )
    number = log_training_run(uri(root), "heed", "heed", bundle(), kept).version
    for alias in (CHAMPION, CHALLENGER):
        set_alias(uri(root), "heed", alias, number)
    return root


@pytest.fixture(autouse=True)
def home(stored, monkeypatch) -> None:
    monkeypatch.setenv("HEED_HOME", str(stored))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def uri(root: Path) -> str:
    return f"sqlite:///{(root / 'mlflow.db').absolute()}"


def run(stored: Path, *arguments: str) -> Result:
    given = ["evaluate", "--data", str(stored / "data"), "--no-log", *arguments]
    return CliRunner().invoke(heed, given, standalone_mode=False, catch_exceptions=False)


def test_a_certified_model_takes_the_place_of_the_one_it_was(stored, tmp_path):
    before = resolve_model(uri(stored), CHAMPION)
    shown = run(stored, "--certify", "--alpha", "0.5", "--json", "--report", str(tmp_path / "report"))
    said = json.loads(shown.stdout)
    made, number = said["certificate"]["certificate"], said["registered"]["version"]
    assert said["version"] == before.version != number
    assert said["registered"]["aliases"] == ["challenger", "champion"] == list(version_aliases(uri(stored), number))
    assert version_aliases(uri(stored), before.version) == ()
    found, reference = load_model(Settings())
    assert reference.version == number
    assert found.digest == said["registered"]["digest"] != bundle().digest
    assert with_certificate(found, None).digest == bundle().digest == made["model_digest"]
    assert found.certificate is not None
    assert found.certificate.threshold == made["threshold"]
    assert (made["loss"], made["alpha"], made["delta"]) == ("harm", 0.5, 0.1)
    kept = read_artifacts(uri(stored), said["registered"]["run_id"])
    assert kept["reliability.png"] == b"picture"
    assert kept["certificate.png"] == (tmp_path / "report" / "certificate.png").read_bytes()
    assert "Above which confidence may heed act without review?" in (tmp_path / "report" / "report.html").read_text()
    # Certifying again certifies the model, and not its certificate.
    told = run(stored, "--certify", "--alpha", "0.6", "--policy", str(stored / "policy.yaml")).stdout
    assert f"certified: version {int(number) + 1}, in place of the old one as challenger and champion" in told
    assert "At a confidence of" in told
    again = load_bundle(resolve_model(uri(stored), CHAMPION).path).certificate
    assert again is not None
    assert again.model_digest == bundle().digest
    assert again.weighing != found.certificate.weighing
    assert again.alpha == 0.6


def test_where_nothing_can_be_certified_nothing_is_registered(stored):
    before = resolve_model(uri(stored), CHAMPION).version
    said = json.loads(run(stored, "--certify", "--alpha", "0.0001", "--json").stdout)
    assert said["registered"] is None
    assert said["certificate"]["certificate"] is None
    assert "Too few contacts" in said["certificate"]["sentence"]
    assert resolve_model(uri(stored), CHAMPION).version == before


def test_capacities_are_read_beside_the_evaluation(stored):
    said = json.loads(run(stored, "--capacity", "2", "--capacity", "5", "--json").stdout)
    read = {one["capacity"]: one for one in said["capacity"]}
    assert read[2.0]["threshold"] <= read[5.0]["threshold"]
    assert read[2.0]["reviews_a_day"] <= 2.0
    assert "registered" not in said
    assert "For 2 reviews a day, send acts with a confidence below" in run(stored, "--capacity", "2").stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--certify", "--alpha", "2"], r"not a valid certificate request in `alpha`: `2\.0`"),
        (["--certify", "--delta", "0"], r"in `delta`: `0\.0`"),
        (["--capacity", "-1"], r"the number of reviews cannot be negative in `capacity`: `-1\.0`"),
    ],
    ids=["more harm than contacts", "never wrong", "fewer cases than none"],
)
def test_what_cannot_be_asked_is_refused_before_the_work(stored, arguments, message, monkeypatch):
    monkeypatch.setattr(
        "heed.training.pipeline.evaluate_model.evaluate_model", lambda *_, **__: pytest.fail("worked in vain")
    )
    with pytest.raises(InvalidInput, match=message):
        run(stored, *arguments)


def test_a_folder_cannot_take_a_place_in_the_registry(stored, tmp_path):
    with pytest.raises(InvalidInput, match=r"only a registered model can be certified in `model`"):
        run(stored, "--certify", "--model", str(tmp_path))
