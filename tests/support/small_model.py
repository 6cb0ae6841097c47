"""Models trained on the small world, once per session."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from heed.decisioning.customer import Customer, Facts, Signal, Signals
from heed.decisioning.score import Floats
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.harm_labels import harm_labels
from heed.training.features.feature import Feature, FeatureKind, FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.booster import BoosterSettings
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import with_digest
from heed.training.model.calibrators.pooling_groups import encode_groups
from heed.training.model.model_card import ModelCard
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.sample import Sample
from heed.training.model.split import Part
from heed.training.model.train_head import TrainedHead, out_of_fold_probability, train_head
from heed.training.model.uplift_correction import UpliftCorrection, fit_uplift_correction
from heed.training.pipeline.dataset import TrainingDataset, build_dataset
from tests.support.session_cache import once_per_session
from tests.support.small_world import small_world

SETTINGS = BoosterSettings(trees=60, members=2)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@once_per_session
def prepared() -> TrainingDataset:
    return build_dataset(small_world()[1].data, outcome=None, by="customer", seed=0)


@once_per_session
def trained_heads() -> TrainedHead:
    return train_head(prepared().samples[Part.FIT], prepared().schema, SETTINGS, seed=0)


def card(**changed: object) -> ModelCard:
    plain = ModelCard("heed", NOON, "0" * 64, 0, "customer", {"fit": 10}, 0.1)
    return replace(plain, **changed)


@once_per_session
def harm() -> ProbabilityHead:
    """A harm model of the small world, which has too little harm for a real one."""
    data = prepared()
    rows = np.flatnonzero(~data.samples[Part.FIT].is_hold)
    label = harm_labels(data.data)[data.contacts(Part.FIT)[rows]]
    return train_head(data.samples[Part.FIT].take(rows).with_labels(label), data.schema, SETTINGS, seed=0).head


@once_per_session
def bundle() -> Bundle:
    data = prepared()
    made = Bundle(
        head=trained_heads().head,
        harm=harm(),
        uplift=line(),
        schema=data.schema,
        catalogue=to_catalogue(data.data),
        outcome=data.outcome,
        card=card(base_rate=float(data.samples[Part.FIT].label.mean())),
        digest="",
    )
    return with_digest(made)


@once_per_session
def line() -> UpliftCorrection:
    data = prepared()
    assert data.counterfactual is not None
    other = out_of_fold_probability(trained_heads().out_of_fold, trained_heads().head.calibration, data.counterfactual)
    return fit_uplift_correction(data.samples[Part.FIT], trained_heads().propensity, other)


def facts(place: int = 0) -> Facts:
    """Facts about one customer of the small world at the end of its history."""
    data = prepared().data
    row = data.customers.iloc[place]
    attributes = {name: None if row.isna()[name] else row[name] for name in data.customers.columns}
    signals = data.signals[data.signals["customer_id"] == row["customer_id"]].sort_values("at").tail(50)
    customer = Customer(
        customer_id=str(attributes.pop("customer_id")),
        time_zone=attributes.pop("time_zone"),
        jurisdiction=attributes.pop("jurisdiction"),
        attributes=attributes,
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
    """Three numeric columns and a category, with outcomes of known log-odds."""

    sample: Sample
    truth: Floats


SCHEMA = FeatureSchema(
    (
        Feature("customer.a", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "a"),
        Feature("customer.b", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "b"),
        Feature("customer.c", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "c"),
        Feature(
            "customer.kind", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, "kind", ("one", "two", "three", "four")
        ),
    )
)


def noise(rows: int, seed: int, base: float = -1.5) -> Noise:
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(rows, 4))
    matrix[:, 3] = generator.integers(0, 4, rows)
    matrix[generator.random(rows) < 0.05, 1] = np.nan
    truth = base + 0.8 * matrix[:, 0] + 0.5 * np.nan_to_num(matrix[:, 1]) + 0.4 * (matrix[:, 3] == 2)
    return Noise(single_action_sample(matrix, generator.random(rows) < 1.0 / (1.0 + np.exp(-truth))), truth)


def single_action_sample(matrix: Floats, label: np.ndarray) -> Sample:
    """Rows of one action, one customer each."""
    rows = len(label)
    nothing = np.zeros(rows, dtype=np.int64)
    pooling_groups = encode_groups(["mail"] * rows, ["email"] * rows, ["news"] * rows)
    return Sample(matrix, pooling_groups, label, np.arange(rows), np.full(rows, np.nan), nothing)


def halves(sample: Sample) -> tuple[Sample, Sample]:
    """The first 70 percent of a sample, and the rest."""
    end = int(0.7 * len(sample))
    return sample.take(np.arange(end)), sample.take(np.arange(end, len(sample)))
