"""Model scores of the actions that were eligible at recorded contacts."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import microseconds
from heed.decisioning.score import Floats
from heed.decisioning.value import ValueTerms
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.policy_choices import HOLD_INDEX, PolicyChoices, choose_actions
from heed.training.features.feature_matrix import training_matrix
from heed.training.model.bundle import Bundle
from heed.training.model.contact_sample import contact_pooling_groups

Ints = NDArray[np.int64]
_CHOICE_BLOCK = 16_384
_SCORE_BLOCK = 65_536


def action_indices(actions: Sequence[Action], action_ids: np.ndarray) -> Ints:
    """Index of each action id among the actions, shape (n,); -1 for hold and for unknown ids."""
    known = pd.Index([action.action_id for action in actions], dtype="str")
    return np.asarray(known.get_indexer(pd.Index(action_ids)), dtype=np.int64)


def eligible_actions(data: EngagementData, rows: Ints, actions: Sequence[Action], done: Ints) -> NDArray[np.bool_]:
    """Which actions were valid at each contact's time, or were taken, shape (n, actions)."""
    at = data.contacts["at"].to_numpy(dtype="datetime64[us]")[rows]
    valid = np.ones((len(rows), len(actions)), dtype=bool)
    for index, action in enumerate(actions):
        if action.valid_from is not None:
            valid[:, index] &= at >= _to_datetime64(action.valid_from)
        if action.valid_until is not None:
            valid[:, index] &= at < _to_datetime64(action.valid_until)
    return valid | taken_actions(done, len(actions))


def taken_actions(done: Ints, actions: int) -> NDArray[np.bool_]:
    """The action taken at each contact and no other, shape (n, actions)."""
    taken: NDArray[np.bool_] = done[:, None] == np.arange(actions)
    return taken


def score_candidates(
    bundle: Bundle,
    data: EngagementData,
    rows: Ints,
    actions: Sequence[Action],
    admitted: NDArray[np.bool_],
    terms: ValueTerms,
) -> PolicyChoices:
    """Choices for contacts that have different candidates.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    admitted : array of bool, shape (n, actions)
        The candidates. Scores of other actions are NaN.
    """
    arrays: dict[str, Any] = {}
    for same, indices in _same_candidates(admitted):
        for part in (same[start : start + _CHOICE_BLOCK] for start in range(0, len(same), _CHOICE_BLOCK)):
            candidates = [actions[index] for index in indices or (0,)]
            choices = choose_actions(bundle, *customer_subset(data, rows[part]), terms, candidates)
            _scatter(arrays, choices, part, indices, admitted.shape)
    return PolicyChoices(tuple(actions), **arrays)


def customer_subset(data: EngagementData, rows: Ints) -> tuple[EngagementData, Ints]:
    """The data of the customers of some contacts, and the positions of these contacts in it.

    It keeps scoring of few contacts at a time from scanning all customers every time. Outcomes and digest are left
    out.
    """
    who = data.contacts["customer_id"].iloc[rows].unique()
    kept = data.contacts["customer_id"].isin(who).to_numpy()
    view = EngagementData(
        actions=data.actions,
        customers=_of_customers(data.customers, who),
        signals=_of_customers(data.signals, who),
        contacts=data.contacts.loc[kept].reset_index(drop=True),
        outcomes=data.outcomes.iloc[:0],
        digest="",
    )
    return view, (np.cumsum(kept) - 1)[rows]


def select_choices(choices: PolicyChoices, index: Ints) -> PolicyChoices:
    """The choices at some positions."""
    selected: dict[str, Any] = {name: None if values is None else values[index] for name, values in _arrays_of(choices)}
    return PolicyChoices(choices.actions, **selected)


def score_contacts(bundle: Bundle, data: EngagementData, rows: Ints) -> tuple[Floats, Floats, Floats]:
    """Propensity of the action taken at these contacts, with its interval: three arrays of shape (n,)."""
    starts = range(0, len(rows), _SCORE_BLOCK)
    pooling_groups = contact_pooling_groups(data, data.contacts["action_id"].iloc[rows])
    parts = []
    for start in starts:
        block = rows[start : start + _SCORE_BLOCK]
        groups = pooling_groups.take(np.arange(start, start + len(block)))
        parts.append(bundle.score_frame(training_matrix(bundle.schema, data, block), groups))
    propensity, low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    return propensity, low, high


def _to_datetime64(moment: datetime) -> np.datetime64:
    return np.datetime64(microseconds(moment), "us")


def _same_candidates(admitted: NDArray[np.bool_]) -> Iterator[tuple[Ints, tuple[int, ...]]]:
    """Rows that share their candidates, and the candidates' indices."""
    packed = np.packbits(admitted, axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    for number, row in enumerate(first):
        yield np.flatnonzero(which == number), tuple(int(index) for index in np.flatnonzero(admitted[row]))


def _arrays_of(choices: PolicyChoices) -> Iterator[tuple[str, Any]]:
    for field in fields(choices):
        if field.name != "actions":
            yield field.name, getattr(choices, field.name)


def _of_customers(frame: pd.DataFrame, who: Any) -> pd.DataFrame:
    return frame.loc[frame["customer_id"].isin(who)].reset_index(drop=True)


def _scatter(
    arrays: dict[str, Any], choices: PolicyChoices, rows: Ints, indices: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """Write choices for some rows among some candidates into the arrays of all."""
    for name, values in _arrays_of(choices):
        _write(arrays, name, values, rows, indices, shape)
    arrays["chosen"][rows] = _original_index(choices, indices)
    arrays["confidence"][rows] = choices.confidence if indices else 1.0
    arrays["shortfall"][rows] = choices.shortfall if indices else 0.0


def _write(
    arrays: dict[str, Any], name: str, values: Any, rows: Ints, indices: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    if values is None:
        arrays[name] = None
        return
    wide = values.ndim == 2
    if name not in arrays:
        kind = np.int64 if name == "chosen" else np.float64
        arrays[name] = np.full(shape if wide else shape[0], HOLD_INDEX if name == "chosen" else np.nan, dtype=kind)
    if not wide:
        arrays[name][rows] = values
    elif indices:
        arrays[name][np.ix_(rows, np.array(indices))] = values


def _original_index(choices: PolicyChoices, indices: tuple[int, ...]) -> Ints:
    """Indices among all actions of what was chosen among some."""
    if not indices:
        return np.full(len(choices.chosen), HOLD_INDEX)
    return np.array([*indices, HOLD_INDEX], dtype=np.int64)[choices.chosen]
