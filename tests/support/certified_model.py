"""Certificates of the small model on its test set, made once per session."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from heed.decisioning.value import ValueTerms
from heed.training.certificate.certify import certify
from heed.training.certificate.request import CertificateRequest
from heed.training.contract.contact_rows import contact_actions
from heed.training.contract.harm_labels import harm_labels
from heed.training.evaluation.candidate_scores import action_indices, eligible_actions, score_candidates
from heed.training.evaluation.eval_data import EvalData
from heed.training.features.feature_matrix import training_matrix
from heed.training.model.split import Part
from tests.support.session_cache import once_per_session
from tests.support.small_model import bundle, prepared

NOW = datetime(2026, 11, 3, tzinfo=UTC)
TERMS = ValueTerms(harm_cost=20.0, tolerance=0.1)


@once_per_session
def eval_data() -> EvalData:
    data, rows = prepared().data, prepared().contacts(Part.TEST)
    action, actions = contact_actions(data, rows), bundle().catalogue.actions
    done = action_indices(actions, action)
    made = score_candidates(bundle(), data, rows, actions, eligible_actions(data, rows, actions, done), TERMS)
    scores = bundle().score_frame(training_matrix(bundle().schema, data, rows))
    return EvalData(
        data=data,
        rows=rows,
        action=action,
        done=done,
        propensity=scores[0],
        low=scores[1],
        high=scores[2],
        label=prepared().samples[Part.TEST].label,
        harmed=harm_labels(data)[rows],
        logged=data.contacts["propensity"].to_numpy()[rows],
        cluster=pd.factorize(data.contacts["customer_id"].iloc[rows])[0].astype(np.int64),
        choices=made,
        base_rate=0.1,
        terms=TERMS,
    )


def unlogged(**changed) -> EvalData:
    return replace(eval_data(), logged=np.full(len(eval_data().rows), np.nan), **changed)


def certify_small_model(given=None, **options):
    return certify(
        bundle(), eval_data() if given is None else given, CertificateRequest(**options), sealed=True, now=NOW
    )
