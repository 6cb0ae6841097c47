"""Groups for partial pooling: action, channel and category."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from heed.decisioning.catalogue import HOLD
from heed.training.errors import TrainingError

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class PoolingGroups:
    """Action, channel and category of n rows, encoded as integers.

    Attributes
    ----------
    code : array of int, shape (n,)
        Group of each row: one combination of action, channel and category.
    action, channel, category : array of int, shape (groups,)
        Indices of each group's names in the tuples below; -1 for none, as hold has neither channel nor category.
    actions, channels, categories : tuple of str
        Sorted names.
    """

    code: Ints
    action: Ints
    channel: Ints
    category: Ints
    actions: tuple[str, ...]
    channels: tuple[str, ...]
    categories: tuple[str, ...]

    @cached_property
    def is_hold(self) -> NDArray[np.bool_]:
        """Which rows are hold rows, shape (n,)."""
        held = np.array([name == HOLD for name in self.actions], dtype=np.bool_)
        rows: NDArray[np.bool_] = held[self.action[self.code]]
        return rows

    def names(self, number: int) -> tuple[str, str | None, str | None]:
        """Action, channel and category of one group."""
        channel, category = _name(self.channels, self.channel[number]), _name(self.categories, self.category[number])
        return self.actions[self.action[number]], channel, category

    def take(self, rows: Ints) -> "PoolingGroups":
        """The rows at these positions; groups and names are kept, even without rows."""
        return replace(self, code=self.code[rows])


def encode_groups(
    action: Sequence[str], channel: Sequence[str | None], category: Sequence[str | None]
) -> PoolingGroups:
    """Encode the action, channel and category of rows, each of shape (n,).

    None, NaN and the empty string stand for none.

    Raises
    ------
    TrainingError
        If the lengths differ or a row has no action.
    """
    lengths = {"action": len(action), "channel": len(channel), "category": len(category)}
    if len(set(lengths.values())) != 1:
        raise TrainingError("the rows' columns differ in length", field="calibration rows", value=lengths)
    (action_code, actions), (channel_code, channels), (category_code, categories) = map(
        _encoded, (action, channel, category)
    )
    if (action_code < 0).any():
        raise TrainingError("a row to calibrate on has no action", field="action_id", value=int(np.argmin(action_code)))
    # A unique number for each combination; 0 stands for none.
    key = ((category_code + 1) * (len(channels) + 1) + channel_code + 1) * len(actions) + action_code
    groups, code = np.unique(key, return_inverse=True)
    rest, action_of = np.divmod(groups, len(actions))
    category_of, channel_of = np.divmod(rest, len(channels) + 1)
    return PoolingGroups(code, action_of, channel_of - 1, category_of - 1, actions, channels, categories)


def _encoded(values: Sequence[str | None]) -> tuple[Ints, tuple[str, ...]]:
    codes, levels = pd.factorize(np.asarray(values, dtype=object))
    names = sorted(str(name) for name in levels if name != "")
    index = {name: number for number, name in enumerate(names)}
    # The last one is for the code -1 of missing values.
    indices = np.array([*(index.get(str(name), -1) for name in levels), -1], dtype=np.int64)
    return indices[codes], tuple(names)


def _name(names: tuple[str, ...], index: int) -> str | None:
    return None if index < 0 else names[index]
