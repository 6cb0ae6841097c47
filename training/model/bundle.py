"""The trained model as one value: scores candidates, explains them, and can be stored in plain files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.certificate import Certificate
from heed.decisioning.customer import Facts
from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import ConfidenceMap, Explanation, Floats, Scores
from heed.training.features.feature_matrix import MatrixBuilder
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.batch_scores import BatchScores
from heed.training.model.calibrators.pooling_groups import PoolingGroups, encode_groups
from heed.training.model.explanation import explain_row
from heed.training.model.model_card import ModelCard
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.uplift_correction import UpliftCorrection

_BLOCK = 4_096
# Learnt in simulated worlds, where it is known how often a choice was near the best: the only place where that can be
# known. Eighteen worlds teach it at tolerances of 0.10, 1.00 and 3.00; singly they teach slopes from .7 to 1.0,
# intercepts from -.3 to .5 and leeways from .2 to 1.3. `python -m benchmarks.confidence` holds it against others.
SIMULATED_TRUST = ConfidenceMap(slope=0.79, intercept=0.19, leeway=0.81)
# What stands for an action that a row of features does not name.
UNKNOWN_ACTION = "unknown"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model as it serves; implements :class:`heed.decisioning.score.Scorer`.

    Attributes
    ----------
    head : ProbabilityHead
        The probability of the outcome.
    harm : ProbabilityHead or None
        The probability of opt-out, complaint or unsubscribe, where the data could tell.
    uplift : UpliftCorrection or None
        From differences to uplift, where customers were knowingly left alone.
    catalogue : Catalogue
        The actions it was trained on. Passing these very objects to :meth:`score` saves encoding them.
    outcome : str
        The outcome type whose probability it gives.
    digest : str
        SHA-256 over all stored files that change a score.
    trust : ConfidenceMap
        What a share of the draws is worth as confidence.
    certificate : Certificate or None
        From which confidence on it may act alone, where that was certified.
    """

    head: ProbabilityHead
    harm: ProbabilityHead | None
    uplift: UpliftCorrection | None
    schema: FeatureSchema
    catalogue: Catalogue
    outcome: str
    card: ModelCard
    digest: str
    trust: ConfidenceMap = SIMULATED_TRUST
    certificate: Certificate | None = None

    @property
    def level(self) -> float:
        """Stated level of the intervals, in (0, 1)."""
        return self.head.posterior.level

    @property
    def has_uplift(self) -> bool:
        """Whether hold has a probability."""
        return self.uplift is not None

    @cached_property
    def assembler(self) -> MatrixBuilder:
        """Makes rows of features, with the catalogue's actions already encoded."""
        return MatrixBuilder(self.schema, self.catalogue.actions)

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now, in one call on one thread.

        Raises
        ------
        InvalidInput
            If an action has another outcome than the model's, or an attribute another type than in training.
        """
        self._refuse_other_outcomes(actions)
        rows = self.assembler.matrix(facts, actions, hold=self.has_uplift)
        one = self.score_batch(rows, actions)
        return Scores(
            propensity=one.propensity[0],
            low=one.low[0],
            high=one.high[0],
            propensity_draws=one.propensity_draws[0],
            explain=lambda places: self.explain(rows[list(places)], [actions[place] for place in places]),
            hold=None if one.hold is None else float(one.hold[0]),
            uplift=_first(one.uplift),
            uplift_low=_first(one.uplift_low),
            uplift_high=_first(one.uplift_high),
            uplift_draws=_first(one.uplift_draws),
            harm=_first(one.harm),
            harm_draws=_first(one.harm_draws),
            trust=self.trust,
            certificate=self.certificate,
        )

    def score_batch(self, rows: Floats, actions: Sequence[Action]) -> BatchScores:
        """Scores of n decisions with the same candidates.

        Parameters
        ----------
        rows : array of float, shape (n m, columns)
            Features of each decision's m candidates: these actions, and hold last if the model learns uplift.
        """
        count, width = len(actions), len(actions) + self.has_uplift
        served = self.head.serve(rows, actions, hold=self.has_uplift)[1:]
        propensity, low, high, draws = (part.reshape(-1, width, *part.shape[1:]) for part in served)
        offered = BatchScores(propensity[:, :count], low[:, :count], high[:, :count], draws[:, :count])
        if self.uplift is not None:
            offered = _lifted(offered, self.uplift, actions, propensity[:, count], draws[:, count:], self._reach)
        return offered if self.harm is None else self._with_harm(offered, self.harm, rows, actions)

    def _with_harm(
        self, offered: BatchScores, harm: ProbabilityHead, rows: Floats, actions: Sequence[Action]
    ) -> BatchScores:
        contacts = rows.reshape(len(offered.propensity), -1, rows.shape[1])[:, : len(actions)]
        served = harm.serve(np.ascontiguousarray(contacts.reshape(-1, rows.shape[1])), actions, hold=False)
        shape = offered.propensity.shape
        return replace(offered, harm=served[1].reshape(shape), harm_draws=served[4].reshape(*shape, -1))

    def explain(self, rows: Floats, actions: Sequence[Action | None]) -> tuple[Explanation, ...]:
        """Explanations of rows of features, shape (n, columns), each of its action; None is hold."""
        return tuple(self._explained(row[None, :], action) for row, action in zip(rows, actions, strict=True))

    def _explained(self, row: Floats, action: Action | None) -> Explanation:
        log_odds, propensity, *_ = self.head.serve(row, () if action is None else (action,), hold=action is None)
        return explain_row(
            row[0],
            self.head.contributions(row)[0],
            self.head.calibration.offset_of(action),
            float(log_odds[0]),
            float(propensity[0]),
            self.head.calibration.curve,
            self.schema,
        )

    def score_frame(self, rows: Floats, pooling_groups: PoolingGroups | None = None) -> tuple[Floats, Floats, Floats]:
        """Propensity, low and high of many rows of features, each with an action of its own: each shape (n,).

        Parameters
        ----------
        pooling_groups : PoolingGroups
            The action of each row, hold among them, also such as the model never saw; where none is given, as far as
            the features tell.
        """
        acting = self.groups_of_rows(rows) if pooling_groups is None else pooling_groups
        found = np.empty((3, len(rows)))
        for kind in range(len(acting.action)):
            mine = np.flatnonzero(acting.code == kind)
            for start in range(0, len(mine), _BLOCK):
                block = mine[start : start + _BLOCK]
                found[:, block] = self.head.serve_action(rows[block], *acting.kind(kind))[1:4]
        return found[0], found[1], found[2]

    def explain_frame(self, rows: Floats) -> tuple[Explanation, ...]:
        """Explanations of many rows of features, shape (n, columns), each of the action that its features tell of."""
        pooling_groups = self.groups_of_rows(rows)
        known = {action.action_id: action for action in self.catalogue.actions}
        return self.explain(
            rows, [known.get(pooling_groups.actions[pooling_groups.action[code]]) for code in pooling_groups.code]
        )

    def groups_of_rows(self, rows: Floats) -> PoolingGroups:
        """The action of each row of features, as far as its columns tell; "unknown" where they do not."""
        known = {action.action_id: (action.channel, action.category) for action in self.catalogue.actions}
        only = next(iter(known)) if len(known) == 1 else UNKNOWN_ACTION
        column = next((place for place, name in enumerate(self.schema.names) if name == "action.action_id"), None)
        told = [only] * len(rows) if column is None else [self._told(row, column) for row in rows]
        kept = [known.get(name, (None, None)) for name in told]
        return encode_groups(told, [channel for channel, _ in kept], [category for _, category in kept])

    def _told(self, row: Floats, column: int) -> str:
        said = self.schema.describe(float(row[column]), column)
        return UNKNOWN_ACTION if said is None else str(said)

    def warm(self) -> None:
        """Run the compiled parts once, so that the first customer need not wait for them."""
        action = self.catalogue.actions[0]
        rows = np.full((1 + self.has_uplift, len(self.schema.features)), np.nan)
        self.score_batch(rows, (action,))
        self.explain(rows[:1], (action,))

    @cached_property
    def _reach(self) -> float:
        return self.head.posterior.reach

    def _refuse_other_outcomes(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if action.outcome != self.outcome:
                message = f"the model gives the probability of `{self.outcome}`, not of the action's outcome"
                remedy = "leave the action out, or train a model for its outcome"
                raise InvalidInput(message, field=action.action_id, value=action.outcome, remedy=remedy)


def _lifted(
    offered: BatchScores,
    line: UpliftCorrection,
    actions: Sequence[Action],
    held: Floats,
    held_draws: Floats,
    reach: float,
) -> BatchScores:
    difference = offered.propensity - held[:, None]
    uplift = line.corrected(actions, difference)
    draws = line.corrected_draws(actions, difference, offered.propensity_draws - held_draws)
    half = reach * draws.std(axis=2)
    return replace(
        offered,
        hold=held,
        uplift=uplift,
        uplift_low=np.maximum(uplift - half, -1.0),
        uplift_high=np.minimum(uplift + half, 1.0),
        uplift_draws=draws,
    )


def _first(values: Floats | None) -> Floats | None:
    return None if values is None else values[0]
