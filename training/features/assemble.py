"""Feature matrices: many contacts of a data set at once, or the candidates of one decision."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from decisioning.canonical import Scalar
from decisioning.catalogue import HOLD, Action
from decisioning.customer import Customer, Facts
from decisioning.score import Floats
from training.contract.data import EngagementData
from training.features import events
from training.features.clock import local_time, local_times
from training.features.encode import encoded, encoder
from training.features.events import Events
from training.features.feature import Source
from training.features.layout import Layout
from training.features.schema import FeatureSchema
from training.features.windows import NONE, Ints, fill

FIELDS = ("action_id", "channel", "purpose", "category", "message_class", "value", "cost", "window_days")
# Holding costs nothing and has no other property.
_HOLD: Mapping[str, Scalar] = {"action_id": HOLD, "cost": 0.0}


class Assembler:
    """Assembles the rows of one decision, with the actions it knows already encoded.

    Parameters
    ----------
    schema : FeatureSchema
        The columns.
    actions : sequence of Action
        Actions to encode in advance, such as the catalogue's; others are encoded when they come.
    """

    def __init__(self, schema: FeatureSchema, actions: Sequence[Action] = ()) -> None:
        self.schema = schema
        self._layout = Layout(schema)
        self._encoders = {
            source: [(feature.of, encoder(feature)) for feature in schema.of_source(source)]
            for source in (Source.CUSTOMER, Source.ACTION, Source.CONTEXT)
        }
        self._first = schema.first_columns
        self._known = {action.action_id: (action, *self._encode(action)) for action in actions}
        self._hold = self._values(Source.ACTION, _HOLD)

    def matrix(self, facts: Facts, actions: Sequence[Action], *, hold: bool = False) -> Floats:
        """Rows of these candidates now, hold last if asked for; shape (candidates, columns).

        Raises
        ------
        InvalidInput
            If an attribute is of another type than in training.
        """
        rows = [self._row(action) for action in actions]
        own = [codes for _, codes in rows]
        encoded_rows = [row for row, _ in rows]
        if hold:
            encoded_rows.append(self._hold)
            own.append((NONE, NONE))
        out = np.empty((len(own), len(self.schema.features)))
        first, then = self._first[Source.CUSTOMER], self._first[Source.ACTION]
        out[:, first:then] = self._values(Source.CUSTOMER, _customer_values(facts.customer))
        out[:, then : self._first[Source.CONTEXT]] = encoded_rows
        out[:, self._first[Source.CONTEXT] : self._first[Source.WINDOW]] = self._moment(facts)
        self._fill_windows(facts, own, out)
        return out

    def _row(self, action: Action) -> tuple[list[float], tuple[int, int]]:
        known = self._known.get(action.action_id)
        if known is not None and known[0] is action:
            return known[1], known[2]
        return self._encode(action)

    def _encode(self, action: Action) -> tuple[list[float], tuple[int, int]]:
        codes = (self._layout.own_channels[action.channel], self._layout.own_actions[action.action_id])
        return self._values(Source.ACTION, _action_values(action)), codes

    def _values(self, source: Source, values: Mapping[str, Scalar]) -> list[float]:
        return [encode(values.get(of)) for of, encode in self._encoders[source]]

    def _moment(self, facts: Facts) -> list[float]:
        context = self._values(Source.CONTEXT, facts.context)
        clock = self.schema.of_source(Source.TIME)
        if not clock:
            return context
        parts = local_time(facts.now, facts.customer.time_zone)
        return context + [parts[feature.of] for feature in clock]

    def _fill_windows(self, facts: Facts, own: Sequence[tuple[int, int]], out: Floats) -> None:
        if not len(self._layout.program):
            return
        signals, contacts = events.of_customer(self._layout, facts.customer)
        seam, end = len(signals.time), len(signals.time) + len(contacts.time)
        spans = np.array([[[0, seam], [seam, end]]], dtype=np.int64)
        asof = np.array([events.microseconds(facts.now)], dtype=np.int64)
        rows = np.array([0, len(own)], dtype=np.int64)
        codes = np.array(own, dtype=np.int64).reshape(-1, 2)
        _run(self._layout, spans, asof, rows, codes, events.joined(signals, contacts), out)


def serving_matrix(schema: FeatureSchema, facts: Facts, actions: Sequence[Action], *, hold: bool) -> Floats:
    """Rows of one decision, hold last if asked for; for many decisions keep an :class:`Assembler`."""
    return Assembler(schema).matrix(facts, actions, hold=hold)


def training_matrix(schema: FeatureSchema, data: EngagementData, rows: Ints | None = None) -> Floats:
    """Rows of contacts, hold rows included, each as seen just before its moment.

    Parameters
    ----------
    rows : array of int, shape (n,), optional
        Positions in ``data.contacts``; all of them if not given.

    Returns
    -------
    array of float, shape (n, columns)
        NaN where a value is missing or a category was never seen in training.

    Raises
    ------
    ContractError
        If a column has another type than in training.
    """
    contacts = data.contacts if rows is None else data.contacts.iloc[rows]
    customers = pd.Index(data.customers["customer_id"])
    who = np.asarray(customers.get_indexer(pd.Index(contacts["customer_id"])), dtype=np.int64)
    out = np.empty((len(contacts), len(schema.features)))
    for column, feature in enumerate(schema.features):
        if feature.source is Source.CUSTOMER:
            out[:, column] = encoded(feature, data.customers, feature.of)[who]
        elif feature.source is Source.CONTEXT:
            out[:, column] = encoded(feature, contacts, feature.of)
    _fill_actions(schema, data.actions, contacts, out)
    _fill_clock(schema, contacts, data.customers["time_zone"].iloc[who], out)
    _fill_histories(Layout(schema), data, contacts, who, out)
    return out


def _fill_actions(schema: FeatureSchema, actions: pd.DataFrame, contacts: pd.DataFrame, out: Floats) -> None:
    first = schema.first_columns[Source.ACTION]
    place = np.asarray(pd.Index(actions["action_id"]).get_indexer(pd.Index(contacts["action_id"])))
    for column, feature in enumerate(schema.of_source(Source.ACTION), start=first):
        hold = encoder(feature)(_HOLD.get(feature.of))
        # Hold is in no catalogue: its place is -1, which takes the value put last.
        out[:, column] = np.append(encoded(feature, actions, feature.of), hold)[place]


def _fill_clock(schema: FeatureSchema, contacts: pd.DataFrame, zones: pd.Series, out: Floats) -> None:
    clock = schema.of_source(Source.TIME)
    if not clock:
        return
    parts = local_times(contacts["at"], zones)
    for column, feature in enumerate(clock, start=schema.first_columns[Source.TIME]):
        out[:, column] = parts[feature.of]


def _fill_histories(layout: Layout, data: EngagementData, contacts: pd.DataFrame, who: Ints, out: Floats) -> None:
    if not len(layout.program):
        return
    customers = pd.Index(data.customers["customer_id"])
    parts = events.of_data(layout, data, customers)
    spans = np.empty((len(contacts), len(parts), 2), dtype=np.int64)
    start = 0
    for part, (happened, owner) in enumerate(parts):
        starts = start + np.searchsorted(owner, np.arange(len(customers) + 1))
        spans[:, part, 0], spans[:, part, 1] = starts[who], starts[who + 1]
        start += len(happened.time)
    rows = np.arange(len(contacts) + 1, dtype=np.int64)
    own = _own_codes(layout, data.actions, contacts)
    _run(layout, spans, events.times(contacts["at"]), rows, own, events.joined(*(one for one, _ in parts)), out)


def _own_codes(layout: Layout, actions: pd.DataFrame, contacts: pd.DataFrame) -> Ints:
    by_action = {
        action: (layout.own_channels[channel], layout.own_actions[action])
        for action, channel in zip(actions["action_id"], actions["channel"], strict=True)
    } | {HOLD: (NONE, NONE)}
    codes, names = pd.factorize(contacts["action_id"])
    return np.array([by_action[str(name)] for name in names], dtype=np.int64).reshape(-1, 2)[codes]


def _run(layout: Layout, spans: Ints, asof: Ints, rows: Ints, own: Ints, happened: Events, out: Floats) -> None:
    first = layout.schema.first_columns[Source.WINDOW]
    program, terms, limits = layout.program, layout.terms, layout.limits
    fill(
        spans, asof, rows, own, happened.time, happened.buckets, happened.weight,
        program, terms, limits, layout.size, out, first,
    )  # fmt: skip


def _customer_values(customer: Customer) -> Mapping[str, Scalar]:
    return {**customer.attributes, "jurisdiction": customer.jurisdiction}


def _action_values(action: Action) -> Mapping[str, Scalar]:
    return {**action.attributes, **{field: getattr(action, field) for field in FIELDS}}
