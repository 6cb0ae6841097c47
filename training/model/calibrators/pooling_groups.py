"""Who is kin to whom: actions, and the channels and categories that they share."""

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
    """The action of n rows, and what is known of it.

    Attributes
    ----------
    code : array of int, shape (n,)
        The kind of each row: one combination of action, channel and category.
    action, channel, category : array of int, shape (kinds,)
        Places of each kind in the names below; -1 where it has none, as hold has neither channel nor category.
    actions, channels, categories : tuple of str
        In the order of their names.
    """

    code: Ints
    action: Ints
    channel: Ints
    category: Ints
    actions: tuple[str, ...]
    channels: tuple[str, ...]
    categories: tuple[str, ...]

    @cached_property
    def held(self) -> NDArray[np.bool_]:
        """Which rows are of hold, shape (n,)."""
        held = np.array([name == HOLD for name in self.actions], dtype=np.bool_)
        found: NDArray[np.bool_] = held[self.action[self.code]]
        return found

    def kind(self, number: int) -> tuple[str, str | None, str | None]:
        """Action, channel and category of one kind."""
        channel, category = _name(self.channels, self.channel[number]), _name(self.categories, self.category[number])
        return self.actions[self.action[number]], channel, category

    def take(self, rows: Ints) -> "PoolingGroups":
        """The rows at these positions; kinds and names stay, also those that no row is of any more."""
        return replace(self, code=self.code[rows])


def encode_groups(
    action: Sequence[str], channel: Sequence[str | None], category: Sequence[str | None]
) -> PoolingGroups:
    """The kin of rows, from their action with its channel and category, shape (n,) each.

    None, NaN and the empty text mean that there is none.

    Raises
    ------
    TrainingError
        If the lengths differ or a row has no action.
    """
    lengths = {"action": len(action), "channel": len(channel), "category": len(category)}
    if len(set(lengths.values())) != 1:
        raise TrainingError("the rows' columns differ in length", field="calibration rows", value=lengths)
    (acting, actions), (through, channels), (of, categories) = map(_named, (action, channel, category))
    if (acting < 0).any():
        raise TrainingError("a row to calibrate on has no action", field="action_id", value=int(np.argmin(acting)))
    # One number for each combination; 0 stands for none.
    key = ((of + 1) * (len(channels) + 1) + through + 1) * len(actions) + acting
    kinds, code = np.unique(key, return_inverse=True)
    rest, action_of = np.divmod(kinds, len(actions))
    category_of, channel_of = np.divmod(rest, len(channels) + 1)
    return PoolingGroups(code, action_of, channel_of - 1, category_of - 1, actions, channels, categories)


def _named(values: Sequence[str | None]) -> tuple[Ints, tuple[str, ...]]:
    codes, found = pd.factorize(np.asarray(values, dtype=object))
    names = sorted(str(name) for name in found if name != "")
    place = {name: number for number, name in enumerate(names)}
    # The last, for the code -1, is for values that are missing.
    places = np.array([*(place.get(str(name), -1) for name in found), -1], dtype=np.int64)
    return places[codes], tuple(names)


def _name(names: tuple[str, ...], place: int) -> str | None:
    return None if place < 0 else names[place]
