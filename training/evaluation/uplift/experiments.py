"""Uplift of every action, from the evaluation data."""

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


def evaluate_uplifts(eval_data: EvalData, seed: int = 0) -> tuple[UpliftResult, ...]:
    """All actions together, then each action with enough rows, in catalogue order.

    Empty where the model has no uplift or too few customers were held.
    """
    experiments = dict(_experiments(eval_data))
    if not experiments:
        return ()
    overall = evaluate_uplift(ALL, pool_experiments(list(experiments.values())), seed)
    return (overall, *(evaluate_uplift(name, experiment, seed) for name, experiment in experiments.items()))


def _experiments(eval_data: EvalData) -> Iterator[tuple[str, UpliftExperiment]]:
    for index, action in enumerate(eval_data.choices.actions):
        experiment = _experiment(eval_data, index)
        if experiment is not None and experiment.has_enough_rows:
            yield action.action_id, experiment


def _experiment(eval_data: EvalData, index: int) -> UpliftExperiment | None:
    choices = eval_data.choices
    if choices.uplift is None or choices.uplift_low is None or choices.uplift_high is None:
        return None
    uplift = choices.uplift[:, index]
    mine = np.flatnonzero(((eval_data.done == index) | (eval_data.done == HOLD_INDEX)) & np.isfinite(uplift))
    treated = eval_data.done[mine] == index
    weight, method = arm_weights(treated, eval_data.logged[mine])
    return UpliftExperiment(
        uplift=uplift[mine],
        low=choices.uplift_low[mine, index],
        high=choices.uplift_high[mine, index],
        expected=eval_data.propensity[mine],
        happened=eval_data.label[mine].astype(np.float64),
        treated=treated,
        weight=weight,
        cluster=eval_data.cluster[mine],
        method=method,
    )
