"""Histories as arrays that the kernel walks: signals, and contacts that really happened, in one fixed order.

Sums of floating-point numbers depend on their order, so signals of one moment are ordered by what is counted of them:
type, channel, certainty. Contacts all weigh 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.decisioning.customer import Customer, microseconds
from heed.decisioning.score import Floats
from heed.training.contract.engagement_data import EngagementData
from heed.training.features.kernel_plan import KernelPlan, PairCodes, WordCodes
from heed.training.features.window_kernel import Ints


@dataclass(frozen=True, slots=True)
class EventArrays:
    """Events of several histories, one history after the other, each in order of time.

    Attributes
    ----------
    time : array of int, shape (e,)
        Microseconds since the epoch.
    buckets : array of int, shape (e, 3)
        Where each is counted; -1 for nowhere.
    weight : array of float, shape (e,)
        Certainty; 1 for contacts.
    starts : array of int, shape (2 c + 1,)
        For c customers: history k, which are the events from ``starts[k]`` up to ``starts[k + 1]``, holds the signals
        of customer k; history c + k the contacts.
    """

    time: Ints
    buckets: Ints
    weight: Floats
    starts: Ints


def customer_events(layout: KernelPlan, customer: Customer) -> EventArrays:
    """The two histories of one customer, in whatever order they come."""
    signals = customer.signals
    contacts = [contact for contact in customer.contacts if contact.counts and contact.action_id != HOLD]
    kinds, through = layout.signals.first, layout.signals.second
    channels, actions = layout.contacts.first, layout.contacts.second
    codes = [kinds[kind] + through[channel] for kind, channel in zip(signals.type, signals.channel, strict=True)]
    codes += [channels[one.channel] + actions[one.action_id] for one in contacts]
    certainties = [*signals.certainty, *([1.0] * len(contacts))]
    times = [*signals.at, *(microseconds(one.at) for one in contacts)]
    return _ordered(layout, times, codes, certainties, len(signals))


def dataset_events(layout: KernelPlan, data: EngagementData) -> EventArrays:
    """The histories of all customers, in the order of ``data.customers``."""
    signals = data.signals
    contacts = data.contacts[data.contacts["action_id"] != HOLD]
    channels = contacts["action_id"].map(data.actions.set_index("action_id")["channel"])
    codes = np.concatenate(
        [
            _code_column(layout.signals, signals["type"], signals["channel"]),
            _code_column(layout.contacts, channels, contacts["action_id"]),
        ]
    )
    weight = np.concatenate([signals["certainty"].to_numpy(dtype=np.float64), np.ones(len(contacts))])
    time = np.concatenate([event_times(signals["at"]), event_times(contacts["at"])])
    customers = pd.Index(data.customers["customer_id"])
    who = np.concatenate([customer_indices(customers, signals), customer_indices(customers, contacts) + len(customers)])
    order = np.lexsort((weight, codes, time, who))
    starts = np.searchsorted(who[order], np.arange(2 * len(customers) + 1))
    return EventArrays(time[order], layout.buckets[codes[order]], weight[order], starts)


def event_times(column: pd.Series) -> Ints:
    """Microseconds since the epoch of a column of the contract's times."""
    return column.to_numpy(dtype="datetime64[us]").astype(np.int64)


def customer_indices(customers: pd.Index, table: pd.DataFrame) -> Ints:
    """The place of each row's customer in `customers`; -1 for a customer who is not there."""
    return np.asarray(customers.get_indexer(pd.Index(table["customer_id"])), dtype=np.int64)


def _ordered(
    layout: KernelPlan, times: Sequence[int], codes: Sequence[int], certainties: Sequence[float], seam: int
) -> EventArrays:
    time: Ints = np.array(times, dtype=np.int64)
    code, weight = np.array(codes, dtype=np.int64), np.array(certainties, dtype=np.float64)
    starts = np.array([0, seam, len(codes)], dtype=np.int64)
    if not _rising(time[:seam]) or not _rising(time[seam:]):
        order = np.lexsort((weight, code, time, np.arange(len(codes)) >= seam))
        time, code, weight = time[order], code[order], weight[order]
    return EventArrays(time, layout.buckets.take(code, axis=0), weight, starts)


def _rising(time: Ints) -> bool:
    return bool((time[1:] > time[:-1]).all())


def _code_column(pairs: PairCodes, first: pd.Series, second: pd.Series) -> Ints:
    return _coded(pairs.first, first) + _coded(pairs.second, second)


def _coded(codes: WordCodes, column: pd.Series) -> Ints:
    found, words = pd.factorize(column)
    # A missing word has the place -1, which takes the code put last.
    return np.array([*(codes[str(word)] for word in words), codes.other], dtype=np.int64)[found]
