"""Judging a model on any engagement data, without training."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import Action
from heed.decisioning.value import ValueTerms
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.engagement_io import read_engagement
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
from heed.training.evaluation.predictions import add_choices, predictions
from heed.training.evaluation.results import EvaluationResults, compute_results
from heed.training.evaluation.scope import EvaluationScope, ScopeCounts, evaluation_scope
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import MODEL, load_bundle, load_evaluated_bundle
from heed.training.pipeline.dataset import contact_actions
from heed.training.pipeline.model_registry import CHAMPION, resolve_model
from heed.training.progress import NullProgress, Progress

STEPS = 4


@dataclass(frozen=True)
class EvaluationRequest:
    """What is asked of an evaluation.

    Attributes
    ----------
    terms : ValueTerms
        How the policy reckons net value.
    by : tuple of str
        Attributes to make segments by, and to judge fairness by where they are of customers. All must be in the data.
    fairness : tuple of str
        The same, as the policy names them: what the data do not have is noted.
    policy_values : bool
        Whether predictions say what heed would choose for every contact whose probability is recorded.
    cluster : str or None
        A regular expression for the part of a customer's id whose bearers are no independent evidence, such as a
        household; every customer stands alone where it is not given or does not match.
    seed : int
        Of what is found by drawing: bounds of chance, bootstrap.
    """

    terms: ValueTerms = field(default_factory=ValueTerms)
    by: tuple[str, ...] = ()
    fairness: tuple[str, ...] = ()
    policy_values: bool = False
    cluster: str | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Assessment:
    """What was found.

    Attributes
    ----------
    version : str
        Of the model, or the folder of its bundle.
    bundle : Bundle
        The model that was judged.
    material : EvalData
        The contacts that figures are about.
    predictions : pandas.DataFrame
        A row for every contact that could be scored; see :func:`heed.training.evaluation.predictions.predictions`.
    report : ValidationReport or None
        What was read; None where the data did not come from files.
    sealed : bool
        Whether only the sealed part was judged, because the model was trained on this very data.
    served : Bundle or None
        The model that serves, where another was judged in its place, since this one was refitted on the sealed part.
    """

    version: str
    bundle: Bundle
    evaluation: Evaluation
    findings: EvaluationResults
    counts: ScopeCounts
    material: EvalData
    predictions: pd.DataFrame
    report: ValidationReport | None
    sealed: bool
    served: Bundle | None = None

    @property
    def digest(self) -> str:
        """Of the model that serves."""
        return (self.served or self.bundle).digest

    @property
    def data_digest(self) -> str:
        """Of the data it was judged on."""
        return self.material.data.digest

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be scored or told, in sentences."""
        return (*self.counts.notes(), *self.findings.notes, *self._stand_in())

    def _stand_in(self) -> tuple[str, ...]:
        refit = None if self.served is None else self.served.card.refit
        if refit is None:
            return ()
        served = f"The model that serves was refitted on all {refit.rows:,} rows"
        return (f"{served}; judged is the one made before, which has the same calibration and had not seen these.",)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, without the predictions."""
        return {
            "version": self.version,
            "digest": self.digest,
            "data_digest": self.data_digest,
            "outcome": self.bundle.outcome,
            "currency": self.bundle.catalogue.currency,
            "interval_level": self.bundle.level,
            "sealed_part_only": self.sealed,
            "counts": {name: getattr(self.counts, name) for name in self.counts.__dataclass_fields__},
            "rejected_rows": None if self.report is None else self.report.rejected,
            "notes": list(self.notes),
            "evaluation": self.evaluation.to_dict(),
            "findings": self.findings.to_dict(),
        }


def evaluate_model(
    data_dir: Path,
    *,
    tracking_uri: str,
    model_name: str = "heed",
    model: str = CHAMPION,
    asked: EvaluationRequest | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """How well a model's probabilities, intervals, uplift and choices fit the contacts of a directory.

    Of the data it was trained on, only the sealed part is judged, and of a refitted model the one that had not seen
    that part: its figures are those that the training told. Of other data every contact is, those of customers that
    both hold included: the figures then flatter.

    Parameters
    ----------
    model : str
        A version or an alias in the registry, or the folder of a bundle.

    Raises
    ------
    ContractError
        If the data do not keep the contract.
    InvalidInput
        If an attribute is asked for that they do not have.
    TrainingError
        If the model has nothing to say of them.
    NotFound, Unavailable
        If there is no such model.
    """
    said = progress or NullProgress()
    said.step("finding the model")
    folder, version = _located(tracking_uri, model_name, model)
    served = load_bundle(folder)
    said.step("reading and checking the data")
    data, report = read_engagement(Path(data_dir))
    own = data.digest == served.card.data_digest
    judged = load_evaluated_bundle(folder) if own else None
    found = assess_model(judged or served, version, data, report=report, asked=asked, progress=said)
    return found if judged is None else replace(found, served=served)


def find_model(tracking_uri: str, model_name: str, model: str) -> tuple[Bundle, str]:
    """The bundle of a version, an alias or a folder, and what it is called."""
    folder, version = _located(tracking_uri, model_name, model)
    return load_bundle(folder), version


def _located(tracking_uri: str, model_name: str, model: str) -> tuple[Path, str]:
    folder = Path(model)
    if (folder / MODEL).is_file():
        return folder, str(folder)
    found = resolve_model(tracking_uri, model, model_name)
    return found.path, found.version


def assess_model(
    bundle: Bundle,
    version: str,
    data: EngagementData,
    *,
    report: ValidationReport | None = None,
    asked: EvaluationRequest | None = None,
    progress: Progress | None = None,
) -> Assessment:
    """The same for a model and data that are at hand; see :func:`evaluate_model`."""
    said, wanted = progress or NullProgress(), asked or EvaluationRequest()
    scope = evaluation_scope(bundle, data)
    said.step(f"scoring {len(scope.rows):,} contacts and all they could have been offered")
    material, frame = _scored(bundle, data, scope, wanted)
    said.step("judging")
    return Assessment(
        version=version,
        bundle=bundle,
        evaluation=evaluate_metrics(material.judged, wanted.seed),
        findings=compute_results(material, wanted.by, wanted.fairness, wanted.seed),
        counts=scope.counts,
        material=material,
        predictions=frame,
        report=report,
        sealed=scope.sealed,
    )


def _scored(
    bundle: Bundle, data: EngagementData, scope: EvaluationScope, asked: EvaluationRequest
) -> tuple[EvalData, pd.DataFrame]:
    """Everything said of the rows in scope: of all what was done, of those that judge all that could have been."""
    rows, action = scope.rows, contact_actions(data, scope.rows)
    logged = data.contacts["propensity"].to_numpy(dtype=np.float64, na_value=np.nan)[rows]
    candidates = _candidates(bundle, data, action)
    done = action_indices(candidates, action)
    weighed = scope.judging | (np.isfinite(logged) & asked.policy_values)
    admitted = np.where(
        weighed[:, None], eligible_actions(data, rows, candidates, done), taken_actions(done, len(candidates))
    )
    stated = score_contacts(bundle, data, rows)
    said = score_candidates(bundle, data, rows, candidates, admitted, asked.terms)
    harm = harm_labels(data)[rows]
    happened = {"outcome": scope.label, **({"harmed": harm} if has_harm_outcomes(data) else {})}
    frame = predictions(data, rows, done, stated, said, happened, scope.mature, scope.part)
    if asked.policy_values:
        frame = add_choices(frame, said, weighed)
    mine = np.flatnonzero(scope.judging)
    material = EvalData(
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
        cluster=cluster_ids(data.contacts["customer_id"].iloc[rows[mine]], asked.cluster),
        choices=select_choices(said, mine),
        base_rate=bundle.card.base_rate,
        terms=asked.terms,
    )
    return material, frame


def _candidates(bundle: Bundle, data: EngagementData, done: np.ndarray) -> Sequence[Action]:
    """The actions of the data that were taken, as the data describe them; all of the outcome if none was."""
    catalogue = to_catalogue(data, bundle.catalogue.currency)
    mine = [action for action in catalogue.actions if action.outcome == bundle.outcome]
    happened = set(done.tolist())
    found = [action for action in mine if action.action_id in happened] or mine
    known = bundle.catalogue.by_id
    # The model's very objects where they say the same, since it keeps them encoded.
    return [known[one.action_id] if known.get(one.action_id) == one else one for one in found]
