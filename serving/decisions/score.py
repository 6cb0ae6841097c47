"""Scores without a decision: no verdicts, no record."""

from collections.abc import Mapping, Sequence

from heed.decisioning.arbitration import ranking
from heed.decisioning.candidates import rank_candidates
from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts
from heed.decisioning.decision import Explain
from heed.decisioning.marketing_objection import eligible_for_scoring
from heed.decisioning.score import Explanation, Floats, Scores
from heed.decisioning.value import net_values
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.schemas.responses import ScoreAnswer, ScoredCandidate, scored_candidate


def score_answer(facts: Facts, actions: Sequence[Action], active: ActiveVersions, explain: Explain) -> ScoreAnswer:
    """Scores of the actions, best net value first, hold among them; after an objection none of marketing."""
    actions = eligible_for_scoring(facts.customer, actions)
    return ScoreAnswer(
        customer_id=facts.customer.customer_id,
        at=facts.now,
        currency=active.catalogue.currency,
        candidates=_candidates(facts, actions, active, explain) if actions else (),
        model=active.versions.model,
        catalogue=active.versions.catalogue,
    )


def _candidates(
    facts: Facts, actions: Sequence[Action], active: ActiveVersions, explain: Explain
) -> tuple[ScoredCandidate, ...]:
    scores = active.scorer.score(facts, actions)
    values = net_values(actions, scores, active.guard.terms)
    explained = _explained(actions, scores, values, explain)
    no_verdicts = [() for _ in actions]
    candidates = rank_candidates(actions, scores, values, no_verdicts, explained)
    return tuple(scored_candidate(candidate, active.level) for candidate in candidates)


def _explained(
    actions: Sequence[Action], scores: Scores, values: Floats, explain: Explain
) -> Mapping[int, Explanation]:
    wanted = {
        Explain.NONE: (),
        Explain.CHOSEN: ranking(actions, values)[:1],
        Explain.ALL: tuple(range(len(actions))),
    }[explain]
    return dict(zip(wanted, scores.explain(wanted), strict=True)) if wanted else {}
