import json

import numpy as np
import pytest

from decisioning.catalogue import Action
from tests.training.modelling import bundle, learnt, prepared
from training.model.novelty import Novelty, find_novelty
from training.model.split import Part

ROWS = np.array([[1.0, 5.0, 0.0], [2.0, 6.0, np.nan], [3.0, 5.5, 1.0]])
EFFECTS = np.array([[0.1, 0.3, 0.0], [-0.1, 0.3, 0.0]])
NUMBERS = ("customer.age", "customer.tenure_days", "customer.lifetime_value")
# Two effects of 0.1 and 0.3 would add up to 0.4, but all effects together were never more than this. What was never
# seen counts twice, its variance four times.
TOGETHER = 4 * (0.4**2 + 0.2**2) / 2
SEEN = find_novelty(ROWS, EFFECTS)


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
    assert SEEN.of(np.array([row]))[0] == pytest.approx(expected, abs=1e-12)


def test_the_fitting_rows_are_not_new() -> None:
    sample = prepared().samples[Part.FIT]
    assert (learnt().head.novelty.of(sample.matrix) == 0.0).all()


def test_intervals_widen_for_customers_unlike_the_training_data() -> None:
    sample = prepared().samples[Part.TEST]
    plain = sample.take(np.flatnonzero(learnt().head.novelty.of(sample.matrix) == 0.0)[:300])
    strange = plain.matrix.copy()
    shifted = [place for place, name in enumerate(prepared().schema.names) if name in NUMBERS]
    assert len(shifted) == len(NUMBERS)
    strange[:, shifted] = 1e6
    _, low, high = bundle().score_frame(plain.matrix, plain.kin)
    _, lower, higher = bundle().score_frame(strange, plain.kin)
    width, wider = (
        np.log(upper / (1.0 - upper) / (under / (1.0 - under))) for under, upper in ((low, high), (lower, higher))
    )
    assert np.mean(wider) > np.mean(width)
    assert (wider > width).mean() > 0.75


def test_novelty_comes_back_from_its_stored_form() -> None:
    again = Novelty.from_dict(json.loads(json.dumps(SEEN.to_dict())))
    strange = np.array([[9.0, np.nan, 3.0]])
    assert again.of(strange) == SEEN.of(strange)


def test_a_new_action_starts_from_its_category_and_channel() -> None:
    model = bundle()
    known = model.catalogue.actions[0]
    new = Action("brand_new", known.channel, "marketing", known.category, value=1.0, outcome="x", window_days=1.0)
    offsets = model.head.calibration.offsets
    kin = offsets.category.get(known.category, 0.0) + offsets.channel.get(known.channel, 0.0)
    assert model.head.calibration.offset_of(new) == pytest.approx(kin, abs=1e-12)
