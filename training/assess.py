"""Judging the champion on any engagement data, without training."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from decisioning.score import Floats
from training.contract.data import EngagementData
from training.contract.labels import labels
from training.contract.reading import read
from training.contract.report import Report
from training.errors import TrainingError
from training.evaluation.champion import ask
from training.evaluation.evaluate import Evaluation, Judged, assessed
from training.model.bundle import Bundle
from training.model.split import Part, split
from training.model.storage import load
from training.prepare import actions_of, usable
from training.progress import Progress, Silent
from training.registry import CHAMPION, champion


@dataclass(frozen=True, eq=False)
class Assessment:
    """What was found.

    Attributes
    ----------
    sealed : bool
        Whether only the sealed part was judged, because the model was trained on this very data.
    """

    version: str
    digest: str
    evaluation: Evaluation
    report: Report
    sealed: bool


def assess(
    data_dir: Path,
    *,
    tracking_uri: str,
    model_name: str = "heed",
    alias: str = CHAMPION,
    seed: int = 0,
    progress: Progress | None = None,
) -> Assessment:
    """How well a registered model's probabilities fit the contacts of a directory.

    Of the data it was trained on, only the sealed part is judged. Of other data every contact is, those of customers
    that both hold included: the figures then flatter.

    Raises
    ------
    ContractError
        If the data do not keep the contract.
    TrainingError
        If the model cannot be asked about them.
    Unavailable
        If there is no such model.
    """
    said = progress or Silent()
    said.step("finding the model")
    found = champion(tracking_uri, model_name, alias)
    bundle = load(found.path)
    said.step("reading and checking the data")
    data, report = read(Path(data_dir))
    said.step("scoring and judging")
    rows, sealed = _rows(bundle, data)
    propensity = _asked(bundle, found.version, data, rows)
    judged = Judged(propensity, labels(data, bundle.outcome)[rows], actions_of(data, rows), bundle.card.base_rate)
    return Assessment(found.version, bundle.digest, assessed(judged, seed), report, sealed)


def _rows(bundle: Bundle, data: EngagementData) -> tuple[NDArray[np.int64], bool]:
    rows = usable(data, bundle.outcome)
    if data.digest != bundle.card.data_digest:
        return rows, False
    return rows[split(data.contacts.iloc[rows], bundle.card.split, bundle.card.seed)[Part.TEST]], True


def _asked(bundle: Bundle, version: str, data: EngagementData, rows: NDArray[np.int64]) -> Floats:
    card = bundle.card
    answer = ask(bundle, version, data, rows, bundle.outcome, card.seed, card.split)
    if answer.propensity is None:
        remedy = "give data with the model's attributes, or train on this data"
        raise TrainingError(f"the model cannot be asked: {answer.note}", field="data", value=version, remedy=remedy)
    return answer.propensity
