"""Read the files of an MLflow run."""

from pathlib import Path
from tempfile import TemporaryDirectory

from heed.decisioning.errors import Unavailable
from heed.training.pipeline.model_registry import quiet_mlflow


def read_artifact(tracking_uri: str, run_id: str, name: str) -> bytes:
    """One file of a run, such as ``reliability.png`` or ``evaluation.json``.

    Raises
    ------
    Unavailable
        If there is no such run or file, or the tracking server does not answer.
    """
    with quiet_mlflow(), TemporaryDirectory() as folder:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        try:
            # Into a folder of our own: otherwise MLflow returns its own path for local files.
            return Path(MlflowClient(tracking_uri).download_artifacts(run_id, name, folder)).read_bytes()
        except (MlflowException, OSError) as error:
            remedy = "name a run of `heed train` and one of its files"
            raise Unavailable(
                f"the run {run_id} has no such file", field="artifact", value=name, remedy=remedy
            ) from error


def read_artifacts(tracking_uri: str, run_id: str) -> dict[str, bytes]:
    """All top-level files of a run by name.

    Raises
    ------
    Unavailable
        If there is no such run, or the tracking server does not answer.
    """
    with quiet_mlflow():
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        try:
            names = [item.path for item in MlflowClient(tracking_uri).list_artifacts(run_id) if not item.is_dir]
        except (MlflowException, OSError) as error:
            remedy = "name a run of `heed train`"
            raise Unavailable("the run has no files", field="run_id", value=run_id, remedy=remedy) from error
    return {name: read_artifact(tracking_uri, run_id, name) for name in names}
