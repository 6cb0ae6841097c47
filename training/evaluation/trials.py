"""Uplift of every action, from the contacts that a model is judged by."""

from collections.abc import Iterator

import numpy as np

from training.evaluation.choices import NOBODY
from training.evaluation.material import Material
from training.evaluation.uplift import ALL, Trial, UpliftFound, found, pooled, weights


def uplifts(material: Material, seed: int = 0) -> tuple[UpliftFound, ...]:
    """All actions together, then each with rows enough, in the order of the actions.

    None where the model states no uplift or too few customers were left alone.
    """
    trials = dict(_trials(material))
    if not trials:
        return ()
    together = found(ALL, pooled(list(trials.values())), seed)
    return (together, *(found(name, trial, seed) for name, trial in trials.items()))


def _trials(material: Material) -> Iterator[tuple[str, Trial]]:
    for place, action in enumerate(material.choices.actions):
        trial = _trial(material, place)
        if trial is not None and trial.tells:
            yield action.action_id, trial


def _trial(material: Material, place: int) -> Trial | None:
    said = material.choices
    if said.uplift is None or said.uplift_low is None or said.uplift_high is None:
        return None
    uplift = said.uplift[:, place]
    mine = np.flatnonzero(((material.done == place) | (material.done == NOBODY)) & np.isfinite(uplift))
    treated = material.done[mine] == place
    weight, method = weights(treated, material.logged[mine])
    return Trial(
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
