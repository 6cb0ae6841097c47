"""The trained model as one value: scores candidates, explains them, and can be stored in plain files."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from decisioning.catalogue import Action, Catalogue
from decisioning.customer import Facts
from decisioning.errors import InvalidInput
from decisioning.score import Explanation, Floats, Scores
from training.features.assemble import Assembler
from training.features.schema import FeatureSchema
from training.model.calibration import Calibration
from training.model.card import Card
from training.model.explanation import explain_row
from training.model.kernel import Served, serve
from training.model.trees import Trees
from training.model.uncertainty import Posterior

_BLOCK = 4_096


@dataclass(frozen=True, eq=False)
class Bundle:
    """A model as it serves; implements :class:`decisioning.score.Scorer`.

    Attributes
    ----------
    catalogue : Catalogue
        The actions it was trained on. Passing these very objects to :meth:`score` saves encoding them.
    outcome : str
        The outcome type whose probability it gives.
    learns_uplift : bool
        Whether the fitting rows held customers who were knowingly left alone, so that hold has a probability.
    digest : str
        SHA-256 over all stored files that change a score.
    """

    trees: Trees
    calibration: Calibration
    posterior: Posterior
    schema: FeatureSchema
    catalogue: Catalogue
    outcome: str
    learns_uplift: bool
    card: Card
    digest: str

    @cached_property
    def assembler(self) -> Assembler:
        """Makes rows of features, with the catalogue's actions already encoded."""
        return Assembler(self.schema, self.catalogue.actions)

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now, in one call on one thread.

        Raises
        ------
        InvalidInput
            If an action has another outcome than the model's, or an attribute another type than in training.
        """
        self._refuse_other_outcomes(actions)
        rows = self.assembler.matrix(facts, actions, hold=self.learns_uplift)
        served = self.serve(rows)
        _, propensity, low, high, draws = served
        count = len(actions)
        return Scores(
            propensity=propensity[:count],
            low=low[:count],
            high=high[:count],
            propensity_draws=draws[:count],
            explain=lambda places: self._explained(rows, served, list(places)),
            hold=float(propensity[count]) if self.learns_uplift else None,
            hold_draws=draws[count] if self.learns_uplift else None,
        )

    def explain_rows(self, rows: Floats) -> tuple[Explanation, ...]:
        """Explanations of rows of features, shape (n, columns), in their order."""
        return self._explained(rows, self.serve(rows), list(range(len(rows))))

    def _explained(self, rows: Floats, served: Served, places: list[int]) -> tuple[Explanation, ...]:
        log_odds, propensity, *_ = served
        shares = self.trees.contributions(rows[places])
        return tuple(
            explain_row(
                rows[place], share, float(log_odds[place]), float(propensity[place]), self.calibration, self.schema
            )
            for place, share in zip(places, shares, strict=True)
        )

    def serve(self, rows: Floats) -> Served:
        """Calibrated log-odds, propensity, low, high and draws of rows of features, shape (n, columns)."""
        return serve(
            self.trees.leaves(rows),
            self.trees.offsets,
            self.trees.values,
            self.posterior.deviations,
            self.calibration.slope,
            self.calibration.intercept,
            self._reach,
        )

    def score_frame(self, rows: Floats) -> tuple[Floats, Floats, Floats]:
        """Propensity, low and high of many rows of features, each shape (n,)."""
        blocks = [self.serve(rows[start : start + _BLOCK])[1:4] for start in range(0, len(rows), _BLOCK)]
        if not blocks:
            return np.empty(0), np.empty(0), np.empty(0)
        propensity, low, high = (np.concatenate(parts) for parts in zip(*blocks, strict=True))
        return propensity, low, high

    def warm(self) -> None:
        """Run the compiled parts once, so that the first customer need not wait for them."""
        rows = np.full((1, len(self.schema.features)), np.nan)
        self.serve(rows)
        self.explain_rows(rows)

    @cached_property
    def _reach(self) -> float:
        return self.posterior.reach

    def _refuse_other_outcomes(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if action.outcome != self.outcome:
                message = f"the model gives the probability of `{self.outcome}`, not of the action's outcome"
                remedy = "leave the action out, or train a model for its outcome"
                raise InvalidInput(message, field=action.action_id, value=action.outcome, remedy=remedy)
