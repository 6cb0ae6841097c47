"""The benchmark's own arithmetic, held against known answers: who trains, what a policy is worth, how sure that is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import sem

from benchmarks.quality.clustered_estimates import (
    Estimate,
    WeightedRows,
    clustered_mean,
    gains,
    jackknife,
    normalised_gain,
    normalised_rate,
    one_hot,
    rates,
)
from benchmarks.quality.datasets import customer_subset, load_dataset
from benchmarks.quality.peer_environment import PeerEnvironment
from benchmarks.quality.quality_tables import markdown
from benchmarks.quality.rounds import best_single, choose_by_net_value, uniform_policy
from benchmarks.quality.scores import DatasetScores, PolicyScores, ProbabilityScores
from benchmarks.quality.simulated_world import simulate
from benchmarks.quality.tasks import PeerAnswer, PeerTask, load_answer, load_task, save_answer, save_task
from benchmarks.quality.train_test_split import group_codes, in_training
from heed.training.adapters.registry import adapter
from heed.training.contract.engagement_io import from_frames
from tests.support.contract_frames import frames
from tests.support.public_datasets import voter_rows

VALUE, COST = np.array([10.0, 4.0]), np.array([1.0, 0.5])
HOLD = 2
chances = st.floats(0.05, 1.0)


def weighing(choice, taken, label, logged):
    return WeightedRows(
        one_hot(np.array(choice), HOLD), np.array(taken), np.array(label), np.array(logged), VALUE, COST
    )


def people(count, each=3):
    return pd.Series(np.repeat([f"c{number}" for number in range(count)], each))


def test_all_rows_of_a_group_train_or_none():
    groups = people(400)
    assert pd.Series(in_training(groups, 0)).groupby(groups).nunique().eq(1).all()


def test_about_three_quarters_train():
    assert in_training(people(4_000, each=1), 0).mean() == pytest.approx(0.75, abs=0.03)


def test_another_seed_divides_otherwise_and_the_same_one_alike():
    groups = people(400)
    assert (in_training(groups, 0) == in_training(groups, 0)).all()
    assert 0.2 < (in_training(groups, 0) != in_training(groups, 1)).mean() < 0.6


def test_who_trains_depends_on_the_name_and_not_on_the_place():
    groups = people(100)
    assert in_training(groups[::-1], 3)[::-1].tolist() == in_training(groups, 3).tolist()


def test_the_number_of_a_group_is_the_same_wherever_it_comes_up():
    assert (
        group_codes(pd.Series(["b", "a", "b"])).tolist() == group_codes(pd.Series(["a", "b", "c"]))[[1, 0, 1]].tolist()
    )


def test_the_error_of_single_rows_is_the_standard_error_of_the_mean():
    values = np.random.default_rng(0).normal(size=50)
    found = clustered_mean([values], [np.arange(50)])
    assert (found.value, found.error) == pytest.approx((values.mean(), sem(values)))


@given(st.lists(st.floats(-10, 10), min_size=3, max_size=20), st.integers(2, 5))
def test_saying_everything_again_makes_nothing_surer(values, times):
    once = clustered_mean([np.array(values)], [np.arange(len(values))])
    again = clustered_mean([np.tile(values, times)], [np.tile(np.arange(len(values)), times)])
    assert (again.value, again.error) == pytest.approx((once.value, once.error), abs=1e-9)


def test_the_same_people_in_two_seeds_count_once():
    values, who = np.random.default_rng(1).normal(size=40), np.arange(40)
    assert clustered_mean([values, values], [who, who]).error == pytest.approx(sem(values))


def test_other_people_in_another_seed_make_it_surer():
    values, who = np.random.default_rng(1).normal(size=40), np.arange(40)
    assert clustered_mean([values, values], [who, who + 40]).error < 0.75 * sem(values)


def test_an_error_is_never_less_than_the_seeds_show():
    steady = [np.full(100, 1.0), np.full(100, 3.0)]
    assert clustered_mean(steady, [np.arange(100)] * 2).error == pytest.approx(1.0)


def test_the_jackknife_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(2).normal(size=25)
    found = jackknife(lambda _, kept: float(values[kept].mean()), [np.arange(25)])
    assert (found.value, found.error) == pytest.approx((values.mean(), sem(values)))


def test_the_interval_has_1_96_errors_on_either_side():
    assert (Estimate(1.0, 0.5).low, Estimate(1.0, 0.5).high) == pytest.approx((0.02, 1.98), abs=1e-4)


def test_a_gain_is_value_less_cost_where_done_and_less_value_where_it_happened_anyway():
    rows = weighing(
        [0, 0, 0, 1, HOLD], [0, HOLD, 1, HOLD, 0], [True, True, True, False, True], [0.5, 0.25, 0.2, 0.5, 1]
    )
    assert gains(rows).tolist() == [(10 - 1) / 0.5, -10 / 0.25, 0.0, 0.0, 0.0]
    assert rates(rows).tolist() == [2.0, 0.0, 0.0, 0.0, 0.0]


@given(st.tuples(chances, chances, chances), st.tuples(*[st.booleans()] * 3), st.tuples(chances, chances, chances))
def test_over_all_that_could_have_been_done_the_estimates_are_the_truth(policy, happens, weights):
    logged, chance = np.array(weights) / sum(weights), np.array(policy) / sum(policy)
    every = replace(weighing([0] * 3, [0, 1, HOLD], list(happens), logged), chance=np.tile(chance, (3, 1)))
    outcome = np.array(happens, dtype=float)
    worth = VALUE * (outcome[:HOLD] - outcome[HOLD]) - COST
    assert logged @ gains(every) == pytest.approx(chance[:HOLD] @ worth)
    assert logged @ rates(every) == pytest.approx(chance @ outcome)


def test_any_action_at_random_is_an_allowed_one_or_hold_where_there_is_none():
    allowed = np.array([[True, True], [False, True], [False, False]])
    assert uniform_policy(allowed).tolist() == [[0.5, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]


def test_weights_that_sum_to_one_know_a_constant_outcome_exactly():
    generator = np.random.default_rng(3)
    taken, choice = generator.integers(0, 3, 200), generator.integers(0, 2, 200)
    rows = weighing(choice, taken, np.ones(200, dtype=bool), generator.uniform(0.1, 0.9, 200))
    kept = np.ones(200, dtype=bool)
    assert normalised_rate(rows, kept) == pytest.approx(1.0)
    free = replace(rows, value=np.ones(2), cost=np.zeros(2))
    assert normalised_gain(free, kept) == pytest.approx(0.0, abs=1e-12)


def test_holding_for_all_gains_nothing():
    rows = weighing([HOLD] * 4, [0, 1, HOLD, HOLD], [True] * 4, [0.5] * 4)
    assert (gains(rows).any(), normalised_gain(rows, np.ones(4, dtype=bool))) == (False, 0.0)


def test_self_normalised_and_plain_gain_agree_on_a_large_trial():
    generator = np.random.default_rng(4)
    taken = generator.integers(0, 3, 60_000)
    choice = generator.integers(0, 3, 60_000)
    happened = generator.random(60_000) < np.array([0.5, 0.3, 0.2])[taken]
    rows = weighing(choice, taken, happened, np.full(60_000, 1 / 3))
    truth = ((10 * 0.3 - 1) + (4 * 0.1 - 0.5)) / 3
    kept = np.ones(60_000, dtype=bool)
    assert (gains(rows).mean(), normalised_gain(rows, kept)) == pytest.approx((truth, truth), abs=0.1)


@pytest.mark.parametrize(
    ("uplift", "allowed", "expected"),
    [
        ([0.2, 0.9], [True, True], 1),
        ([0.2, 0.2], [True, True], 0),
        ([0.2, 0.9], [True, False], 0),
        ([0.05, 0.1], [True, True], HOLD),
        ([0.9, 0.9], [False, False], HOLD),
    ],
    ids=["the greatest net value", "value counts", "not what is not allowed", "no cost for nothing", "nothing allowed"],
)
def test_choosing_takes(uplift, allowed, expected):
    assert choose_by_net_value(np.array([uplift]), np.array([allowed]), VALUE, COST).tolist() == [expected]


@pytest.fixture(scope="module")
def world():
    return load_dataset("simulator", 0, {}, 2_200)


def test_what_was_done_in_the_simulator_was_allowed(world):
    acted = world.taken < world.allowed.shape[1]
    assert acted.any()
    assert world.allowed[acted, world.taken[acted]].all()


def test_the_truth_of_the_simulator_is_about_what_was_done():
    played = simulate(1, 2_200)
    rate = played.propensity()
    happened = (played.played.truth["converted_at"] < np.iinfo(np.int64).max).to_numpy()
    assert happened.mean() == pytest.approx(rate.mean(), abs=4 * np.sqrt(rate.mean() / len(rate)))
    assert not played.worth(0.0)[:, -1].any()


def test_what_happened_in_the_test_rows_has_no_say_in_the_best_single_action(world):
    otherwise = replace(world)
    otherwise.label[~world.training] ^= True
    assert best_single(otherwise) == best_single(world)
    assert otherwise.label.sum() > world.label.sum()


def test_voters_of_one_block_stay_together_and_only_the_outcome_counts(tmp_path):
    voter_rows().to_csv(tmp_path / "x", index=False)
    voters = load_dataset("social_pressure", 0, {"social_pressure": adapter("social_pressure")(tmp_path)}, None)
    assert pd.Series(voters.groups).nunique() == 2
    assert {(action.value, action.cost) for action in voters.catalogue.actions} == {(1.0, 0.0)}
    assert voters.design.tolist() == pytest.approx([5 / 9, *[1 / 9] * 4])
    assert voters.randomised


def test_training_data_knows_nothing_of_other_customers():
    data = from_frames(**frames())
    kept = customer_subset(data, {"c01", "c02"})
    assert {name: set(frame["customer_id"]) for name, frame in kept.tables() if name != "actions"} == {
        name: {"c01", "c02"} for name in ("customers", "signals", "contacts", "outcomes")
    }
    assert len(kept.actions) == len(data.actions)


def test_tasks_and_answers_survive_their_files(tmp_path):
    task = PeerTask(
        np.eye(2), np.ones((1, 2)), np.array([True, False]), np.arange(2), np.array([1]), np.arange(2), np.array([0.5]),
        np.array(7),
    )  # fmt: skip
    save_task(task, tmp_path / "task.npz")
    again = load_task(tmp_path / "task.npz")
    assert (again.train.tolist(), again.columns, again.random_state) == ([[1.0, 0.0], [0.0, 1.0]], [1], 7)
    save_answer(PeerAnswer({"tuned, isotonic": np.array([0.25])}, {"tuned, isotonic": 1.5}), tmp_path / "answer.npz")
    answer = load_answer(tmp_path / "answer.npz")
    assert answer.said["tuned, isotonic"].tolist() == [0.25]
    assert answer.seconds == {"tuned, isotonic": 1.5}


def test_peers_remember_what_they_answered_to_the_same_question_and_are_asked_another(tmp_path, monkeypatch):
    asked = []

    def answer(command, **_):
        asked.append(command[3])
        save_answer(PeerAnswer({"one": np.array([0.5])}, {"one": 1.0}), Path(command[-1]))

    monkeypatch.setattr("benchmarks.quality.peer_environment.subprocess.run", answer)
    peers = PeerEnvironment(Path("python"), tmp_path)
    task, other = PeerTask(*[np.arange(3)] * 8), PeerTask(*[np.arange(4)] * 8)
    for kind, question in (("learners", task), ("learners", task), ("learners", other), ("probabilities", task)):
        assert peers.ask(kind, question).said["one"].tolist() == [0.5]
    assert asked == ["learners", "learners", "probabilities"]


def test_the_same_task_makes_the_same_file(tmp_path):
    task = PeerTask(*[np.arange(3)] * 8)
    for name in ("a.npz", "b.npz"):
        save_task(task, tmp_path / name)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def told(method, loss, gain):
    one, apart = Estimate(loss, 0.001), Estimate(-0.01, 0.001)
    policy = PolicyScores(
        method, 0.5, one, one, Estimate(gain, 0.1), Estimate(gain, 0.1), apart, apart, None, None, None, 2.0
    )
    return ProbabilityScores(method, one, one, one, 0.02, apart, apart, apart, None, 2.0), policy


def test_the_summary_names_the_best_peers_and_how_heed_differs():
    pairs = [told("weak", 0.5, 2.0), told("strong", 0.4, 1.0), told("heed", 0.3, 3.0)]
    said, choices = zip(*pairs, strict=True)
    line = next(
        line for line in markdown([DatasetScores("trial", 5, 100, said, choices)]).splitlines() if "trial" in line
    )
    assert line == (
        "| trial | strong | -0.01000 (-0.01196 to -0.00804) | strong | -0.0100 (-0.0120 to -0.0080) "
        "| weak | -0.0100 (-0.0120 to -0.0080) |"
    )
