"""What a training kept in its MLflow run, read back."""

from pathlib import Path
from tempfile import TemporaryDirectory

from heed.decisioning.errors import Unavailable
from heed.training.pipeline.model_registry import quiet_mlflow


def artifact(tracking_uri: str, run_id: str, name: str) -> bytes:
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
            # A copy: where files are local, MLflow would otherwise hand out its own.
            return Path(MlflowClient(tracking_uri).download_artifacts(run_id, name, folder)).read_bytes()
        except (MlflowException, OSError) as error:
            remedy = "name a run of `heed train` and a file that it keeps"
            raise Unavailable(
                f"the run {run_id} gives no such file", field="artifact", value=name, remedy=remedy
            ) from error


def artifacts(tracking_uri: str, run_id: str) -> dict[str, bytes]:
    """Every file that a run keeps by name, folders left out.

    Raises
    ------
    Unavailable
        If there is no such run, or the tracking server does not answer.
    """
    with quiet_mlflow():
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        try:
            names = [one.path for one in MlflowClient(tracking_uri).list_artifacts(run_id) if not one.is_dir]
        except (MlflowException, OSError) as error:
            remedy = "name a run of `heed train`"
            raise Unavailable("the run keeps no files", field="run_id", value=run_id, remedy=remedy) from error
    return {name: artifact(tracking_uri, run_id, name) for name in names}
