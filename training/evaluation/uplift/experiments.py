"""Uplift of every action, from the contacts that a model is judged by."""

from collections.abc import Iterator

import numpy as np

from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.policy_choices import HOLD_INDEX
from heed.training.evaluation.uplift.uplift_evaluation import (
    ALL,
    UpliftExperiment,
    UpliftResult,
    arm_weights,
    evaluate_uplift,
    pool_experiments,
)


def evaluate_uplifts(material: EvalData, seed: int = 0) -> tuple[UpliftResult, ...]:
    """All actions together, then each with rows enough, in the order of the actions.

    None where the model states no uplift or too few customers were left alone.
    """
    trials = dict(_trials(material))
    if not trials:
        return ()
    together = evaluate_uplift(ALL, pool_experiments(list(trials.values())), seed)
    return (together, *(evaluate_uplift(name, trial, seed) for name, trial in trials.items()))


def _trials(material: EvalData) -> Iterator[tuple[str, UpliftExperiment]]:
    for place, action in enumerate(material.choices.actions):
        trial = _trial(material, place)
        if trial is not None and trial.tells:
            yield action.action_id, trial


def _trial(material: EvalData, place: int) -> UpliftExperiment | None:
    said = material.choices
    if said.uplift is None or said.uplift_low is None or said.uplift_high is None:
        return None
    uplift = said.uplift[:, place]
    mine = np.flatnonzero(((material.done == place) | (material.done == HOLD_INDEX)) & np.isfinite(uplift))
    treated = material.done[mine] == place
    weight, method = arm_weights(treated, material.logged[mine])
    return UpliftExperiment(
        uplift=uplift[mine],
        low=said.uplift_low[mine, place],
        high=said.uplift_high[mine, place],
        expected=material.propensity[mine],
        happened=material.label[mine].astype(np.float64),
        treated=treated,
        weight=weight,
        cluster=material.cluster[mine],
        method=method,
    )
