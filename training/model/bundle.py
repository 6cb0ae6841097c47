"""The trained model as one value: scores candidates, explains them, and can be stored in plain files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from training.model.offers import Offers
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
        one = self.weigh(rows, actions)
        return Scores(
            propensity=one.propensity[0],
            low=one.low[0],
            high=one.high[0],
            propensity_draws=one.propensity_draws[0],
            explain=lambda places: self.explain_rows(rows[list(places)]),
            hold=None if one.hold is None else float(one.hold[0]),
            uplift=_first(one.uplift),
            uplift_low=_first(one.uplift_low),
            uplift_high=_first(one.uplift_high),
            uplift_draws=_first(one.uplift_draws),
            harm=_first(one.harm),
            harm_draws=_first(one.harm_draws),
        )

    def weigh(self, rows: Floats, actions: Sequence[Action]) -> Offers:
        """Scores of n decisions with the same candidates.

        Parameters
        ----------
        rows : array of float, shape (n m, columns)
            Features of each decision's m candidates: these actions, and hold last if the model learns uplift.
        """
        width = len(actions) + self.learns_uplift
        _, propensity, low, high, draws = (part.reshape(-1, width, *part.shape[1:]) for part in self.serve(rows))
        count = len(actions)
        found = Offers(propensity[:, :count], low[:, :count], high[:, :count], draws[:, :count])
        if not self.learns_uplift:
            return found
        held, held_draws = propensity[:, count], draws[:, count:]
        uplift_draws = found.propensity_draws - held_draws
        uplift = found.propensity - held[:, None]
        reach = self._reach * uplift_draws.std(axis=2)
        return replace(
            found,
            hold=held,
            uplift=uplift,
            uplift_low=uplift - reach,
            uplift_high=uplift + reach,
            uplift_draws=uplift_draws,
        )

    def explain_rows(self, rows: Floats) -> tuple[Explanation, ...]:
        """Explanations of rows of features, shape (n, columns), in their order."""
        log_odds, propensity, *_ = self.serve(rows)
        shares = self.trees.contributions(rows)
        return tuple(
            explain_row(row, share, float(said), float(stated), self.calibration, self.schema)
            for row, share, said, stated in zip(rows, shares, log_odds, propensity, strict=True)
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


def _first(values: Floats | None) -> Floats | None:
    return None if values is None else values[0]
