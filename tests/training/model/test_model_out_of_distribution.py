import json
from dataclasses import replace

import numpy as np
import pytest

from heed.decisioning.catalogue import Action
from heed.training.features.feature import Feature, FeatureKind, FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.out_of_distribution import TrainingSupport, fit_training_support
from heed.training.model.split import Part
from tests.support.small_model import bundle, prepared, trained_heads

ROWS = np.array([[1.0, 5.0, 0.0], [2.0, 6.0, np.nan], [3.0, 5.5, 1.0]])
EFFECTS = np.array([[0.1, 0.3, 0.0], [-0.1, 0.3, 0.0]])
NUMBERS = ("customer.age", "customer.tenure_days", "customer.lifetime_value")
# Two effects of 0.1 and 0.3 would add up to 0.4, but all effects together were never more than this. What was never
# seen counts twice, its variance four times.
TOGETHER = 4 * (0.4**2 + 0.2**2) / 2
COLUMNS = (
    Feature("customer.age", FeatureKind.NUMERIC, FeatureSource.CUSTOMER),
    Feature("customer.tenure_days", FeatureKind.NUMERIC, FeatureSource.CUSTOMER),
    Feature("customer.vulnerable", FeatureKind.BOOLEAN, FeatureSource.CUSTOMER),
)
SEEN = fit_training_support(ROWS, EFFECTS, FeatureSchema(COLUMNS))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([2.0, 5.0, 0.5], 0.0),
        ([4.0, 5.0, 0.5], 0.04),
        ([0.0, 9.0, 0.5], TOGETHER),
        ([np.nan, 5.0, 0.5], 0.04),
        ([np.nan, np.nan, np.nan], TOGETHER),
        ([2.0, 5.0, np.nan], 0.0),
        ([2.0, 5.0, 7.0], 0.0),
    ],
    ids=[
        "inside of what was seen",
        "above",
        "two features outside",
        "missing where it never was",
        "more missing than ever",
        "missing as it was before",
        "outside, of a feature without effect",
    ],
)
def test_what_was_never_seen_adds_the_variance_of_the_features_effect(row: list[float], expected: float) -> None:
    assert SEEN.unseen_variance(np.array([row]))[0] == pytest.approx(expected, abs=1e-12)


def test_the_fitting_rows_are_not_new() -> None:
    sample = prepared().samples[Part.FIT]
    assert (trained_heads().head.support.unseen_variance(sample.matrix) == 0.0).all()


def test_intervals_widen_for_customers_unlike_the_training_data() -> None:
    sample = prepared().samples[Part.TEST]
    plain = sample.take(np.flatnonzero(trained_heads().head.support.unseen_variance(sample.matrix) == 0.0)[:300])
    strange = plain.matrix.copy()
    shifted = [place for place, name in enumerate(prepared().schema.names) if name in NUMBERS]
    assert len(shifted) == len(NUMBERS)
    strange[:, shifted] = 1e6
    _, low, high = bundle().score_frame(plain.matrix, plain.pooling_groups)
    _, lower, higher = bundle().score_frame(strange, plain.pooling_groups)
    width, wider = (
        np.log(upper / (1.0 - upper) / (under / (1.0 - under))) for under, upper in ((low, high), (lower, higher))
    )
    assert np.mean(wider) > np.mean(width)
    assert (wider > width).mean() > 0.75


def test_what_was_never_missing_is_taken_to_be_typical() -> None:
    rows = np.array([[np.nan, 5.0, np.nan], [1.0, np.nan, 0.0]])
    np.testing.assert_array_equal(SEEN.imputed(rows), [[2.0, 5.0, np.nan], [1.0, 5.5, 0.0]])
    assert np.isnan(rows).sum() == 3
    assert SEEN.imputed(ROWS) is ROWS


def test_the_most_frequent_category_is_typical_and_no_action_stands_for_another() -> None:
    schema = FeatureSchema(
        (
            Feature("customer.plan", FeatureKind.CATEGORICAL, FeatureSource.CUSTOMER, categories=("a", "b", "c")),
            Feature("action.value", FeatureKind.NUMERIC, FeatureSource.ACTION),
        )
    )
    seen = fit_training_support(np.array([[0.0, 1.0], [2.0, 1.0], [2.0, 5.0]]), np.zeros((1, 2)), schema)
    np.testing.assert_array_equal(seen.imputed(np.array([[np.nan, np.nan]])), [[2.0, np.nan]])


def test_a_customer_of_whom_nothing_is_known_is_nearer_the_average_than_a_row_of_zeros() -> None:
    sample, model = prepared().samples[Part.TEST], bundle()
    own = [place for place, one in enumerate(prepared().schema.features) if one.source is FeatureSource.CUSTOMER]
    unknown = sample.matrix.copy()
    unknown[:, own] = np.nan
    support = replace(model.head.support, typical=np.full_like(model.head.support.typical, np.nan))
    zeros = replace(model, head=replace(model.head, support=support))
    usual, low, high = model.score_frame(sample.matrix, sample.pooling_groups)
    stated, lower, higher = model.score_frame(unknown, sample.pooling_groups)
    off, further = (abs(np.log(said.mean() / usual.mean())) for said in (stated, zeros.score_frame(unknown)[0]))
    assert off < further
    assert np.mean(np.log(higher / lower)) > 1.2 * np.mean(np.log(high / low))


def test_contributions_add_up_to_what_is_served_of_the_typical_customer() -> None:
    sample = prepared().samples[Part.TEST]
    unknown = np.where(np.array(prepared().schema.names) == NUMBERS[1], np.nan, sample.matrix[:5])
    head = trained_heads().head
    margin = head.trees.margin(head.support.imputed(unknown))
    assert (margin != head.trees.margin(unknown)).any()
    np.testing.assert_allclose(head.contributions(unknown).sum(axis=1), margin, atol=1e-9)


def test_novelty_comes_back_from_its_stored_form() -> None:
    again = TrainingSupport.from_dict(json.loads(json.dumps(SEEN.to_dict(), allow_nan=False)))
    strange = np.array([[9.0, np.nan, 3.0]])
    assert again.unseen_variance(strange) == SEEN.unseen_variance(strange)
    np.testing.assert_array_equal(again.imputed(strange), SEEN.imputed(strange))


def test_what_was_stored_before_typical_values_is_served_as_it_was() -> None:
    stored = {name: value for name, value in SEEN.to_dict().items() if name != "typical"}
    before = TrainingSupport.from_dict(stored)
    assert before.to_dict() == stored
    gaps = np.array([[np.nan, np.nan, np.nan]])
    assert before.imputed(gaps) is gaps


def test_a_new_action_starts_from_its_category_and_channel() -> None:
    model = bundle()
    known = model.catalogue.actions[0]
    new = Action("brand_new", known.channel, "marketing", known.category, value=1.0, outcome="x", window_days=1.0)
    offsets = model.head.calibration.offsets
    pooling_groups = offsets.category.get(known.category, 0.0) + offsets.channel.get(known.channel, 0.0)
    assert model.head.calibration.offset_of(new) == pytest.approx(pooling_groups, abs=1e-12)
