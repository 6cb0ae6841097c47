"""Evaluate a registered model on a directory of engagement data."""

from dataclasses import replace
from pathlib import Path

from heed.training.contract.engagement_io import read_engagement
from heed.training.evaluation.assessment import Assessment, EvaluationRequest, assess_model
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import MODEL, load_bundle, load_evaluated_bundle
from heed.training.pipeline.model_registry import CHAMPION, resolve_model
from heed.training.progress import NullProgress, Progress

STEPS = 4


def evaluate_model(
    data_dir: Path,
    *,
    tracking_uri: str,
    model_name: str = "heed",
    model: str = CHAMPION,
    request: EvaluationRequest | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Evaluate a model's probabilities, intervals, uplift and choices on a directory of contacts.

    On its own training data, a model is evaluated on the test set only. A refitted model has seen that set, so the
    model before refitting is evaluated in its place, and its metrics equal those reported at training. On other data
    all contacts count; metrics are optimistic for customers who are also in the training data.

    Parameters
    ----------
    model : str
        A version or alias in the registry, or the folder of a bundle.

    Raises
    ------
    ContractError
        If the data violate the contract.
    InvalidInput
        If the request names an attribute that the data do not have.
    TrainingError
        If the model cannot score these data.
    NotFound, Unavailable
        If there is no such model.
    """
    steps = progress or NullProgress()
    steps.step("loading the model")
    folder, version = _locate(tracking_uri, model_name, model)
    served = load_bundle(folder)
    steps.step("reading and validating the data")
    data, report = read_engagement(Path(data_dir))
    own_data = data.digest == served.card.data_digest
    before_refit = load_evaluated_bundle(folder) if own_data else None
    assessment = assess_model(before_refit or served, version, data, report=report, request=request, progress=steps)
    return assessment if before_refit is None else replace(assessment, served=served)


def find_model(tracking_uri: str, model_name: str, model: str) -> tuple[Bundle, str]:
    """The bundle of a version, alias or folder, and its version."""
    folder, version = _locate(tracking_uri, model_name, model)
    return load_bundle(folder), version


def _locate(tracking_uri: str, model_name: str, model: str) -> tuple[Path, str]:
    folder = Path(model)
    if (folder / MODEL).is_file():
        return folder, str(folder)
    ref = resolve_model(tracking_uri, model, model_name)
    return ref.path, ref.version
