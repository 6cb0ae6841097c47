"""Histories of signals and contacts as arrays for the kernel, in a fixed order.

Sums of floating-point numbers depend on their order, so signals at the same time are sorted by type, channel and
certainty. Every contact has weight 1.
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
    """Events of several concatenated histories, each in order of time.

    Attributes
    ----------
    time : array of int, shape (e,)
        Microseconds since the epoch.
    buckets : array of int, shape (e, 3)
        Buckets in which each event is counted; -1 for none.
    weight : array of float, shape (e,)
        Certainty; 1 for contacts.
    starts : array of int, shape (2 c + 1,)
        Boundaries of histories for c customers. Events ``starts[k]`` to ``starts[k + 1]`` are the signals of customer
        k for k < c, and the contacts of customer k - c otherwise.
    """

    time: Ints
    buckets: Ints
    weight: Floats
    starts: Ints


def customer_events(plan: KernelPlan, customer: Customer) -> EventArrays:
    """The two histories of one customer, given in any order."""
    signals = customer.signals
    contacts = [contact for contact in customer.contacts if contact.counts and contact.action_id != HOLD]
    types, signal_channels = plan.signals.first, plan.signals.second
    channels, actions = plan.contacts.first, plan.contacts.second
    codes = [types[kind] + signal_channels[name] for kind, name in zip(signals.type, signals.channel, strict=True)]
    codes += [channels[contact.channel] + actions[contact.action_id] for contact in contacts]
    certainties = [*signals.certainty, *([1.0] * len(contacts))]
    times = [*signals.at, *(microseconds(contact.at) for contact in contacts)]
    return _ordered(plan, times, codes, certainties, len(signals))


def dataset_events(plan: KernelPlan, data: EngagementData) -> EventArrays:
    """The histories of all customers, in the order of ``data.customers``."""
    signals = data.signals
    contacts = data.contacts[data.contacts["action_id"] != HOLD]
    channels = contacts["action_id"].map(data.actions.set_index("action_id")["channel"])
    codes = np.concatenate(
        [
            _code_column(plan.signals, signals["type"], signals["channel"]),
            _code_column(plan.contacts, channels, contacts["action_id"]),
        ]
    )
    weight = np.concatenate([signals["certainty"].to_numpy(dtype=np.float64), np.ones(len(contacts))])
    time = np.concatenate([event_times(signals["at"]), event_times(contacts["at"])])
    customers = pd.Index(data.customers["customer_id"])
    who = np.concatenate([customer_indices(customers, signals), customer_indices(customers, contacts) + len(customers)])
    order = np.lexsort((weight, codes, time, who))
    starts = np.searchsorted(who[order], np.arange(2 * len(customers) + 1))
    return EventArrays(time[order], plan.buckets[codes[order]], weight[order], starts)


def event_times(column: pd.Series) -> Ints:
    """Microseconds since the epoch of a column of the contract's times."""
    return column.to_numpy(dtype="datetime64[us]").astype(np.int64)


def customer_indices(customers: pd.Index, table: pd.DataFrame) -> Ints:
    """Index of each row's customer in `customers`; -1 if absent."""
    return np.asarray(customers.get_indexer(pd.Index(table["customer_id"])), dtype=np.int64)


def _ordered(
    plan: KernelPlan, times: Sequence[int], codes: Sequence[int], certainties: Sequence[float], seam: int
) -> EventArrays:
    time: Ints = np.array(times, dtype=np.int64)
    code, weight = np.array(codes, dtype=np.int64), np.array(certainties, dtype=np.float64)
    starts = np.array([0, seam, len(codes)], dtype=np.int64)
    if not _rising(time[:seam]) or not _rising(time[seam:]):
        order = np.lexsort((weight, code, time, np.arange(len(codes)) >= seam))
        time, code, weight = time[order], code[order], weight[order]
    return EventArrays(time, plan.buckets.take(code, axis=0), weight, starts)


def _rising(time: Ints) -> bool:
    return bool((time[1:] > time[:-1]).all())


def _code_column(pairs: PairCodes, first: pd.Series, second: pd.Series) -> Ints:
    return _coded(pairs.first, first) + _coded(pairs.second, second)


def _coded(codes: WordCodes, column: pd.Series) -> Ints:
    indices, words = pd.factorize(column)
    # A missing word has the index -1, which selects the last code.
    return np.array([*(codes[str(word)] for word in words), codes.other], dtype=np.int64)[indices]
