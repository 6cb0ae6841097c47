"""Histories as arrays that the kernel walks: signals, and contacts that really happened, in one fixed order.

Sums of floating-point numbers depend on their order, so signals of one moment are ordered by what is counted of them:
type, channel, certainty. Contacts all weigh 1 and need no order but that of time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from decisioning.catalogue import HOLD
from decisioning.customer import Contact, Customer, Signal
from decisioning.score import Floats
from training.contract.data import EngagementData
from training.features.feature import Group
from training.features.layout import Codes, Layout
from training.features.windows import NONE, Ints

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SIGNAL = attrgetter("type", "channel", "certainty", "at")


@dataclass(frozen=True, slots=True)
class Events:
    """Events of one kind, each customer's in order of time.

    Attributes
    ----------
    time : array of int, shape (e,)
        Microseconds since the epoch.
    buckets : array of int, shape (e, 3)
        Where each is counted; -1 for nowhere.
    weight : array of float, shape (e,)
        Certainty; 1 for contacts.
    """

    time: Ints
    buckets: Ints
    weight: Floats


def microseconds(moment: datetime) -> int:
    """Microseconds from the epoch to an aware time, exactly."""
    return (moment - EPOCH) // _MICROSECOND


def joined(*parts: Events) -> Events:
    """The events of all parts, one part after the other."""
    return Events(
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.buckets for part in parts]),
        np.concatenate([part.weight for part in parts]),
    )


def of_customer(layout: Layout, customer: Customer) -> tuple[Events, Events]:
    """Signals and contacts of one customer, whatever order they come in."""
    return _signals(layout, customer.signals), _contacts(layout, customer.contacts)


def of_data(layout: Layout, data: EngagementData, customers: pd.Index) -> tuple[tuple[Events, Ints], ...]:
    """Signals and contacts of all customers, each with the customer's place in `customers`."""
    return _signal_table(layout, data, customers), _contact_table(layout, data, customers)


def times(column: pd.Series) -> Ints:
    """Microseconds since the epoch of a column of the contract's times."""
    return column.to_numpy(dtype="datetime64[us]").astype(np.int64)


def _signals(layout: Layout, signals: Sequence[Signal]) -> Events:
    count = len(signals)
    if not count:
        return _none()
    kinds, channels, certainties, moments = zip(*map(_SIGNAL, signals), strict=True)
    buckets = np.full((count, 3), NONE, dtype=np.int64)
    buckets[:, 0] = list(map(layout.buckets[Group.SIGNAL_TYPE].__getitem__, kinds))
    buckets[:, 1] = list(map(layout.buckets[Group.SIGNAL_CHANNEL].__getitem__, channels))
    time, weight = _moments(moments), np.array(certainties, dtype=np.float64)
    if (time[1:] > time[:-1]).all():
        return Events(time, buckets, weight)
    return _taken(Events(time, buckets, weight), _order(time, buckets, weight))


def _contacts(layout: Layout, contacts: Sequence[Contact]) -> Events:
    happened = [contact for contact in contacts if contact.counts and contact.action_id != HOLD]
    if not happened:
        return _none()
    everywhere, channels, actions = _contact_codes(layout)
    buckets = np.array([(everywhere, channels[one.channel], actions[one.action_id]) for one in happened])
    time = _moments([one.at for one in happened])
    return _taken(Events(time, buckets, np.ones(len(time))), np.argsort(time, kind="stable"))


def _signal_table(layout: Layout, data: EngagementData, customers: pd.Index) -> tuple[Events, Ints]:
    table = data.signals
    buckets = np.full((len(table), 3), NONE, dtype=np.int64)
    buckets[:, 0] = _placed(table["type"], layout.buckets[Group.SIGNAL_TYPE])
    buckets[:, 1] = _placed(table["channel"], layout.buckets[Group.SIGNAL_CHANNEL])
    who, time, weight = _places(customers, table), times(table["at"]), table["certainty"].to_numpy(dtype=np.float64)
    order = _order(time, buckets, weight, who)
    return _taken(Events(time, buckets, weight), order), who[order]


def _contact_table(layout: Layout, data: EngagementData, customers: pd.Index) -> tuple[Events, Ints]:
    table = data.contacts[data.contacts["action_id"] != HOLD]
    channel = table["action_id"].map(data.actions.set_index("action_id")["channel"])
    buckets = np.empty((len(table), 3), dtype=np.int64)
    buckets[:, 0] = layout.starts[Group.CONTACT]
    buckets[:, 1] = _placed(channel, layout.buckets[Group.CONTACT_CHANNEL])
    buckets[:, 2] = _placed(table["action_id"], layout.buckets[Group.CONTACT_ACTION])
    who, time = _places(customers, table), times(table["at"])
    order = np.lexsort((time, who))
    return _taken(Events(time, buckets, np.ones(len(table))), order), who[order]


def _contact_codes(layout: Layout) -> tuple[int, Codes, Codes]:
    buckets = layout.buckets
    return layout.starts[Group.CONTACT], buckets[Group.CONTACT_CHANNEL], buckets[Group.CONTACT_ACTION]


def _moments(moments: Sequence[datetime]) -> Ints:
    # Arrow reads timedeltas thirty times faster than numpy, and as exactly.
    since = pa.array([moment - EPOCH for moment in moments], type=pa.duration("us"))
    return since.view(pa.int64()).to_numpy()  # type: ignore[no-any-return]


def _order(time: Ints, buckets: Ints, weight: Floats, *before: Ints) -> NDArray[np.intp]:
    return np.lexsort((weight, buckets[:, 1], buckets[:, 0], time, *before))


def _placed(column: pd.Series, codes: Codes) -> Ints:
    found, words = pd.factorize(column)
    # A missing word has the place -1, which takes the code put last.
    return np.array([*(codes[str(word)] for word in words), NONE], dtype=np.int64)[found]


def _places(customers: pd.Index, table: pd.DataFrame) -> Ints:
    return np.asarray(customers.get_indexer(pd.Index(table["customer_id"])), dtype=np.int64)


def _taken(events: Events, order: NDArray[np.intp]) -> Events:
    return Events(events.time[order], events.buckets[order], events.weight[order])


def _none() -> Events:
    return Events(np.empty(0, dtype=np.int64), np.empty((0, 3), dtype=np.int64), np.empty(0))
