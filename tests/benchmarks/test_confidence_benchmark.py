"""The benchmark's own arithmetic, held against known answers: coverage, stated against true, regret, cost."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t as student

from benchmarks.confidence import world_runs
from benchmarks.confidence.benchmark_results import benchmark_results
from benchmarks.confidence.confidence_calibration import (
    confidence_calibration,
    learn_trust,
    learned_trust,
    within_tolerance,
)
from benchmarks.confidence.confidence_tables import markdown, table
from benchmarks.confidence.cost import Cost, blocks, cost
from benchmarks.confidence.deciles import (
    Group,
    cluster_of,
    clustered_half,
    deciles,
    gap_by_chance,
    group,
    largest_gap,
)
from benchmarks.confidence.interval_calibration import coverage_row, fewest, interval_calibration, rarest, widening_rows
from benchmarks.confidence.regret import (
    best_single,
    gap,
    policy_worths,
    regret,
    relative_gap,
    review_order,
    review_orders,
)
from benchmarks.confidence.worlds import Intervals, WorldScores, dropped, earlier, out_of_range
from heed.decisioning.score import ConfidenceMap
from heed.training.evaluation.policy_choices import PolicyChoices
from heed.training.model.out_of_distribution import TrainingSupport
from tests.support.doubles import action

floats = st.lists(st.floats(-5.0, 5.0), min_size=2, max_size=30)


def spans(low, high, truth):
    count = len(truth)
    return Intervals(np.array(low), np.array(high), np.array(truth), np.arange(count))


def world(seed=1, moments=2_000, trust=None):
    """Two actions whose net value is known up to a coin: the first is best as often as the share of draws says."""
    draw = np.random.default_rng(seed)
    share = draw.uniform(0.1, 0.9, moments)
    first = draw.random(moments) < share
    worth = np.column_stack([np.where(first, 3.0, 1.0), np.where(first, 1.0, 3.0)])
    propensity = draw.uniform(0.1, 0.4, (moments, 2))
    uplift = propensity - 0.05
    made = PolicyChoices(
        actions=(action("post"), action("text")),
        propensity=propensity,
        low=propensity - 0.1,
        high=propensity + 0.1,
        hold=np.full(moments, 0.05),
        uplift=uplift,
        uplift_low=uplift - 0.1,
        uplift_high=uplift + 0.1,
        harm=np.full((moments, 2), 0.01),
        net_value=np.column_stack([1.0 + share, 2.0 - share]),
        chosen=np.zeros(moments, dtype=np.int64),
        confidence=share,
        shortfall=1.0 - share,
    )
    usual = Intervals(made.low[:, 0], made.high[:, 0], propensity[:, 0], np.arange(moments))
    return WorldScores(
        seed=seed,
        choices=made,
        admitted=np.ones((moments, 2), dtype=np.bool_),
        shares={0.5: share, 2.0: np.full(moments, 0.99)},
        trust=trust or ConfidenceMap(),
        cluster=cluster_of(seed, np.arange(moments)),
        propensity=propensity,
        uplift=uplift,
        harm=np.full((moments, 2), 0.02),
        worth=worth,
        signals=np.arange(moments),
        taught=np.array([500, 20]),
        strange={"as they are": usual, "strange": replace(usual, low=usual.low - 0.1, high=usual.high + 0.1)},
    )


def test_ends_of_an_interval_belong_to_it():
    found = coverage_row("all", spans([0.1, 0.2, 0.3], [0.2, 0.3, 0.4], [0.1, 0.3, 0.41]))
    assert (found.rows, found.share, found.width) == (3, pytest.approx(2 / 3), pytest.approx(0.1))


def test_only_the_intervals_picked_out_count():
    picked = np.array([True, False, True])
    assert coverage_row("some", spans([0.1, 0.2, 0.3], [0.2, 0.3, 0.4], [0.1, 0.9, 0.4]), picked).share == 1.0


def test_widths_are_compared_with_the_first_kind_of_customer():
    usual, wide = spans([0.4], [0.5], [0.45]), spans([0.3], [0.6], [0.45])
    as_is, strange = widening_rows({"as they are": usual, "strange": wide})
    assert (as_is.ratio, as_is.ratio_log_odds) == (1.0, 1.0)
    assert strange.ratio == pytest.approx(3.0)
    assert strange.ratio_log_odds == pytest.approx(np.log(0.6 / 0.4 / (0.3 / 0.7)) / np.log(1.0 / (0.4 / 0.6)))


def test_the_three_actions_with_the_least_contacts_are_rarest():
    assert rarest(np.array([9, 1, 5, 3, 7])).tolist() == [False, True, True, True, False]


def test_moments_with_as_few_signals_as_the_poorest_tenth_are_poorest():
    assert fewest(np.array([0, 0, 0, *range(1, 18)])).tolist() == [True] * 3 + [False] * 17


def test_only_events_of_the_same_person_before_the_moment_count():
    who, at = np.array([0, 0, 1, 2]), np.array([10, 20, 20, 5])
    whose, when = np.array([0, 0, 1, 0, 1]), np.array([5, 10, 19, 30, 21])
    assert earlier(who, at, whose, when).tolist() == [1, 2, 1, 0]


def test_values_leave_the_range_by_its_width_in_the_named_columns_only():
    seen = TrainingSupport(
        np.array([0.0, 1.0]), np.array([2.0, 4.0]), np.array([False, False]), np.ones(2), 2.0, 0, np.ones(2)
    )
    matrix = np.array([[1.0, 2.0]])
    assert out_of_range(matrix, np.array([1]), seen).tolist() == [[1.0, 7.0]]
    assert np.isnan(dropped(matrix, np.array([0]))).tolist() == [[True, False]]
    assert matrix.tolist() == [[1.0, 2.0]]


def test_the_interval_of_independent_values_is_students():
    values = np.random.default_rng(0).standard_normal(400)
    expected = student.ppf(0.975, 399) * values.std(ddof=1) / 20.0
    assert clustered_half(values, np.arange(400)) == pytest.approx(expected)


@given(floats)
def test_moments_told_twice_are_no_further_evidence(drawn):
    values = np.array(drawn)
    whose = np.arange(len(values))
    twice = clustered_half(np.repeat(values, 2), np.repeat(whose, 2))
    assert twice == pytest.approx(clustered_half(values, whose), abs=1e-9)


def test_an_interval_is_no_narrower_than_the_worlds_show():
    values = np.repeat([0.0, 1.0, 2.0], 1_000)
    worlds = np.concatenate([cluster_of(seed, np.arange(1_000)) for seed in (1, 2, 3)])
    assert clustered_half(values, worlds) == pytest.approx(student.ppf(0.975, 2) * np.sqrt(1.0 / 3.0))


def test_one_customer_tells_nothing_of_others():
    assert clustered_half(np.array([1.0, 2.0]), np.array([7, 7])) == np.inf


def test_tenths_of_too_few_rows_are_left_out():
    stated = np.concatenate([np.full(95, 0.2), np.full(5, 0.9)])
    found = deciles(stated, np.full(100, 0.5), np.arange(100), least=10)
    assert [(one.rows, one.gap) for one in found] == [(95, pytest.approx(-0.3))]


def test_few_rows_make_fewer_groups():
    stated = np.arange(60.0) / 60.0
    assert [one.rows for one in deciles(stated, stated, np.arange(60), least=20)] == [20, 20, 20]
    assert [one.rows for one in deciles(stated, stated, np.arange(60), least=500)] == [60]


def test_the_largest_gap_may_lie_on_either_side():
    groups = [Group("1", 9, 0.5, 0.4, 0.1), Group("2", 9, 0.5, 0.7, 0.1)]
    assert largest_gap(groups).name == "2"


def test_one_true_statement_is_off_by_chance_as_a_normal_is():
    one = Group("1", 9, 0.5, 0.5, 1.959963984540054 * 0.02)
    assert gap_by_chance([one]) == pytest.approx(0.02 * np.sqrt(2.0 / np.pi), rel=0.05)


def test_a_group_tells_both_means_and_their_difference():
    found = group("1", np.array([0.2, 0.4]), np.array([0.0, 1.0]), np.array([0, 1]))
    assert (found.stated, found.true, found.gap) == (pytest.approx(0.3), 0.5, pytest.approx(-0.2))


def test_constants_are_found_again_that_the_truth_was_drawn_by():
    draw = np.random.default_rng(0)
    margin = draw.normal(0.0, 1.5, 60_000)
    room = draw.random(60_000)
    right = draw.random(60_000) < expit(0.6 * margin - 0.2 + 0.9 * room)
    found = learn_trust(expit(margin), room, right)
    assert (found.slope, found.intercept) == (pytest.approx(0.6, abs=0.03), pytest.approx(-0.2, abs=0.05))
    assert found.leeway == pytest.approx(0.9, abs=0.06)


def test_shares_of_none_and_of_all_draws_can_be_learnt_from():
    share = np.repeat([0.0, 1.0, 0.5], 100)
    right = np.arange(300) % 10 < np.repeat([1, 9, 5], 100)
    found = learn_trust(share, np.tile([0.2, 0.4], 150), right)
    assert 0.0 < found.slope < 1.0


def test_true_shares_teach_to_leave_them_alone_in_every_world():
    worlds = [replace(world(seed, 20_000), shares={}) for seed in (1, 2)]
    found = learned_trust(worlds)
    np.testing.assert_allclose(worlds[0].stated(1.0, found.trust), worlds[0].choices.confidence, atol=0.02)
    assert max(abs(one.gap) for one in found.left_out) < 0.04
    ((tolerance, groups),) = found.left_out_tenths
    assert (tolerance, len(groups)) == (1.0, 10)
    assert max(abs(one.gap) for one in groups) < 0.03


def test_every_tolerance_teaches_and_is_judged():
    found = learned_trust([world(seed, 4_000) for seed in (1, 2)])
    assert [tolerance for tolerance, _ in found.left_out_tenths] == [1.0, 0.5, 2.0]
    alone = learned_trust([replace(world(seed, 4_000), shares={}) for seed in (1, 2)])
    assert found.trust != alone.trust


def test_one_world_alone_has_no_others_to_be_judged_by():
    found = learned_trust([world(1, 20_000)])
    assert (found.left_out, found.left_out_tenths) == ((), ())
    assert found.by_world == (found.trust,)


def test_true_shares_show_no_gap_and_a_doubtful_map_of_them_does():
    honest, doubtful = (
        confidence_calibration([world(1, 20_000, trust)]) for trust in (ConfidenceMap(), ConfidenceMap(0.1, 0.0))
    )
    assert max(abs(one.gap) for one in honest.tenths) < 0.03
    assert abs(doubtful.worlds[-1].worst.gap) > 0.2
    assert doubtful.share_tenths == honest.share_tenths


def test_confidence_is_held_against_each_tolerance_by_what_is_right_within_it():
    close, wide = confidence_calibration([world(1, 20_000)]).others
    assert (close[0], wide[0]) == (0.5, 2.0)
    assert max(abs(one.gap) for one in close[1]) < 0.03
    assert [one.true for one in wide[1]] == [1.0] * len(wide[1])


def test_a_choice_within_the_tolerance_of_the_best_is_right():
    one = world(moments=3)
    worth = np.array([[1.0, 2.0], [1.0, 2.1], [-1.1, -2.0]])
    assert within_tolerance(replace(one, worth=worth)).tolist() == [True, False, False]


def test_regret_is_what_the_best_is_worth_more_hold_included():
    truth = np.array([[1.0, 3.0], [-1.0, -2.0], [-1.0, 2.0]])
    assert regret(truth, np.array([0, 0, -1])).tolist() == [2.0, 1.0, 2.0]


def test_what_is_not_admissible_is_no_pair_no_rival_and_no_regret():
    plain = world(moments=2_000)
    barred = np.ones((2_000, 2), dtype=np.bool_)
    barred[:1_000, 1] = False
    one = replace(plain, admitted=barred, worth=np.where(barred, plain.worth, -np.inf))
    found = interval_calibration([one]).propensity
    assert (found[0].name, found[0].rows) == ("all", 3_000)
    assert (found[-1].name, found[-1].rows) == ("what is not admissible", 1_000)
    assert within_tolerance(one)[:1_000].all()
    ways = {each.name: each for each in policy_worths([one])}
    assert ways["heed"].regret < ways["heed"].value
    assert np.isfinite([each.value for each in ways.values()]).all()
    assert {each.name for each in review_orders([one])} == {each.name for each in review_orders([plain])}


def test_what_is_said_of_a_world_is_kept_and_taken_from_where_it_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(world_runs, "taught", lambda seed, customers: (seed, customers))
    monkeypatch.setattr(world_runs, "score_world", lambda seed, customers: world(seed, customers))
    first = world_runs.one_world(3, 700, tmp_path / "kept")
    monkeypatch.setattr(world_runs, "score_world", lambda *_: pytest.fail("it was done before"))
    again = world_runs.one_world(3, 700, tmp_path / "kept")
    np.testing.assert_array_equal(again.worth, first.worth)
    assert again.seed == 3


def test_the_second_best_may_be_to_hold():
    values = np.array([[4.0, 1.0], [4.0, -1.0], [-2.0, -4.0], [0.0, 0.0]])
    assert gap(values).tolist() == [3.0, 4.0, 2.0, 0.0]
    assert relative_gap(values).tolist() == [0.75, 1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("truth", "best"),
    [([[1.0, 2.0], [1.0, 1.0]], 1), ([[-1.0, -2.0], [-1.0, 1.0]], -1)],
    ids=["the action worth the most", "hold where every action loses on the average"],
)
def test_the_best_single_choice_is(truth, best):
    assert best_single(np.array(truth)) == best


def test_the_ideal_order_is_all_of_the_way_and_an_order_that_knows_nothing_none():
    lost = np.arange(100.0)
    ideal, nothing, worst = (
        review_order("", -lost, lost),
        review_order("", np.zeros(100), lost),
        review_order("", lost, lost),
    )
    assert (ideal.captured, nothing.captured, nothing.area) == (pytest.approx(1.0), pytest.approx(0.0), 1.0)
    assert worst.area > 1.0 > ideal.area
    assert ideal.regrets[-1] == worst.regrets[-1] == pytest.approx(49.5)
    assert ideal.regrets[0] == pytest.approx(4.5)


def test_nothing_beats_the_best_possible_and_regret_is_what_is_missing():
    found = {one.name: one for one in policy_worths([world(), world(2)])}
    best = found["the best possible"]
    assert best.value == pytest.approx(3.0)
    assert (best.regret, best.near) == (0.0, 1.0)
    assert all(one.value + one.regret == pytest.approx(best.value) for one in found.values())
    assert (found["hold for all"].holds, found["hold for all"].value) == (1.0, 0.0)


def test_orders_by_true_confidence_lie_between_chance_and_the_ideal():
    found = {one.name: one for one in review_orders([world()])}
    assert found["ideal"].area < found["confidence"].area < found["random"].area == pytest.approx(1.0)


def test_cost_is_a_ratio_of_medians_and_every_block_has_its_turn():
    seen: list[float] = []
    rows = blocks(np.arange(12.0).reshape(6, 2), 2)
    found = cost("", lambda one: seen.append(one[0, 0]), lambda _: None, rows, rows, 3)
    assert seen == [0.0, 0.0, 4.0, 8.0]
    assert Cost("", 2.0, 3.0).ratio == 1.5
    assert found.point > 0.0


def test_a_rest_of_rows_makes_no_block():
    assert [len(one) for one in blocks(np.zeros((7, 1)), 3)] == [3, 3]


def test_all_tables_are_told_with_the_constants_where_they_were_asked_for():
    worlds = [world(seed) for seed in (11, 12)]
    told = markdown(benchmark_results(worlds, [Cost("20 rows", 10.0, 15.0)], learn=True))
    assert "| 20 rows | 10 | 15 | 1.50 |" in told
    assert "| hold for all | 0.0000 ± 0.0000 | 3.0000 | 100.0% | 0.0% |" in told
    assert "| world 12 alone |" in told
    assert "alone" not in markdown(benchmark_results(worlds, []))


def test_a_table_has_a_cell_under_every_head():
    assert table(["a", "b"], [["c", "1"]]) == "| a | b |\n| --- | ---: |\n| c | 1 |"
