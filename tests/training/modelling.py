"""Models of a small world, learnt once for all tests that only look at them."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import numpy as np

from decisioning.customer import Customer, Facts, Signal, Signals
from decisioning.score import Floats
from tests.training.world_played import small
from training.contract.catalogue import to_catalogue
from training.features.feature import Feature, Kind, Source
from training.features.schema import FeatureSchema
from training.model.bundle import Bundle
from training.model.card import Card
from training.model.fit import Sample, Settings
from training.model.learn import Learnt, learn
from training.model.split import Part
from training.model.storage import make_bundle
from training.prepare import Prepared, prepare

SETTINGS = Settings(trees=60)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@cache
def prepared() -> Prepared:
    return prepare(small()[1].data, outcome=None, by="customer", seed=0)


@cache
def learnt() -> Learnt:
    return learn(prepared().samples, prepared().schema, SETTINGS, seed=0)


def card(**changed: object) -> Card:
    plain = Card("heed", NOON, "0" * 64, 0, "customer", {"fit": 10}, 0.1)
    return replace(plain, **changed)


@cache
def bundle() -> Bundle:
    data = prepared()
    return make_bundle(
        learnt(),
        data.schema,
        to_catalogue(data.data),
        outcome=data.outcome,
        learns_uplift=data.learns_uplift,
        card=card(base_rate=float(data.samples[Part.FIT].label.mean())),
    )


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
    return Noise(Sample(matrix, generator.random(rows) < 1.0 / (1.0 + np.exp(-truth))), truth)


def quarters(sample: Sample) -> dict[Part, Sample]:
    """The parts of a sample: 60, 10, 15 and 15 % in order."""
    ends = (np.array([0.0, 0.6, 0.7, 0.85, 1.0]) * len(sample)).astype(int)
    return {
        part: sample.take(np.arange(start, end)) for part, start, end in zip(Part, ends[:-1], ends[1:], strict=True)
    }
