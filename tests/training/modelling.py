"""Models of a small world, learnt once for all tests that only look at them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import numpy as np

from decisioning.customer import Customer, Facts, Signal, Signals
from decisioning.score import Floats
from tests.training.world_played import small
from training.contract.catalogue import to_catalogue
from training.evaluation.outcomes import harmed
from training.features.feature import Feature, Kind, Source
from training.features.schema import FeatureSchema
from training.model.bundle import Bundle
from training.model.calibrators.kin import kin_of
from training.model.card import Card
from training.model.fit import Settings
from training.model.head import Head
from training.model.learn import Learnt, learn, unseen
from training.model.sample import Sample
from training.model.split import Part
from training.model.storage import with_digest
from training.model.uplift import UpliftLine, fit_uplift
from training.prepare import Prepared, prepare

SETTINGS = Settings(trees=60, members=2)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@cache
def prepared() -> Prepared:
    return prepare(small()[1].data, outcome=None, by="customer", seed=0)


@cache
def learnt() -> Learnt:
    return learn(prepared().samples[Part.FIT], prepared().schema, SETTINGS, seed=0)


def card(**changed: object) -> Card:
    plain = Card("heed", NOON, "0" * 64, 0, "customer", {"fit": 10}, 0.1)
    return replace(plain, **changed)


@cache
def harm() -> Head:
    """Learnt from whatever harm the small world holds, which is too little for a real model."""
    data = prepared()
    rows = np.flatnonzero(~data.samples[Part.FIT].held)
    label = harmed(data.data)[data.contacts(Part.FIT)[rows]]
    return learn(data.samples[Part.FIT].take(rows).labelled(label), data.schema, SETTINGS, seed=0).head


@cache
def bundle() -> Bundle:
    data = prepared()
    made = Bundle(
        head=learnt().head,
        harm=harm(),
        uplift=line(),
        schema=data.schema,
        catalogue=to_catalogue(data.data),
        outcome=data.outcome,
        card=card(base_rate=float(data.samples[Part.FIT].label.mean())),
        digest="",
    )
    return with_digest(made)


@cache
def line() -> UpliftLine:
    data = prepared()
    assert data.instead is not None
    other = unseen(learnt().crossed, learnt().head.calibration, data.instead)
    return fit_uplift(data.samples[Part.FIT], learnt().propensity, other)


def facts(place: int = 0) -> Facts:
    """One customer of the small world at the end of their history."""
    data = prepared().data
    row = data.customers.iloc[place]
    told = {name: None if row.isna()[name] else row[name] for name in data.customers.columns}
    signals = data.signals[data.signals["customer_id"] == row["customer_id"]].sort_values("at").tail(50)
    customer = Customer(
        customer_id=str(told.pop("customer_id")),
        time_zone=told.pop("time_zone"),
        jurisdiction=told.pop("jurisdiction"),
        attributes=told,
        signals=Signals.of(
            Signal(
                one.type, one.at.to_pydatetime(), one.channel if isinstance(one.channel, str) else None, one.certainty
            )
            for one in signals.itertuples()
        ),
    )
    return Facts(customer, data.contacts["at"].max().to_pydatetime())


@dataclass(frozen=True)
class Noise:
    """Rows of three numbers and a category whose outcome follows a known log-odds."""

    sample: Sample
    truth: Floats


SCHEMA = FeatureSchema(
    (
        Feature("customer.a", Kind.NUMERIC, Source.CUSTOMER, "a"),
        Feature("customer.b", Kind.NUMERIC, Source.CUSTOMER, "b"),
        Feature("customer.c", Kind.NUMERIC, Source.CUSTOMER, "c"),
        Feature("customer.kind", Kind.CATEGORICAL, Source.CUSTOMER, "kind", ("one", "two", "three", "four")),
    )
)


def noise(rows: int, seed: int, base: float = -1.5) -> Noise:
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(rows, 4))
    matrix[:, 3] = generator.integers(0, 4, rows)
    matrix[generator.random(rows) < 0.05, 1] = np.nan
    truth = base + 0.8 * matrix[:, 0] + 0.5 * np.nan_to_num(matrix[:, 1]) + 0.4 * (matrix[:, 3] == 2)
    return Noise(alone(matrix, generator.random(rows) < 1.0 / (1.0 + np.exp(-truth))), truth)


def alone(matrix: Floats, label: np.ndarray) -> Sample:
    """Rows of one action, each of a customer of its own."""
    rows = len(label)
    nothing = np.zeros(rows, dtype=np.int64)
    kin = kin_of(["mail"] * rows, ["email"] * rows, ["news"] * rows)
    return Sample(matrix, kin, label, np.arange(rows), np.full(rows, np.nan), nothing)


def halves(sample: Sample) -> tuple[Sample, Sample]:
    """The first seven tenths of a sample, and the rest."""
    end = int(0.7 * len(sample))
    return sample.take(np.arange(end)), sample.take(np.arange(end, len(sample)))
