"""Candidates ranked by net value, hold among them."""

from collections.abc import Mapping, Sequence
from typing import Any

from heed.decisioning.arbitration import ranking
from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.decision import Candidate
from heed.decisioning.score import Explanation, Floats, Scores
from heed.decisioning.verdict import Effect, Verdict, combined_effect

Verdicts = tuple[Verdict, ...]
_Numbers = tuple[Any, Any, Any, Any, Any, Any, Any, float]
_NUMBERS = ("propensity", "low", "high", "uplift", "uplift_low", "uplift_high", "harm")


def rank_candidates(
    actions: Sequence[Action],
    scores: Scores,
    values: Floats,
    verdicts: Sequence[Verdicts],
    explanations: Mapping[int, Explanation],
) -> tuple[Candidate, ...]:
    """All candidates, best first. Hold comes before every action that is worth no more than it.

    Parameters
    ----------
    values : array of float, shape (n,)
        Net values in the order of `actions`.
    verdicts : sequence of n tuples
        The verdicts of the rules on each action.
    explanations : mapping of int to Explanation
        By index of the action.
    """
    order = ranking(actions, values)
    worth_more = sum(1 for value in values.tolist() if value > 0.0)
    columns = _columns(scores, values)

    def candidate(place: int, index: int) -> Candidate:
        rank = place + 1 if place < worth_more else place + 2
        verdicts_on_action = verdicts[index]
        return Candidate(
            actions[index].action_id,
            rank,
            *columns[index],
            combined_effect(verdicts_on_action),
            verdicts_on_action,
            explanations.get(index),
        )

    listed = [candidate(place, index) for place, index in enumerate(order)]
    return (*listed[:worth_more], hold_candidate(scores.hold, worth_more + 1), *listed[worth_more:])


def hold_candidate(propensity: float | None, rank: int) -> Candidate:
    """Hold as a candidate: always admissible, worth 0."""
    return Candidate(HOLD, rank, propensity, None, None, None, None, None, None, 0.0, Effect.ALLOW)


def _columns(scores: Scores, values: Floats) -> list[_Numbers]:
    """Propensity, uplift (both with their interval), harm and net value of each action, as plain numbers or None."""
    columns = (getattr(scores, name) for name in _NUMBERS)
    values_by_column = [[None] * len(values) if column is None else column.tolist() for column in columns]
    return list(zip(*values_by_column, values.tolist(), strict=True))
