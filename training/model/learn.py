"""Learning one probability from a sample: settings, booster, calibration, and what remains unknown."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from decisioning.score import Floats
from training.features.schema import FeatureSchema
from training.model.calibrators.choose import choose_calibration
from training.model.calibrators.curve import Curve
from training.model.calibrators.pooled import PooledCalibration
from training.model.fit import CrossFit, Settings, cross_fit, fit_booster
from training.model.head import Head
from training.model.hidden import Hidden, find_hidden
from training.model.novelty import find_novelty
from training.model.sample import Rows, Sample
from training.model.trees import Trees, read_trees
from training.model.uncertainty import fit_posterior

# Effects of features are known well enough from so many rows.
_EXPLAINED_ROWS = 1_000
# Settings are compared on so many rows at most: what is found of them hardly changes with more.
_SEARCHED_ROWS = 24_000


@dataclass(frozen=True, eq=False)
class Learnt:
    """A head, and what was found on the way to it.

    Attributes
    ----------
    crossed : CrossFit
        Margins of all rows by models that had not seen the customer.
    propensity : array of float, shape (n,)
        These margins calibrated.
    record : mapping
        How the calibration was chosen, JSON-ready.
    """

    head: Head
    crossed: CrossFit
    propensity: Floats
    record: Mapping[str, Any]


def learn(sample: Sample, schema: FeatureSchema, settings: Settings, seed: int = 0) -> Learnt:
    """A head of unscaled uncertainty.

    Cross-fitting says how many trees there should be and what a model says of customers it has not seen; on that it is
    calibrated. The booster that serves is then fitted on all rows.
    """
    crossed = cross_fit(sample, schema, settings, seed)
    chosen = choose_calibration(crossed.margin, sample.label, sample.kin, sample.customer, seed)
    offset = chosen.calibration.offsets.of_rows(sample.kin)
    propensity = chosen.calibration.probability(crossed.margin, offset)
    trees = read_trees(fit_booster(sample, schema, settings, crossed.rounds, seed))
    places = trees.places(sample.matrix)
    margin = trees.sum(places)
    head = Head(
        trees=trees,
        calibration=chosen.calibration,
        posterior=fit_posterior(places, margin, len(trees.values), seed),
        hidden=_hidden(sample, crossed, chosen.calibration, propensity),
        novelty=find_novelty(sample.matrix, _effects(trees, chosen.calibration.curve, sample.matrix, seed)),
    )
    return Learnt(head, crossed, propensity, chosen.record)


def search(
    sample: Sample, schema: FeatureSchema, candidates: Sequence[Settings], seed: int
) -> tuple[Settings, dict[str, float]]:
    """The settings of the least cross-fitted log-loss, and the loss of each, on at most 24,000 rows.

    Customers are taken whole. Where one candidate is given nothing is fitted.
    """
    if len(candidates) == 1:
        return candidates[0], {}
    share = _SEARCHED_ROWS / len(sample)
    owners = np.unique(sample.customer)
    taken = np.random.default_rng(seed).random(len(owners)) < share
    part = sample if share >= 1.0 else sample.take(np.flatnonzero(np.isin(sample.customer, owners[taken])))
    losses = [cross_fit(part, schema, one, seed).loss for one in candidates]
    named = {_named(one): loss for one, loss in zip(candidates, losses, strict=True)}
    return candidates[int(np.argmin(losses))], named


def variants(settings: Settings) -> tuple[Settings, ...]:
    """What is searched among: trees of fewer and of more leaves than asked for, and trees that look at actions more."""
    sizes = (max(2, settings.leaves // 2), settings.leaves, 2 * settings.leaves)
    keener = replace(settings, action_emphasis=3.0 * settings.action_emphasis)
    return (*(replace(settings, leaves=leaves) for leaves in sizes), keener)


def _named(settings: Settings) -> str:
    return f"leaves {settings.leaves}, action emphasis {settings.action_emphasis:g}"


def _hidden(sample: Sample, crossed: CrossFit, calibration: PooledCalibration, propensity: Floats) -> Hidden:
    if sample.foreseen is None:
        return Hidden()
    return find_hidden(sample, propensity, unseen(crossed, calibration, sample.foreseen))


def unseen(crossed: CrossFit, calibration: PooledCalibration, rows: Rows) -> Floats:
    """Calibrated probability of other rows of the same customers, by models that have not seen them: shape (n,)."""
    return calibration.probability(crossed.margins(rows.matrix), calibration.offsets.of_rows(rows.kin))


def _effects(trees: Trees, curve: Curve, matrix: Floats, seed: int) -> Floats:
    """Effects of the features in calibrated log-odds on some of the rows, shape (rows, columns)."""
    count = min(_EXPLAINED_ROWS, len(matrix))
    rows = np.random.default_rng(seed).choice(len(matrix), size=count, replace=False)
    contributions = trees.contributions(matrix[rows])
    effects: Floats = contributions[:, :-1] * curve.slope(contributions.sum(axis=1))[:, None]
    return effects
