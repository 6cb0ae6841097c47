from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from heed.training.evaluation.gates.leak_detection import find_leaks, roc_auc, single_feature_auc
from heed.training.features.feature import Feature, FeatureKind, FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.sample import Sample
from heed.training.model.split import Part
from tests.support.small_model import SCHEMA, noise, prepared

HONEST = noise(3_000, seed=5).sample


def told(column: np.ndarray, feature: Feature, sample: Sample = HONEST) -> list[str]:
    schema = FeatureSchema((feature, *SCHEMA.features))
    widened = replace(sample, matrix=np.column_stack([column, sample.matrix]))
    found = find_leaks(widened, schema, "purchase")
    assert all(leak.feature == feature.name for leak in found)
    return [leak.sentence for leak in found]


def number(name: str = "extra", source: FeatureSource = FeatureSource.CUSTOMER) -> Feature:
    return Feature(f"{source}.{name}", FeatureKind.NUMERIC, source, name)


def test_honest_features_are_not_suspected() -> None:
    assert find_leaks(HONEST, SCHEMA, "purchase") == ()


def test_the_features_of_a_simulated_world_are_not_suspected() -> None:
    assert find_leaks(prepared().samples[Part.FIT], prepared().schema, prepared().outcome) == ()


def test_a_copy_of_the_label_is_found() -> None:
    assert told(HONEST.label.astype(float), number()) == ["`customer.extra` equals the outcome on every row."]


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["high where it happened", "low where it happened"])
def test_a_number_that_alone_tells_almost_all_is_found(sign: float) -> None:
    column = sign * (HONEST.label + np.random.default_rng(0).normal(0.0, 0.3, len(HONEST)))
    assert told(column, number())[0].startswith("`customer.extra` alone predicts the outcome almost perfectly (AUC 0.9")


def test_a_category_that_alone_tells_almost_all_is_found() -> None:
    column = np.where(HONEST.label, 3.0, np.random.default_rng(0).integers(0, 3, len(HONEST)))
    feature = Feature(
        "customer.stage", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, "stage", ("a", "b", "c", "won")
    )
    assert "almost perfectly (AUC 1.000)" in told(column, feature)[0]


def test_a_feature_that_is_only_there_after_the_outcome_is_found() -> None:
    shown = HONEST.label & (np.random.default_rng(0).random(len(HONEST)) < 0.3)
    column = np.where(shown, np.random.default_rng(1).normal(size=len(HONEST)), np.nan)
    assert "is present almost only where the outcome happened (100%" in told(column, number())[0]


def test_a_feature_missing_at_random_is_not_suspected() -> None:
    column = np.where(np.random.default_rng(0).random(len(HONEST)) < 0.3, 1.0, np.nan)
    assert told(column, number()) == []


def test_a_category_per_row_is_not_suspected_for_knowing_its_own_rows_by_heart() -> None:
    words = tuple(f"id{place}" for place in range(len(HONEST)))
    feature = Feature("customer.id", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, "id", words)
    assert told(np.arange(len(HONEST), dtype=float), feature) == []


@pytest.mark.parametrize("name", ["purchase", "Purchase", "outcome", "label", "out_amount", "target_day"])
def test_attributes_named_like_the_outcome_are_found(name: str) -> None:
    column = np.random.default_rng(0).normal(size=len(HONEST))
    assert told(column, number(name)) == [f"`customer.{name}` is named like the outcome."]


@pytest.mark.parametrize("name", ["poutcome", "previous_purchases", "targeted", "outdoor", "age"])
def test_names_that_only_resemble_it_are_not(name: str) -> None:
    assert told(np.random.default_rng(0).normal(size=len(HONEST)), number(name)) == []


def test_with_few_outcomes_only_names_are_looked_at() -> None:
    label = np.arange(len(HONEST)) < 10
    sample = HONEST.with_labels(label)
    assert told(label.astype(float), number(), sample) == []
    assert told(label.astype(float), number("label"), sample) == ["`customer.label` is named like the outcome."]


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_that_of_scikit_learn_ties_included(seed: int) -> None:
    generator = np.random.default_rng(seed)
    score, label = generator.integers(0, 6, 400).astype(float), generator.random(400) < 0.3
    assert roc_auc(label, score) == pytest.approx(roc_auc_score(label, score))


def test_an_all_missing_number_says_nothing() -> None:
    assert single_feature_auc(number(), np.full(len(HONEST), np.nan), HONEST) == 0.5
