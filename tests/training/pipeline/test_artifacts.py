from pathlib import Path

import pytest

from heed.decisioning.errors import Unavailable
from heed.training.pipeline.model_registry import quiet_mlflow
from heed.training.pipeline.run_artifacts import read_artifact, read_artifacts


def test_a_file_of_a_run_comes_back_and_a_missing_one_is_named(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    with quiet_mlflow():
        from mlflow import MlflowClient

        client = MlflowClient(uri)
        experiment = client.create_experiment("kept", artifact_location=(tmp_path / "files").as_uri())
        run_id = client.create_run(experiment).info.run_id
        client.log_text(run_id, "what was found", "evaluation.json")
        client.log_text(run_id, "more", "folder/more.txt")
    assert read_artifact(uri, run_id, "evaluation.json") == b"what was found"
    assert read_artifacts(uri, run_id) == {"evaluation.json": b"what was found"}
    with pytest.raises(Unavailable, match=r"the run has no files in `run_id`: `0000`"):
        read_artifacts(uri, "0000")
    with pytest.raises(Unavailable, match=rf"the run {run_id} has no such file.*`reliability.png`"):
        read_artifact(uri, run_id, "reliability.png")
    with pytest.raises(Unavailable, match=r"the run 0000 has no such file"):
        read_artifact(uri, "0000", "evaluation.json")
