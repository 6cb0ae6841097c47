"""Evaluate a model on any engagement data, without training."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import Action
from heed.decisioning.value import ValueTerms
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.contact_rows import contact_actions
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.harm_labels import harm_labels, has_harm_outcomes
from heed.training.contract.validation_report import ValidationReport
from heed.training.evaluation.candidate_scores import (
    action_indices,
    eligible_actions,
    score_candidates,
    score_contacts,
    select_choices,
    taken_actions,
)
from heed.training.evaluation.cluster_ids import cluster_ids
from heed.training.evaluation.eval_data import EvalData
from heed.training.evaluation.gates.model_evaluation import Evaluation, evaluate_metrics
from heed.training.evaluation.predictions import add_choices, prediction_table
from heed.training.evaluation.results import EvaluationResults, compute_results
from heed.training.evaluation.scope import EvaluationScope, ScopeCounts, evaluation_scope
from heed.training.model.bundle import Bundle
from heed.training.progress import NullProgress, Progress


@dataclass(frozen=True)
class EvaluationRequest:
    """Options of an evaluation.

    Attributes
    ----------
    terms : ValueTerms
        How the policy computes net value.
    by : tuple of str
        Attributes to segment by; customer attributes are also checked for fairness. All must be in the data.
    fairness : tuple of str
        The same, named by the policy: attributes missing from the data are noted instead of refused.
    policy_values : bool
        Whether the predictions include heed's choice for every contact with a logged propensity.
    cluster : str or None
        Regular expression for the part of a customer id that marks dependent customers, such as a household. Without
        it, and where it does not match, every customer is independent.
    seed : int
        For bootstrap and simulated chance bounds.
    """

    terms: ValueTerms = field(default_factory=ValueTerms)
    by: tuple[str, ...] = ()
    fairness: tuple[str, ...] = ()
    policy_values: bool = False
    cluster: str | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Assessment:
    """The result of an evaluation.

    Attributes
    ----------
    version : str
        Model version, or the folder of its bundle.
    bundle : Bundle
        The evaluated model.
    eval_data : EvalData
        The contacts that the figures describe.
    predictions : pandas.DataFrame
        One row per scored contact; see :func:`heed.training.evaluation.predictions.prediction_table`.
    report : ValidationReport or None
        What was read; None where the data did not come from files.
    test_set_only : bool
        Whether only the test set was evaluated, because the model was trained on these data.
    served : Bundle or None
        The serving model, if it was refitted on the test set and the model before refitting was evaluated instead.
    """

    version: str
    bundle: Bundle
    evaluation: Evaluation
    results: EvaluationResults
    counts: ScopeCounts
    eval_data: EvalData
    predictions: pd.DataFrame
    report: ValidationReport | None
    test_set_only: bool
    served: Bundle | None = None

    @property
    def digest(self) -> str:
        """Digest of the serving model."""
        return (self.served or self.bundle).digest

    @property
    def data_digest(self) -> str:
        """Digest of the evaluation data."""
        return self.eval_data.data.digest

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be scored or computed, in sentences."""
        return (*self.counts.notes(), *self.results.notes, *self._refit_note())

    def _refit_note(self) -> tuple[str, ...]:
        refit = None if self.served is None else self.served.card.refit
        if refit is None:
            return ()
        refitted = f"The serving model was refitted on all {refit.rows:,} rows"
        return (f"{refitted}; metrics are of the model before refitting, which has not seen these rows.",)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, without the predictions."""
        return {
            "version": self.version,
            "digest": self.digest,
            "data_digest": self.data_digest,
            "outcome": self.bundle.outcome,
            "currency": self.bundle.catalogue.currency,
            "interval_level": self.bundle.level,
            "sealed_part_only": self.test_set_only,
            "counts": {name: getattr(self.counts, name) for name in self.counts.__dataclass_fields__},
            "rejected_rows": None if self.report is None else self.report.rejected,
            "notes": list(self.notes),
            "evaluation": self.evaluation.to_dict(),
            "findings": self.results.to_dict(),
        }


def assess_model(
    bundle: Bundle,
    version: str,
    data: EngagementData,
    *,
    report: ValidationReport | None = None,
    request: EvaluationRequest | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """Evaluate a loaded model on loaded data.

    Raises
    ------
    InvalidInput
        If the request names an attribute that the data do not have.
    TrainingError
        If the model cannot score these data.
    """
    steps, request = progress or NullProgress(), request or EvaluationRequest()
    scope = evaluation_scope(bundle, data)
    steps.step(f"scoring {len(scope.rows):,} contacts and their candidate actions")
    eval_data, predictions = _score(bundle, data, scope, request)
    steps.step("computing metrics")
    return Assessment(
        version=version,
        bundle=bundle,
        evaluation=evaluate_metrics(eval_data.holdout, request.seed),
        results=compute_results(eval_data, request.by, request.fairness, request.seed),
        counts=scope.counts,
        eval_data=eval_data,
        predictions=predictions,
        report=report,
        test_set_only=scope.own_data,
    )


def _score(
    bundle: Bundle, data: EngagementData, scope: EvaluationScope, request: EvaluationRequest
) -> tuple[EvalData, pd.DataFrame]:
    """Score the action taken at every row in scope, and all candidates at the rows that are evaluated."""
    rows, action = scope.rows, contact_actions(data, scope.rows)
    logged = data.contacts["propensity"].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    candidates = _candidates(bundle, data, action)
    done = action_indices(candidates, action)
    with_choice = scope.evaluated | (np.isfinite(logged) & request.policy_values)
    eligible = eligible_actions(data, rows, candidates, done)
    admitted = np.where(with_choice[:, None], eligible, taken_actions(done, len(candidates)))
    stated = score_contacts(bundle, data, rows)
    choices = score_candidates(bundle, data, rows, candidates, admitted, request.terms)
    harm = harm_labels(data)[rows]
    happened = {"outcome": scope.label, **({"harmed": harm} if has_harm_outcomes(data) else {})}
    predictions = prediction_table(data, rows, done, stated, choices, happened, scope.mature, scope.part)
    if request.policy_values:
        predictions = add_choices(predictions, choices, with_choice)
    mine = np.flatnonzero(scope.evaluated)
    eval_data = EvalData(
        data=data,
        rows=rows[mine],
        action=action[mine],
        done=done[mine],
        propensity=stated[0][mine],
        low=stated[1][mine],
        high=stated[2][mine],
        label=scope.label[mine],
        harmed=harm[mine],
        logged=logged[mine],
        cluster=cluster_ids(data.contacts["customer_id"].iloc[rows[mine]], request.cluster),
        choices=select_choices(choices, mine),
        base_rate=bundle.card.base_rate,
        terms=request.terms,
    )
    return eval_data, predictions


def _candidates(bundle: Bundle, data: EngagementData, taken: np.ndarray) -> Sequence[Action]:
    """The actions taken in the data, as the data describe them; all actions of the outcome if none was taken."""
    catalogue = to_catalogue(data, bundle.catalogue.currency)
    same_outcome = [action for action in catalogue.actions if action.outcome == bundle.outcome]
    ids = set(taken.tolist())
    actions = [action for action in same_outcome if action.action_id in ids] or same_outcome
    known = bundle.catalogue.by_id
    # The model keeps its own action objects encoded, so equal ones are replaced by them.
    return [known[action.action_id] if known.get(action.action_id) == action else action for action in actions]
