"""Which contacts can certify a model: those that it was not fitted on.

A model that was not refitted is certified by the test set of its own data, or by other data. A refitted model has also
seen the test set, so only contacts later than its training data can certify it.
"""

from dataclasses import replace

import numpy as np

from heed.training.errors import TrainingError
from heed.training.evaluation.candidate_scores import select_choices
from heed.training.evaluation.eval_data import EvalData
from heed.training.model.model_card import ModelCard


def holdout_data(card: ModelCard, eval_data: EvalData) -> EvalData:
    """The contacts that can certify the model of a card.

    Raises
    ------
    TrainingError
        If it was refitted and no contact is later than its training data.
    """
    if card.refit is None:
        return eval_data
    at = eval_data.data.contacts["at"].iloc[eval_data.rows]
    later = np.flatnonzero((at > card.refit.until).to_numpy())
    if not len(later):
        message = "the model was refitted on all rows up to this time, so none of these can certify it"
        remedy = "give data with later contacts, or train with --no-refit and certify that model by its test set"
        raise TrainingError(message, field="data", value=card.refit.until.isoformat(), remedy=remedy)
    return eval_data if len(later) == len(at) else _rows(eval_data, later)


def _rows(eval_data: EvalData, places: np.ndarray) -> EvalData:
    """The evaluation data of some rows."""
    by_row = ("rows", "action", "done", "propensity", "low", "high", "label", "harmed", "logged", "cluster")
    taken = {name: getattr(eval_data, name)[places] for name in by_row}
    return replace(eval_data, **taken, choices=select_choices(eval_data.choices, places))
