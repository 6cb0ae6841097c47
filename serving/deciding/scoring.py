"""Scores without a decision: what the model says, and nothing else happens."""

from collections.abc import Mapping, Sequence

from decisioning.arbitration import ranking
from decisioning.candidates import ranked
from decisioning.catalogue import Action
from decisioning.customer import Facts
from decisioning.decision import Explain
from decisioning.objection import considered
from decisioning.score import Explanation, Floats, Scores
from decisioning.value import net_values
from serving.answer import ScoreAnswer, ScoredCandidate, scored_candidate
from serving.in_force.in_force import InForce


def score(facts: Facts, actions: Sequence[Action], in_force: InForce, explain: Explain) -> ScoreAnswer:
    """Scores of the actions, best net value first, hold among them; after an objection none of marketing."""
    actions = considered(facts.customer, actions)
    return ScoreAnswer(
        customer_id=facts.customer.customer_id,
        at=facts.now,
        currency=in_force.catalogue.currency,
        candidates=_candidates(facts, actions, in_force, explain) if actions else (),
        model=in_force.versions.model,
        catalogue=in_force.versions.catalogue,
    )


def _candidates(
    facts: Facts, actions: Sequence[Action], in_force: InForce, explain: Explain
) -> tuple[ScoredCandidate, ...]:
    scores = in_force.scorer.score(facts, actions)
    values = net_values(actions, scores, in_force.guard.terms)
    explained = _explained(actions, scores, values, explain)
    unjudged = [() for _ in actions]
    candidates = ranked(actions, scores, values, unjudged, explained)
    return tuple(scored_candidate(one, in_force.level) for one in candidates)


def _explained(
    actions: Sequence[Action], scores: Scores, values: Floats, explain: Explain
) -> Mapping[int, Explanation]:
    wanted = {
        Explain.NONE: (),
        Explain.CHOSEN: ranking(actions, values)[:1],
        Explain.ALL: tuple(range(len(actions))),
    }[explain]
    return dict(zip(wanted, scores.explain(wanted), strict=True)) if wanted else {}
