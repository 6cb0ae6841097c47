"""Asking the champion in office about the same sealed rows."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.errors import HeedError
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.gates.promotion_gates import ChampionScores
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_matrix import training_matrix
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.bundle import Bundle
from heed.training.pipeline.dataset import contact_pooling_groups


def score_champion(
    bundle: Bundle, version: str, data: EngagementData, rows: NDArray[np.int64], outcome: str, seed: int, split: str
) -> ChampionScores:
    """What the champion says of these contacts, or the reason why it has nothing to say of them.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts`` of the sealed part.
    seed, split
        Of the present training: a champion split otherwise may have been fitted on some of the rows.
    """
    reason = _unfit(bundle, data, outcome)
    if reason is not None:
        return ChampionScores(version, None, reason)
    try:
        matrix = training_matrix(bundle.schema, data, rows)
        pooling_groups = contact_pooling_groups(data, data.contacts["action_id"].iloc[rows])
    except HeedError as error:
        return ChampionScores(version, None, f"its features cannot be assembled ({error}).")
    alike = bundle.card.seed == seed and bundle.card.split == split == "customer"
    note = "" if alike else "It was split otherwise and may have been fitted on some of these rows."
    return ChampionScores(version, bundle.score_frame(matrix, pooling_groups)[0], note)


def _unfit(bundle: Bundle, data: EngagementData, outcome: str) -> str | None:
    if bundle.outcome != outcome:
        return f"it predicts `{bundle.outcome}`."
    missing = missing_columns(bundle.schema, data)
    if missing:
        return f"it looks at `{missing[0]}`, which is not in this data."
    return None


def missing_columns(schema: FeatureSchema, data: EngagementData) -> list[str]:
    """What a model looks at and the data do not have, as ``customers.age``, in the order of the names."""
    return sorted(_attributes(schema) - _columns(data))


def _attributes(schema: FeatureSchema) -> set[str]:
    sources = {FeatureSource.CUSTOMER: "customers", FeatureSource.ACTION: "actions", FeatureSource.CONTEXT: "contacts"}
    return {f"{table}.{one.of}" for source, table in sources.items() for one in schema.of_source(source)}


def _columns(data: EngagementData) -> set[str]:
    return {f"{table}.{column}" for table, frame in data.tables() for column in frame.columns}
