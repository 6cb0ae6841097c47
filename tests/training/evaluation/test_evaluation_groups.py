"""Groups of contacts, whether probabilities are as true in each, and whether each is contacted as often."""

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_io import from_frames
from heed.training.evaluation.attribute_groups import (
    MISSING,
    OTHERS,
    attribute_groups,
    group_order,
    is_customer_attribute,
)
from heed.training.evaluation.fairness import attribute_fairness
from heed.training.evaluation.metrics.segments import ClusteredPredictions, segment_metrics
from tests.support.contract_frames import frames


def said(propensity: np.ndarray, label: np.ndarray) -> ClusteredPredictions:
    return ClusteredPredictions(propensity, label.astype(bool), np.arange(len(label)))


def test_the_ratio_of_selection_rates_is_lowest_over_highest() -> None:
    group = np.repeat(["a", "b", "c"], [200, 200, 50])
    acts = np.concatenate([np.arange(200) < 100, np.arange(200) < 150, np.zeros(50)]).astype(bool)
    found = attribute_fairness("who", group, said(np.full(450, 0.2), np.arange(450) % 5 == 0), acts)
    assert (found.rate_ratio, found.lowest, found.highest) == (pytest.approx(0.5 / 0.75), "a", "b")
    assert [one.selection.value for one in found.groups] == [0.5, 0.75, 0.0]


@pytest.mark.parametrize(
    ("sizes", "acts"),
    [
        pytest.param([300, 50], True, id="one group large enough"),
        pytest.param([300, 300], False, id="nobody contacted"),
    ],
)
def test_there_is_no_ratio_with(sizes, acts) -> None:
    group = np.repeat(["a", "b"], sizes)
    count = len(group)
    found = attribute_fairness("who", group, said(np.full(count, 0.2), np.arange(count) % 5 == 0), np.full(count, acts))
    assert (found.rate_ratio, found.lowest, found.highest) == (None, None, None)


def test_a_group_is_misjudged_where_the_gap_is_more_than_chance() -> None:
    generator = np.random.default_rng(0)
    group = np.repeat(["fine", "off"], 2_000)
    label = generator.random(4_000) < np.where(group == "off", 0.3, 0.2)
    found = {one.name: one for one in segment_metrics(group, said(np.full(4_000, 0.2), label))}
    assert not found["fine"].miscalibrated
    assert found["off"].miscalibrated
    assert found["off"].gap.value == pytest.approx(label[2_000:].mean() - 0.2)
    assert found["off"].calibration_error > found["off"].by_chance


def test_a_group_of_true_probabilities_is_misjudged_once_in_twenty() -> None:
    generator = np.random.default_rng(1)
    wrong = []
    for _ in range(300):
        propensity = generator.beta(1.0, 20.0, 400)
        (one,) = segment_metrics(np.full(400, "all"), said(propensity, generator.random(400) < propensity))
        wrong.append(one.miscalibrated)
    assert 0.01 < np.mean(wrong) < 0.10


def test_no_outcome_among_few_rare_chances_is_no_sign_of_misjudgement() -> None:
    (one,) = segment_metrics(np.full(150, "all"), said(np.full(150, 0.005), np.zeros(150)))
    assert not one.miscalibrated


def data(**attributes: list[object]) -> object:
    count = len(next(iter(attributes.values())))
    ids = [f"c{number:03d}" for number in range(count)]
    who = pd.DataFrame({"customer_id": ids, **attributes})
    at = pd.Timestamp("2026-03-01T09:00:00Z")
    done = pd.DataFrame({"contact_id": ids, "customer_id": ids, "action_id": HOLD, "at": at})
    return from_frames(actions=frames()["actions"], customers=who, contacts=done)


def test_numbers_are_cut_into_quarters_in_their_order() -> None:
    ages = [float(age) for age in range(10, 50)]
    found = attribute_groups(data(age=[*ages, None]), np.arange(41), "customer.age")
    names = group_order(found)
    assert names == ["10 to 19.75", "19.75 to 29.5", "29.5 to 39.25", "39.25 to 49", MISSING]
    assert [int((found == name).sum()) for name in names] == [10, 10, 10, 10, 1]


def test_few_numbers_and_yes_and_no_are_groups_of_their_own() -> None:
    assert set(attribute_groups(data(children=[0.0, 1.0, 2.0] * 5), np.arange(15), "children")) == {"0", "1", "2"}
    found = attribute_groups(data(vip=[True, False, None]), np.arange(3), "vip")
    assert found.tolist() == ["yes", "no", MISSING]


def test_beyond_twelve_words_the_rarest_share_a_group() -> None:
    towns = [f"town{number:02d}" for number in range(20) for _ in range(20 - number)]
    found = attribute_groups(data(town=towns), np.arange(len(towns)), "town")
    assert len(set(found)) == 13
    assert (found == OTHERS).sum() == sum(20 - number for number in range(12, 20))
    assert group_order(found)[-1] == OTHERS


def test_attributes_of_actions_leave_holds_a_group_of_their_own() -> None:
    every = from_frames(**frames())
    rows = np.arange(len(every.contacts))
    found = attribute_groups(every, rows, "channel")
    held = (every.contacts["action_id"] == HOLD).to_numpy()
    assert set(found[held]) <= {HOLD}
    assert HOLD not in set(found[~held])
    assert not is_customer_attribute(every, "channel")


@pytest.mark.parametrize("name", ["customer_id", "at", "shoe_size"])
def test_keys_times_and_unknown_names_make_no_groups(name: str) -> None:
    with pytest.raises(InvalidInput, match=rf"no such attribute in `by`: `{name}`; use one of vip"):
        attribute_groups(data(vip=[True, False]), np.arange(2), name)
