"""Feature matrices of many contacts, for training, or of the candidates of one decision, for serving."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.customer import Customer, Facts, microseconds
from heed.decisioning.score import Floats
from heed.training.contract.engagement_data import EngagementData
from heed.training.features import event_arrays
from heed.training.features.encoders import encode_column, encoder
from heed.training.features.event_arrays import EventArrays
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.features.kernel_plan import KernelPlan
from heed.training.features.local_time import local_time, local_times
from heed.training.features.window_kernel import NONE, Ints, fill_windows

ACTION_FIELDS = ("action_id", "channel", "purpose", "category", "message_class", "value", "cost", "window_days")
# Hold costs nothing and has no other attributes.
_HOLD: Mapping[str, Scalar] = {"action_id": HOLD, "cost": 0.0}
_ONLY: Ints = np.zeros(1, dtype=np.int64)


class MatrixBuilder:
    """Builds the feature rows of a decision, with known actions encoded in advance.

    Parameters
    ----------
    schema : FeatureSchema
        The columns of the matrix.
    actions : sequence of Action
        Actions to encode in advance, such as those of the catalogue; others are encoded on demand.
    """

    def __init__(self, schema: FeatureSchema, actions: Sequence[Action] = ()) -> None:
        self.schema = schema
        self._plan = KernelPlan(schema)
        self._encoders = {
            source: [(feature.of, encoder(feature)) for feature in schema.of_source(source)]
            for source in (FeatureSource.CUSTOMER, FeatureSource.ACTION, FeatureSource.CONTEXT)
        }
        self._clock = schema.of_source(FeatureSource.TIME)
        self._known = {action.action_id: (index, action) for index, action in enumerate(actions)}
        self._rows, self._own_codes = self._encode(actions)

    def matrix(self, facts: Facts, actions: Sequence[Action], *, hold: bool = False) -> Floats:
        """Feature rows of these candidates now, hold last if `hold` is set; shape (candidates, columns).

        Raises
        ------
        InvalidInput
            If an attribute has another type than in training.
        """
        rows, own_codes = self.candidates(actions, hold=hold)
        first = self.schema.first_columns
        out = np.empty((len(rows), len(self.schema.features)))
        out[:, : first[FeatureSource.ACTION]] = self._values(FeatureSource.CUSTOMER, _customer_values(facts.customer))
        out[:, first[FeatureSource.ACTION] : first[FeatureSource.CONTEXT]] = rows
        out[:, first[FeatureSource.CONTEXT] : first[FeatureSource.WINDOW]] = self._moment(facts)
        if len(self._plan.program):
            histories = event_arrays.customer_events(self._plan, facts.customer)
            asof = np.array([microseconds(facts.now)], dtype=np.int64)
            _run(self._plan, histories, _ONLY, asof, np.array([0, len(rows)], dtype=np.int64), own_codes, out)
        return out

    def candidates(self, actions: Sequence[Action], *, hold: bool) -> tuple[Floats, Ints]:
        """Action columns and kernel codes of these candidates, hold last if `hold` is set."""
        rows, own_codes, indices = self._rows, self._own_codes, [self._index(action) for action in actions]
        if NONE in indices:
            rows, own_codes = self._encode(actions)
            indices = list(range(len(actions)))
        if hold:
            indices.append(len(rows) - 1)
        chosen = np.array(indices, dtype=np.int64)
        return rows[chosen], own_codes[chosen]

    def _index(self, action: Action) -> int:
        index, known = self._known.get(action.action_id, (NONE, None))
        return index if known is action or known == action else NONE

    def _encode(self, actions: Sequence[Action]) -> tuple[Floats, Ints]:
        """Action columns and kernel codes of these actions, followed by those of hold."""
        rows = [self._values(FeatureSource.ACTION, values) for values in (*map(_action_values, actions), _HOLD)]
        own_codes = [self._plan.own_codes(action.channel, action.action_id) for action in actions] + [(NONE, NONE)]
        return np.array(rows, dtype=np.float64).reshape(len(own_codes), -1), np.array(own_codes, dtype=np.int64)

    def _values(self, source: FeatureSource, values: Mapping[str, Scalar]) -> list[float]:
        return [encode(values.get(of)) for of, encode in self._encoders[source]]

    def _moment(self, facts: Facts) -> list[float]:
        context = self._values(FeatureSource.CONTEXT, facts.context)
        if not self._clock:
            return context
        parts = local_time(facts.now, facts.customer.time_zone)
        return context + [parts[feature.of] for feature in self._clock]


def serving_matrix(schema: FeatureSchema, facts: Facts, actions: Sequence[Action], *, hold: bool) -> Floats:
    """Feature rows of one decision, hold last if `hold` is set; keep a :class:`MatrixBuilder` for many decisions."""
    return MatrixBuilder(schema).matrix(facts, actions, hold=hold)


def training_matrix(
    schema: FeatureSchema,
    data: EngagementData,
    rows: Ints | None = None,
    counterfactual_actions: np.ndarray | None = None,
) -> Floats:
    """Feature rows of contacts, including hold rows, from what was known just before each contact.

    Parameters
    ----------
    rows : array of int, shape (n,), optional
        Row indices into ``data.contacts``; all by default.
    counterfactual_actions : array of str, shape (n,), optional
        Counterfactual actions, in place of those of the contacts.

    Returns
    -------
    array of float, shape (n, columns)
        NaN where a value is missing or a category is unknown.

    Raises
    ------
    ContractError
        If a column has another type than in training.
    """
    contacts = data.contacts if rows is None else data.contacts.iloc[rows]
    if counterfactual_actions is not None:
        contacts = contacts.assign(action_id=counterfactual_actions)
    who = event_arrays.customer_indices(pd.Index(data.customers["customer_id"]), contacts)
    out = _decision_rows(schema, data, contacts, who)
    _fill_actions(schema, data.actions, contacts, out)
    _fill_windows(KernelPlan(schema), data, contacts, who, out)
    return out


def candidate_matrix(
    schema: FeatureSchema, data: EngagementData, rows: Ints, actions: Sequence[Action], *, hold: bool
) -> Floats:
    """Feature rows of every candidate for each contact, from what was known just before the contact.

    Parameters
    ----------
    rows : array of int, shape (n,)
        Row indices into ``data.contacts``; their actions are ignored.
    actions : sequence of Action
        The candidates; with hold, if `hold` is set, there are m of them.

    Returns
    -------
    array of float, shape (n m, columns)
        Contact after contact, each with its candidates in order, hold last.
    """
    contacts = data.contacts.iloc[rows]
    who = event_arrays.customer_indices(pd.Index(data.customers["customer_id"]), contacts)
    assembler = MatrixBuilder(schema, actions)
    offered, own_codes = assembler.candidates(actions, hold=hold)
    first, plan = schema.first_columns, KernelPlan(schema)
    out = np.repeat(_decision_rows(schema, data, contacts, who), len(own_codes), axis=0)
    out[:, first[FeatureSource.ACTION] : first[FeatureSource.CONTEXT]] = np.tile(offered, (len(contacts), 1))
    if len(plan.program):
        indices = np.arange(len(contacts) + 1, dtype=np.int64) * len(own_codes)
        moments = event_arrays.event_times(contacts["at"])
        _run(
            plan,
            event_arrays.dataset_events(plan, data),
            who,
            moments,
            indices,
            np.tile(own_codes, (len(contacts), 1)),
            out,
        )
    return out


def _decision_rows(schema: FeatureSchema, data: EngagementData, contacts: pd.DataFrame, who: Ints) -> Floats:
    """Rows with customer, context and time columns; the others are filled later."""
    out = np.empty((len(contacts), len(schema.features)))
    for column, feature in enumerate(schema.features):
        if feature.source is FeatureSource.CUSTOMER:
            out[:, column] = encode_column(feature, data.customers, feature.of)[who]
        elif feature.source is FeatureSource.CONTEXT:
            out[:, column] = encode_column(feature, contacts, feature.of)
    _fill_clock(schema, contacts["at"], data.customers["time_zone"].iloc[who], out)
    return out


def _fill_actions(schema: FeatureSchema, actions: pd.DataFrame, contacts: pd.DataFrame, out: Floats) -> None:
    index = _action_places(actions, contacts)
    for column, feature in enumerate(
        schema.of_source(FeatureSource.ACTION), start=schema.first_columns[FeatureSource.ACTION]
    ):
        hold = encoder(feature)(_HOLD.get(feature.of))
        out[:, column] = np.append(encode_column(feature, actions, feature.of), hold)[index]


def _fill_clock(schema: FeatureSchema, moments: pd.Series, zones: pd.Series, out: Floats) -> None:
    clock = schema.of_source(FeatureSource.TIME)
    parts = local_times(moments, zones) if clock else {}
    for column, feature in enumerate(clock, start=schema.first_columns[FeatureSource.TIME]):
        out[:, column] = parts[feature.of]


def _fill_windows(plan: KernelPlan, data: EngagementData, contacts: pd.DataFrame, who: Ints, out: Floats) -> None:
    if not len(plan.program):
        return
    pairs = zip(data.actions["channel"], data.actions["action_id"], strict=True)
    own_codes = np.array([*(plan.own_codes(*pair) for pair in pairs), (NONE, NONE)], dtype=np.int64)
    own_codes = own_codes[_action_places(data.actions, contacts)]
    rows = np.arange(len(contacts) + 1, dtype=np.int64)
    _run(
        plan,
        event_arrays.dataset_events(plan, data),
        who,
        event_arrays.event_times(contacts["at"]),
        rows,
        own_codes,
        out,
    )


def _action_places(actions: pd.DataFrame, contacts: pd.DataFrame) -> Ints:
    """Index of each contact's action; -1 for hold, which selects the last element."""
    return np.asarray(pd.Index(actions["action_id"]).get_indexer(pd.Index(contacts["action_id"])), dtype=np.int64)


def _run(
    plan: KernelPlan, histories: EventArrays, who: Ints, asof: Ints, rows: Ints, own_codes: Ints, out: Floats
) -> None:
    first = plan.schema.first_columns[FeatureSource.WINDOW]
    history = (histories.time, histories.buckets, histories.weight, histories.starts)
    fill_windows(who, asof, rows, own_codes, *history, plan.program, plan.terms, plan.limits, plan.size, out, first)


def _customer_values(customer: Customer) -> Mapping[str, Scalar]:
    return {**customer.attributes, "jurisdiction": customer.jurisdiction}


def _action_values(action: Action) -> Mapping[str, Scalar]:
    return {**action.attributes, **{field: getattr(action, field) for field in ACTION_FIELDS}}
