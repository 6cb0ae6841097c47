"""A trained model as one frozen value: it scores candidates, explains scores and is stored as plain files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from heed.decisioning.catalogue import Action, Catalogue
from heed.decisioning.certificate import Certificate
from heed.decisioning.customer import Facts
from heed.decisioning.errors import InvalidInput
from heed.decisioning.score import ConfidenceMap, Explanation, Floats, Scores
from heed.training.features.feature_matrix import MatrixBuilder
from heed.training.features.feature_schema import FeatureSchema, attribute_types
from heed.training.model.batch_scores import BatchScores
from heed.training.model.calibrators.pooling_groups import PoolingGroups, encode_groups
from heed.training.model.explanation import explain_row
from heed.training.model.model_card import ModelCard
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.uplift_correction import UpliftCorrection

_BLOCK = 4_096
# Fitted on eighteen simulated worlds, where the best action is known, at tolerances of 0.10, 1.00 and 3.00. Single
# worlds give slopes from 0.7 to 1.0, intercepts from -0.3 to 0.5 and leeways from 0.2 to 1.3.
# `python -m benchmarks.confidence` compares the fit with alternatives.
SIMULATED_TRUST = ConfidenceMap(slope=0.79, intercept=0.19, leeway=0.81)
# Stands for the action of a feature row that names none.
UNKNOWN_ACTION = "unknown"


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model as it is served; implements :class:`heed.decisioning.score.Scorer`.

    Attributes
    ----------
    head : ProbabilityHead
        The probability of the outcome.
    harm : ProbabilityHead or None
        The probability of an opt-out, complaint or unsubscribe; None where the data record too few of them.
    uplift : UpliftCorrection or None
        Corrects differences of probabilities to uplift; None where the data have no hold rows.
    catalogue : Catalogue
        The actions it was trained on. Passing the same objects to :meth:`score` skips encoding them again.
    outcome : str
        The outcome type that it predicts.
    digest : str
        SHA-256 over all stored files that affect a score.
    trust : ConfidenceMap
        Maps the share of posterior draws won by an action to confidence.
    certificate : Certificate or None
        The confidence above which heed may act without review, if it was certified.
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
        """Whether the model estimates uplift, hence scores hold as well."""
        return self.uplift is not None

    @property
    def attribute_types(self) -> Mapping[str, str]:
        """Types of the customer attributes that it was trained on, for the conditions of a policy."""
        return attribute_types(self.schema)

    @cached_property
    def assembler(self) -> MatrixBuilder:
        """Builds feature rows, with the actions of the catalogue encoded in advance."""
        return MatrixBuilder(self.schema, self.catalogue.actions)

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Score these actions for this customer now, in one call on one thread.

        Raises
        ------
        InvalidInput
            If an action has another outcome than the model, or an attribute another type than in training.
        """
        self._refuse_other_outcomes(actions)
        rows = self.assembler.matrix(facts, actions, hold=self.has_uplift)
        scores = self.score_batch(rows, actions)
        return Scores(
            propensity=scores.propensity[0],
            low=scores.low[0],
            high=scores.high[0],
            propensity_draws=scores.propensity_draws[0],
            explain=lambda indices: self.explain(rows[list(indices)], [actions[index] for index in indices]),
            hold=None if scores.hold is None else float(scores.hold[0]),
            uplift=_first(scores.uplift),
            uplift_low=_first(scores.uplift_low),
            uplift_high=_first(scores.uplift_high),
            uplift_draws=_first(scores.uplift_draws),
            harm=_first(scores.harm),
            harm_draws=_first(scores.harm_draws),
            trust=self.trust,
            certificate=self.certificate,
        )

    def score_batch(self, rows: Floats, actions: Sequence[Action]) -> BatchScores:
        """Score n decisions that share the same candidates.

        Parameters
        ----------
        rows : array of float, shape (n m, columns)
            Features of each decision's m candidates: these actions, then hold if the model estimates uplift.
        """
        count, width = len(actions), len(actions) + self.has_uplift
        served = self.head.serve(rows, actions, hold=self.has_uplift)[1:]
        propensity, low, high, draws = (part.reshape(-1, width, *part.shape[1:]) for part in served)
        scores = BatchScores(propensity[:, :count], low[:, :count], high[:, :count], draws[:, :count])
        if self.uplift is not None:
            scores = _lifted(scores, self.uplift, actions, propensity[:, count], draws[:, count:], self._reach)
        return scores if self.harm is None else self._with_harm(scores, self.harm, rows, actions)

    def _with_harm(
        self, scores: BatchScores, harm: ProbabilityHead, rows: Floats, actions: Sequence[Action]
    ) -> BatchScores:
        contacts = rows.reshape(len(scores.propensity), -1, rows.shape[1])[:, : len(actions)]
        served = harm.serve(np.ascontiguousarray(contacts.reshape(-1, rows.shape[1])), actions, hold=False)
        shape = scores.propensity.shape
        return replace(scores, harm=served[1].reshape(shape), harm_draws=served[4].reshape(*shape, -1))

    def explain(self, rows: Floats, actions: Sequence[Action | None]) -> tuple[Explanation, ...]:
        """Explain feature rows, shape (n, columns), one action each; None stands for hold."""
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
        """Propensity, lower and upper bound of many feature rows with different actions, each of shape (n,).

        Parameters
        ----------
        pooling_groups : PoolingGroups
            The action of each row, which may be hold or an action unknown to the model. By default it is read from
            the features.
        """
        groups = self.groups_of_rows(rows) if pooling_groups is None else pooling_groups
        result = np.empty((3, len(rows)))
        for kind in range(len(groups.action)):
            mine = np.flatnonzero(groups.code == kind)
            for start in range(0, len(mine), _BLOCK):
                block = mine[start : start + _BLOCK]
                result[:, block] = self.head.serve_action(rows[block], *groups.names(kind))[1:4]
        return result[0], result[1], result[2]

    def explain_frame(self, rows: Floats) -> tuple[Explanation, ...]:
        """Explain many feature rows, shape (n, columns), each for the action named by its features."""
        pooling_groups = self.groups_of_rows(rows)
        known = {action.action_id: action for action in self.catalogue.actions}
        return self.explain(
            rows, [known.get(pooling_groups.actions[pooling_groups.action[code]]) for code in pooling_groups.code]
        )

    def groups_of_rows(self, rows: Floats) -> PoolingGroups:
        """The action of each feature row, read from its columns; "unknown" where they do not name it."""
        known = {action.action_id: (action.channel, action.category) for action in self.catalogue.actions}
        only = next(iter(known)) if len(known) == 1 else UNKNOWN_ACTION
        column = next((index for index, name in enumerate(self.schema.names) if name == "action.action_id"), None)
        ids = [only] * len(rows) if column is None else [self._action_id(row, column) for row in rows]
        parents = [known.get(action_id, (None, None)) for action_id in ids]
        return encode_groups(ids, [channel for channel, _ in parents], [category for _, category in parents])

    def _action_id(self, row: Floats, column: int) -> str:
        value = self.schema.describe(float(row[column]), column)
        return UNKNOWN_ACTION if value is None else str(value)

    def warm(self) -> None:
        """Run the compiled functions once, so that the first request does not wait for compilation."""
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
    scores: BatchScores,
    line: UpliftCorrection,
    actions: Sequence[Action],
    held: Floats,
    held_draws: Floats,
    reach: float,
) -> BatchScores:
    difference = scores.propensity - held[:, None]
    uplift = line.corrected(actions, difference)
    draws = line.corrected_draws(actions, difference, scores.propensity_draws - held_draws)
    half = reach * draws.std(axis=2)
    return replace(
        scores,
        hold=held,
        uplift=uplift,
        uplift_low=np.maximum(uplift - half, -1.0),
        uplift_high=np.minimum(uplift + half, 1.0),
        uplift_draws=draws,
    )


def _first(values: Floats | None) -> Floats | None:
    return None if values is None else values[0]
