"""What the model says of every action that was possible at the moments of recorded contacts."""

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
from heed.training.evaluation.policy_choices import HOLD_INDEX, PolicyChoices, choices
from heed.training.features.feature_matrix import training_matrix
from heed.training.model.bundle import Bundle
from heed.training.pipeline.dataset import contact_pooling_groups

Ints = NDArray[np.int64]
_BLOCK = 16_384
_FRAME = 65_536


def action_indices(actions: Sequence[Action], done: np.ndarray) -> Ints:
    """Place of each action id among the actions, shape (n,); -1 for hold and for what is not among them."""
    known = pd.Index([action.action_id for action in actions], dtype="str")
    return np.asarray(known.get_indexer(pd.Index(done)), dtype=np.int64)


def eligible_actions(data: EngagementData, rows: Ints, actions: Sequence[Action], done: Ints) -> NDArray[np.bool_]:
    """Which actions were valid at each contact's moment, or were taken, shape (n, actions)."""
    at = data.contacts["at"].to_numpy(dtype="datetime64[us]")[rows]
    open_ = np.ones((len(rows), len(actions)), dtype=bool)
    for place, action in enumerate(actions):
        if action.valid_from is not None:
            open_[:, place] &= at >= _moment(action.valid_from)
        if action.valid_until is not None:
            open_[:, place] &= at < _moment(action.valid_until)
    return open_ | taken_actions(done, len(actions))


def taken_actions(done: Ints, actions: int) -> NDArray[np.bool_]:
    """The action taken at each contact and no other, shape (n, actions)."""
    chosen: NDArray[np.bool_] = done[:, None] == np.arange(actions)
    return chosen


def score_candidates(
    bundle: Bundle,
    data: EngagementData,
    rows: Ints,
    actions: Sequence[Action],
    admitted: NDArray[np.bool_],
    terms: ValueTerms,
) -> PolicyChoices:
    """Choices for contacts where each has candidates of its own.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Positions in ``data.contacts``.
    admitted : array of bool, shape (n, actions)
        The candidates. What the model says of the others is NaN.
    """
    found: dict[str, Any] = {}
    for mine, places in _alike(admitted):
        for part in (mine[start : start + _BLOCK] for start in range(0, len(mine), _BLOCK)):
            some = choices(
                bundle, *customer_subset(data, rows[part]), terms, [actions[place] for place in places or (0,)]
            )
            _gather(found, some, part, places, admitted.shape)
    return PolicyChoices(tuple(actions), **found)


def customer_subset(data: EngagementData, rows: Ints) -> tuple[EngagementData, Ints]:
    """The data of the customers of some contacts, and the places of these contacts in it.

    Whoever asks for few contacts at a time then looks at few customers, and not at all of them every time. Outcomes
    are left out, and the digest: it is a view for scoring.
    """
    who = data.contacts["customer_id"].iloc[rows].unique()
    kept = data.contacts["customer_id"].isin(who).to_numpy()
    view = EngagementData(
        actions=data.actions,
        customers=_of(data.customers, who),
        signals=_of(data.signals, who),
        contacts=data.contacts.loc[kept].reset_index(drop=True),
        outcomes=data.outcomes.iloc[:0],
        digest="",
    )
    return view, (np.cumsum(kept) - 1)[rows]


def select_choices(said: PolicyChoices, mine: Ints) -> PolicyChoices:
    """The choices for some of the contacts, by their places."""
    some: dict[str, Any] = {name: None if values is None else values[mine] for name, values in _told(said)}
    return PolicyChoices(said.actions, **some)


def score_contacts(bundle: Bundle, data: EngagementData, rows: Ints) -> tuple[Floats, Floats, Floats]:
    """Propensity, low and high of what was done at these contacts, each shape (n,)."""
    blocks = [rows[start : start + _FRAME] for start in range(0, len(rows), _FRAME)]
    pooling_groups = contact_pooling_groups(data, data.contacts["action_id"].iloc[rows])
    parts = [
        bundle.score_frame(
            training_matrix(bundle.schema, data, block), pooling_groups.take(np.arange(start, start + len(block)))
        )
        for start, block in zip(range(0, len(rows), _FRAME), blocks, strict=True)
    ]
    propensity, low, high = (np.concatenate(part) for part in zip(*parts, strict=True))
    return propensity, low, high


def _moment(moment: datetime) -> np.datetime64:
    return np.datetime64(microseconds(moment), "us")


def _alike(admitted: NDArray[np.bool_]) -> Iterator[tuple[Ints, tuple[int, ...]]]:
    """Rows that share their candidates, and the candidates' places."""
    packed = np.packbits(admitted, axis=1)
    _, first, which = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    for number, row in enumerate(first):
        yield np.flatnonzero(which == number), tuple(int(place) for place in np.flatnonzero(admitted[row]))


def _told(some: PolicyChoices) -> Iterator[tuple[str, Any]]:
    for field in fields(some):
        if field.name != "actions":
            yield field.name, getattr(some, field.name)


def _of(frame: pd.DataFrame, who: Any) -> pd.DataFrame:
    return frame.loc[frame["customer_id"].isin(who)].reset_index(drop=True)


def _gather(
    found: dict[str, Any], some: PolicyChoices, mine: Ints, places: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """Write the choices of some rows among some candidates into the arrays of all."""
    for name, values in _told(some):
        _put(found, name, values, mine, places, shape)
    found["chosen"][mine] = _chosen(some, places)
    found["confidence"][mine] = some.confidence if places else 1.0
    found["shortfall"][mine] = some.shortfall if places else 0.0


def _put(
    found: dict[str, Any], name: str, values: Any, mine: Ints, places: tuple[int, ...], shape: tuple[int, ...]
) -> None:
    """Write what was said of some rows and candidates into the array of all."""
    if values is None:
        found[name] = None
        return
    wide = values.ndim == 2
    if name not in found:
        kind = np.int64 if name == "chosen" else np.float64
        found[name] = np.full(shape if wide else shape[0], HOLD_INDEX if name == "chosen" else np.nan, dtype=kind)
    if not wide:
        found[name][mine] = values
    elif places:
        found[name][np.ix_(mine, np.array(places))] = values


def _chosen(some: PolicyChoices, places: tuple[int, ...]) -> Ints:
    """Places among all actions of what was chosen among some."""
    if not places:
        return np.full(len(some.chosen), HOLD_INDEX)
    return np.array([*places, HOLD_INDEX], dtype=np.int64)[some.chosen]
