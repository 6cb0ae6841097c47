"""Checks what the model returns: a failure, or an invalid score, is an error and never an act."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.errors import HeedError, Unavailable
from heed.decisioning.score import Explanation, Scorer, Scores

logger = logging.getLogger("heed.serving")

_PROBABILITIES = ("propensity", "harm")
_SCORES = (*_PROBABILITIES, "low", "high", "propensity_draws", "harm_draws", "uplift", "uplift_draws", "hold")


class ModelHealth:
    """Whether the model scores.

    Attributes
    ----------
    trouble : str or None
        Why the last scoring failed, None where it did not.
    failures : int
        How many have failed since the start.
    """

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.failures = 0

    def failed(self, reason: str) -> Unavailable:
        """Record a failure, log it once, and return the error to raise."""
        if self.trouble != reason:
            logger.error("the model fails: %s", reason)
        self.trouble = reason
        self.failures += 1
        remedy = "promote another version of the model, or train anew"
        return Unavailable(f"the model fails: {reason}", field="model", remedy=remedy)


class CheckedScorer:
    """A scorer whose every failure is an `Unavailable`.

    Parameters
    ----------
    ended : callable
        Called when scores are there.
    """

    def __init__(self, scorer: Scorer, health: ModelHealth, ended: Callable[[], None] = lambda: None) -> None:
        self._scorer = scorer
        self._health = health
        self._ended = ended

    def score(self, facts: Facts, actions: Sequence[Action]) -> Scores:
        """Scores of these actions for this customer now.

        Raises
        ------
        Unavailable
            If the model raises, or returns invalid scores.
        """
        try:
            scores = self._scorer.score(facts, actions)
        except HeedError:
            raise
        except Exception as error:
            # Its text may hold personal data, and is not repeated.
            raise self._health.failed(f"scoring raised {type(error).__name__}") from error
        fault = _fault(scores, len(actions))
        if fault is not None:
            raise self._health.failed(fault)
        self._health.trouble = None
        self._ended()
        return replace(scores, explain=_CheckedExplanation(scores, self._health))


class _CheckedExplanation:
    """Explanations, checked in the same way."""

    def __init__(self, scores: Scores, health: ModelHealth) -> None:
        self._explain = scores.explain
        self._health = health

    def __call__(self, places: Sequence[int]) -> tuple[Explanation, ...]:
        try:
            return self._explain(places)
        except Exception as error:
            raise self._health.failed(f"explaining raised {type(error).__name__}") from error


def _fault(scores: Scores, expected: int) -> str | None:
    """What is invalid about scores, None where nothing is."""
    if len(scores.propensity) != expected:
        return f"it scored {len(scores.propensity)} of {expected} candidates"
    present = {name: values for name in _SCORES if (values := getattr(scores, name)) is not None}
    for name, values in present.items():
        if not np.isfinite(values).all():
            return f"{name} is no number"
        if name in _PROBABILITIES and values.size and not 0.0 <= values.min() <= values.max() <= 1.0:
            return f"{name} is no probability"
    return None
