"""What a number of reviewers can look at, counted by hand and held against laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.errors import InvalidInput
from heed.training.certificate.capacity import act_flow, capacity_curve, capacity_point, recorded_flow
from tests.support.certified_model import eval_data

# Four days, six acts, two holds; the last day has no act.
CONFIDENCE = np.array([0.9, 0.5, 0.7, 0.5, 0.95, 0.8, 0.1, 0.99])
ACTS = np.array([True, True, True, True, True, True, False, False])
SHORTFALL = np.array([1.0, 4.0, 2.0, 3.0, 0.5, 1.5, 9.0, 9.0])
DAY = np.array([10, 10, 10, 11, 11, 12, 12, 13])
GIVEN = act_flow(CONFIDENCE, ACTS, SHORTFALL, DAY)


@pytest.mark.parametrize(
    ("a_day", "threshold", "reviews", "automated", "per_review"),
    [
        (0.0, 0.5, 0, 1.0, 0.0),
        (0.25, 0.5, 0, 1.0, 0.0),
        (0.5, 0.7, 2, 4 / 6, 3.5),
        (0.75, 0.8, 3, 3 / 6, 3.0),
        (1.25, 0.95, 5, 1 / 6, 11.5 / 5),
        (9.0, 1.0, 6, 0.0, 2.0),
    ],
    ids=["nobody", "too few for two alike", "two cases", "three cases", "all but the surest", "more people than acts"],
)
def test_the_least_sure_go_to_people_as_far_as_people_reach(a_day, threshold, reviews, automated, per_review):
    found = capacity_point(GIVEN, a_day)
    assert found.threshold == threshold
    assert found.reviews_a_day == reviews / 4 <= a_day
    assert found.acts_a_day == 6 / 4
    assert found.automated == pytest.approx(automated)
    assert found.per_review == pytest.approx(per_review)
    assert found.gained_a_day == pytest.approx(per_review * reviews / 4)
    assert found.caught == pytest.approx(per_review * reviews / 12.0)


def test_a_part_of_the_log_stands_for_the_whole():
    whole, part = GIVEN, act_flow(CONFIDENCE, ACTS, SHORTFALL, DAY, share=0.5)
    assert capacity_point(part, 1.0).threshold == capacity_point(whole, 0.5).threshold
    assert capacity_point(part, 1.0).reviews_a_day == 2 * capacity_point(whole, 0.5).reviews_a_day
    assert capacity_point(part, 1.0).busy_day == 2 * capacity_point(whole, 0.5).busy_day
    assert capacity_point(part, 1.0).per_review == capacity_point(whole, 0.5).per_review


def test_days_without_a_case_are_days():
    found = capacity_point(GIVEN, 0.5)
    assert found.busy_day == pytest.approx(np.quantile([1, 1, 0, 0], 0.9))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.41, 0.8, 1.0]), st.booleans(), st.floats(0, 10), st.integers(0, 9)),
             min_size=1, max_size=40),
    st.floats(0, 12), st.floats(0, 12),
)  # fmt: skip
def test_more_people_see_more_and_the_rule_of_the_policy_gives_them_those(decisions, one, other):
    confidence, acts, shortfall, day = (np.array(column) for column in zip(*decisions, strict=True))
    given = act_flow(confidence, acts, shortfall, day)
    few, many = (capacity_point(given, a_day) for a_day in sorted((one, other)))
    assert few.threshold <= many.threshold
    assert few.reviews_a_day <= many.reviews_a_day
    assert few.automated >= many.automated
    assert few.gained_a_day <= many.gained_a_day + 1e-9
    for found in (few, many):
        assert found.reviews_a_day <= found.capacity + 1e-12
        reviewed = acts & ~(confidence >= found.threshold)
        assert found.reviews_a_day == pytest.approx(reviewed.sum() / given.days)


def test_readings_go_from_nobody_to_people_for_every_act():
    found = capacity_curve(GIVEN, (0.6,))
    assert found[0].reviews_a_day == 0.0
    assert found[-1].automated == 0.0
    assert 0.6 in [one.capacity for one in found]
    assert [one.capacity for one in found] == sorted(one.capacity for one in found)


def test_recorded_moments_are_counted_by_their_days():
    found = recorded_flow(eval_data(), share=0.5)
    assert len(found.confidence) == eval_data().acts.sum()
    at = eval_data().data.contacts["at"].iloc[eval_data().rows]
    assert found.days == (at.max().floor("D") - at.min().floor("D")).days + 1
    assert capacity_point(found, 1e9).acts_a_day == pytest.approx(eval_data().acts.sum() / found.days / 0.5)


def test_what_cannot_be_read_is_refused():
    with pytest.raises(InvalidInput, match="a capacity cannot be negative in `capacity`: `-1"):
        capacity_point(GIVEN, -1.0)
    with pytest.raises(InvalidInput, match="no recorded decisions to compute a capacity from"):
        act_flow(*(one[:0] for one in (CONFIDENCE, ACTS, SHORTFALL, DAY)))
