"""Score the current champion on the same test rows."""

import numpy as np
from numpy.typing import NDArray

from heed.decisioning.errors import HeedError
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.gates.promotion_gates import ChampionScores
from heed.training.evaluation.scope import missing_columns
from heed.training.features.feature_matrix import training_matrix
from heed.training.model.bundle import Bundle
from heed.training.model.contact_sample import contact_pooling_groups


def score_champion(
    bundle: Bundle, version: str, data: EngagementData, rows: NDArray[np.int64], outcome: str, seed: int, split: str
) -> ChampionScores:
    """The champion's probabilities for these contacts, or the reason why it has none.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions of the test rows in ``data.contacts``.
    seed, split
        Of the new model's split. With another split, the champion may have been fitted on some of the rows.
    """
    reason = _incomparable(bundle, data, outcome)
    if reason is not None:
        return ChampionScores(version, None, reason)
    try:
        matrix = training_matrix(bundle.schema, data, rows)
        pooling_groups = contact_pooling_groups(data, data.contacts["action_id"].iloc[rows])
    except HeedError as error:
        return ChampionScores(version, None, f"its features cannot be computed ({error}).")
    same_split = bundle.card.seed == seed and bundle.card.split == split == "customer"
    note = "" if same_split else "It was split otherwise and may have been fitted on some of these rows."
    return ChampionScores(version, bundle.score_frame(matrix, pooling_groups)[0], note)


def _incomparable(bundle: Bundle, data: EngagementData, outcome: str) -> str | None:
    if bundle.outcome != outcome:
        return f"it predicts `{bundle.outcome}`."
    missing = missing_columns(bundle.schema, data)
    if missing:
        return f"it uses `{missing[0]}`, which is not in these data."
    return None
