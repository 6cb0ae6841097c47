"""MLflow runs: parameters, metrics, figures, and the registered, self-contained model."""

import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from heed import decisioning, training
from heed.decisioning.score import Floats
from heed.training.evaluation.gates.model_evaluation import Evaluation
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import save_bundle
from heed.training.model.pyfunc import OUTPUT, decode_rows
from heed.training.pipeline.model_registry import BUNDLE, quiet_mlflow, sqlite_path

if TYPE_CHECKING:
    from mlflow.models import ModelSignature

# What the loader module imports; the model's environment needs nothing else of heed.
_REQUIREMENTS = (
    "lightgbm", "mlflow", "numba", "numpy", "orjson", "pandas", "pandera", "pyarrow", "scikit-learn", "scipy", "tzdata",
)  # fmt: skip
_URI = "MLFLOW_TRACKING_URI"
_EXAMPLE_ROWS = 3


@dataclass(frozen=True, eq=False)
class RunContents:
    """The content of a run beside the model.

    Attributes
    ----------
    files : mapping of str to bytes
        Artifacts by name.
    example : array of float, shape (n, columns)
        Input example of the model.
    """

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    files: Mapping[str, bytes]
    example: Floats


@dataclass(frozen=True, slots=True)
class RegisteredModel:
    """Run and version of a registered model."""

    run_id: str
    version: str


def log_training_run(
    tracking_uri: str,
    experiment: str,
    model_name: str,
    bundle: Bundle,
    contents: RunContents,
    *,
    evaluated: Bundle | None = None,
) -> RegisteredModel:
    """Log a run and register the bundle as a new version without an alias.

    Parameters
    ----------
    evaluated : Bundle or None
        The model before refitting, if it was refitted.
    """
    with _run(tracking_uri, experiment) as (mlflow, run_id), TemporaryDirectory() as folder:
        # `mlflow run` has logged its own parameters already, and a parameter may be logged once only.
        logged = mlflow.get_run(run_id).data.params
        mlflow.log_params({name: str(value) for name, value in contents.parameters.items() if name not in logged})
        mlflow.log_metrics(dict(contents.metrics))
        mlflow.set_tags(dict(contents.tags))
        _log_files(mlflow, Path(folder) / "files", contents.files)
        save_bundle(bundle, Path(folder) / BUNDLE, evaluated)
        logged_model = mlflow.pyfunc.log_model(
            name="model",
            loader_module="heed.training.model.pyfunc",
            data_path=str(Path(folder) / BUNDLE),
            code_paths=_copy_packages(Path(folder) / "code"),
            signature=signature(bundle.schema),
            input_example=decode_rows(bundle.schema, contents.example[:_EXAMPLE_ROWS]),
            pip_requirements=[f"{name}=={metadata.version(name)}" for name in _REQUIREMENTS],
        )
        return RegisteredModel(run_id, _register(mlflow, model_name, logged_model, run_id, contents.tags))


def log_evaluation_run(
    tracking_uri: str,
    experiment: str,
    *,
    metrics: Mapping[str, float],
    tags: Mapping[str, str],
    files: Mapping[str, bytes],
) -> str:
    """Log an evaluation as its own run and return the run id.

    Parameters
    ----------
    tags : mapping of str to str
        Which model was evaluated on which data.
    files : mapping of str to bytes
        Artifacts by name, such as ``report.html``.
    """
    with _run(tracking_uri, experiment) as (mlflow, run_id), TemporaryDirectory() as folder:
        mlflow.log_metrics({name: value for name, value in metrics.items() if np.isfinite(value)})
        mlflow.set_tags({"kind": "evaluation", **tags})
        _log_files(mlflow, Path(folder) / "files", files)
    return run_id


def set_alias(tracking_uri: str, model_name: str, alias: str, number: str) -> None:
    """Move an alias to a version."""
    with quiet_mlflow():
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
        client.set_registered_model_alias(model_name, alias, number)


def signature(schema: FeatureSchema) -> "ModelSignature":
    """Features in, probabilities out; every feature may be missing."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    text = {schema.features[column].name for column in schema.categorical_columns}
    inputs = Schema([ColSpec("string" if name in text else "double", name, required=False) for name in schema.names])
    return ModelSignature(inputs=inputs, outputs=Schema([ColSpec("double", name) for name in OUTPUT]))


def mlflow_metrics(evaluation: Evaluation) -> dict[str, float]:
    """Every metric of an evaluation by its MLflow name, such as ``log_loss`` or ``action/<id>/log_loss``."""
    found = evaluation.to_dict()
    flat = {name: value for name, value in found["overall"].items() if value is not None}
    for action, metrics in found["by_action"].items():
        plain = re.sub(r"[^\w .:/-]", "_", action)
        flat |= {f"action/{plain}/{name}": value for name, value in metrics.items() if value is not None}
    return {name: float(value) for name, value in flat.items() if np.isfinite(value)}


def pretty_json(value: object) -> bytes:
    """Indented JSON."""
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def _register(mlflow: Any, model_name: str, logged_model: Any, run_id: str, tags: Mapping[str, str]) -> str:
    client = mlflow.MlflowClient()
    if not client.search_registered_models(f"name = '{model_name}'"):
        client.create_registered_model(model_name)
    version = client.create_model_version(
        model_name, logged_model.model_uri, run_id=run_id, tags=dict(tags), model_id=logged_model.model_id
    )
    return str(version.version)


@contextmanager
def _run(tracking_uri: str, experiment: str) -> Iterator[tuple[Any, str]]:
    """An active run; MLflow's global tracking URI is restored afterwards.

    Under ``mlflow run``, the existing run is used.
    """
    with quiet_mlflow():
        import mlflow
        import mlflow.pyfunc

        # MLflow also keeps the URI in the environment, where child processes would find it.
        before, inherited = mlflow.get_tracking_uri(), os.environ.get(_URI)
        _make_folder(tracking_uri)
        mlflow.set_tracking_uri(tracking_uri)
        try:
            if "MLFLOW_RUN_ID" not in os.environ:
                _choose_experiment(mlflow, tracking_uri, experiment)
            with mlflow.start_run() as run:
                yield mlflow, run.info.run_id
        finally:
            mlflow.set_tracking_uri(before)
            os.environ.pop(_URI, None)
            os.environ.update({} if inherited is None else {_URI: inherited})


def _choose_experiment(mlflow: Any, tracking_uri: str, experiment: str) -> None:
    if mlflow.get_experiment_by_name(experiment) is None:
        mlflow.create_experiment(experiment, artifact_location=artifact_root(tracking_uri))
    mlflow.set_experiment(experiment)


def artifact_root(tracking_uri: str) -> str | None:
    """Where a new experiment stores files: beside a SQLite database, else the server's default (None)."""
    database = sqlite_path(tracking_uri)
    return None if database is None else (database.parent / "mlartifacts").as_uri()


def _make_folder(tracking_uri: str) -> None:
    database = sqlite_path(tracking_uri)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)


def _log_files(mlflow: Any, folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    mlflow.log_artifacts(str(folder))


def _copy_packages(folder: Path) -> list[str]:
    """A copy of heed as far as the loader needs it, without what Python and numba compiled for this machine."""
    copied = folder / "heed"
    copied.mkdir(parents=True)
    shutil.copy(Path(str(decisioning.__file__)).parents[1] / "__init__.py", copied)
    for package in (decisioning, training):
        source = Path(str(package.__file__)).parent
        shutil.copytree(source, copied / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    return [str(copied)]
