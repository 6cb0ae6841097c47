"""Candidates as they stand beside each other: ranked by net value, hold among them."""

from collections.abc import Mapping, Sequence

from decisioning.arbitration import ranking
from decisioning.catalogue import HOLD, Action
from decisioning.decision import Candidate
from decisioning.score import Explanation, Floats, Scores
from decisioning.verdict import Effect, Verdict, combined

Verdicts = tuple[Verdict, ...]


def ranked(
    actions: Sequence[Action],
    scores: Scores,
    values: Floats,
    verdicts: Sequence[Verdicts],
    explanations: Mapping[int, Explanation],
) -> tuple[Candidate, ...]:
    """All candidates, best first. Hold stands before every action that is worth no more than it.

    Parameters
    ----------
    values : array of float, shape (n,)
        Net values in the order of `actions`.
    verdicts : sequence of n tuples
        What the rules said of each action.
    explanations : mapping of int to Explanation
        By index of the action.
    """
    order = ranking(actions, values)
    worth_more = sum(1 for value in values if value > 0.0)

    def candidate(place: int, index: int) -> Candidate:
        rank = place + 1 if place < worth_more else place + 2
        return _candidate(actions[index], rank, index, scores, values, verdicts[index], explanations.get(index))

    listed = [candidate(place, index) for place, index in enumerate(order)]
    return (*listed[:worth_more], hold(scores.hold, worth_more + 1), *listed[worth_more:])


def hold(propensity: float | None, rank: int) -> Candidate:
    """Hold as a candidate: always admissible, worth 0."""
    return Candidate(HOLD, rank, propensity, None, None, None, None, 0.0, Effect.ALLOW)


def _candidate(
    action: Action,
    rank: int,
    index: int,
    scores: Scores,
    values: Floats,
    verdicts: Verdicts,
    explanation: Explanation | None,
) -> Candidate:
    return Candidate(
        action_id=action.action_id,
        rank=rank,
        propensity=float(scores.propensity[index]),
        low=float(scores.low[index]),
        high=float(scores.high[index]),
        uplift=None if scores.uplift is None else float(scores.uplift[index]),
        harm=None if scores.harm is None else float(scores.harm[index]),
        net_value=float(values[index]),
        effect=combined(verdicts),
        verdicts=verdicts,
        explanation=explanation,
    )
