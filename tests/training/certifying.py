"""Certificates of the sealed part of a small world, for all tests that only look at them."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import numpy as np
import pandas as pd

from decisioning.value import Terms
from tests.training.modelling import bundle, prepared
from training.certificate.asked import Asked
from training.certificate.certify import certify
from training.evaluation.considered import consider, places_of, possible
from training.evaluation.material import Material
from training.evaluation.outcomes import harmed
from training.features.assemble import training_matrix
from training.model.split import Part
from training.prepare import actions_of

NOW = datetime(2026, 11, 3, tzinfo=UTC)
TERMS = Terms(harm_cost=20.0, tolerance=0.1)


@cache
def material() -> Material:
    data, rows = prepared().data, prepared().contacts(Part.TEST)
    action, actions = actions_of(data, rows), bundle().catalogue.actions
    done = places_of(actions, action)
    made = consider(bundle(), data, rows, actions, possible(data, rows, actions, done), TERMS)
    said = bundle().score_frame(training_matrix(bundle().schema, data, rows))
    return Material(
        data=data,
        rows=rows,
        action=action,
        done=done,
        propensity=said[0],
        low=said[1],
        high=said[2],
        label=prepared().samples[Part.TEST].label,
        harmed=harmed(data)[rows],
        logged=data.contacts["propensity"].to_numpy()[rows],
        cluster=pd.factorize(data.contacts["customer_id"].iloc[rows])[0].astype(np.int64),
        choices=made,
        base_rate=0.1,
        terms=TERMS,
    )


def unlogged(**changed) -> Material:
    return replace(material(), logged=np.full(len(material().rows), np.nan), **changed)


def found(given=None, **asked):
    return certify(bundle(), material() if given is None else given, Asked(**asked), sealed=True, now=NOW)
