from dataclasses import replace

import numpy as np
import pytest

from heed.training.evaluation.gates.champion_scores import score_champion
from heed.training.evaluation.gates.leak_detection import Leak
from heed.training.evaluation.gates.model_evaluation import evaluate, evaluate_metrics
from heed.training.evaluation.gates.promotion_gates import (
    ChampionScores,
    base_rate_gate,
    calibration_error_gate,
    calibration_slope_gate,
    champion_gate,
    leak_gate,
)
from heed.training.evaluation.metrics.probability_scores import HoldoutPredictions, compute_metrics
from heed.training.features.feature import Feature, FeatureKind, FeatureSource
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.split import Part
from tests.support.small_model import bundle, card, prepared

ROWS = 6_000


def truth(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    propensity = 1.0 / (1.0 + np.exp(-generator.normal(-2.0, 0.8, ROWS)))
    return propensity, generator.random(ROWS) < propensity


def bent(propensity: np.ndarray, slope: float = 1.0, shift: float = 0.0) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-(slope * np.log(propensity / (1 - propensity)) + shift)))


def test_a_model_that_tells_the_truth_passes() -> None:
    propensity, label = truth()
    found = evaluate_metrics(HoldoutPredictions(propensity, label, np.full(ROWS, "mail"), 0.15), seed=0)
    assert [gate.name for gate in found.gates if gate.passed] == ["calibration_error", "calibration_slope", "base_rate"]
    assert found.passed


def test_a_model_that_promises_too_much_fails_on_its_calibration_error() -> None:
    propensity, label = truth()
    stated = bent(propensity, shift=0.7)
    gate = calibration_error_gate(compute_metrics(stated, label, 0.15), stated, 0)
    assert not gate.passed
    assert gate.value > gate.bound
    assert "is allowed" in gate.sentence


@pytest.mark.parametrize(("slope", "bound"), [(3.0, 0.80), (0.3, 1.25)], ids=["too bold", "too timid"])
def test_a_model_too_bold_or_too_timid_fails_on_its_slope(slope: float, bound: float) -> None:
    propensity, label = truth()
    gate = calibration_slope_gate(compute_metrics(bent(propensity, slope), label, 0.15))
    assert (gate.passed, gate.bound) == (False, bound)


def test_a_slope_that_cannot_be_told_does_not_fail() -> None:
    assert calibration_slope_gate(compute_metrics(np.full(50, 0.1), np.arange(50) == 0, 0.1)).passed


def test_a_model_worse_than_one_number_for_all_fails() -> None:
    propensity, label = truth()
    turned = propensity[::-1]
    gate = base_rate_gate(turned, label, float(label.mean()))
    assert not gate.passed
    assert "worse than the base rate" in gate.sentence


@pytest.mark.parametrize(
    ("rival", "said"),
    [
        (None, "There is no champion yet."),
        (ChampionScores("3", None, "it predicts `visit`."), "Champion 3 cannot be compared: it"),
    ],
    ids=["no champion", "no comparison"],
)
def test_without_a_comparison_the_champion_gate_is_open_and_says_why(rival: ChampionScores | None, said: str) -> None:
    gate = champion_gate(*truth(), rival)
    assert gate.passed
    assert said in gate.sentence


@pytest.mark.parametrize(
    ("own", "other", "passed"),
    [(1.0, 1.0, True), (1.0, 2.5, True), (2.5, 1.0, False)],
    ids=["equal to the champion", "better than the champion", "worse than the champion"],
)
def test_the_champion_is_not_replaced_by_a_worse_model(own: float, other: float, *, passed: bool) -> None:
    propensity, label = truth()
    gate = champion_gate(
        bent(propensity, own), label, ChampionScores("7", bent(propensity, other), "It was split otherwise.")
    )
    assert gate.passed is passed
    assert "champion 7" in gate.sentence
    assert gate.sentence.endswith("It was split otherwise.")


def test_a_little_worse_than_the_champion_by_chance_is_no_reason_to_fail() -> None:
    propensity, label = truth(4)
    generator = np.random.default_rng(1)
    shaken = [bent(propensity, shift=generator.normal(0.0, 0.01, ROWS)) for _ in range(20)]
    gates = [champion_gate(one, label, ChampionScores("1", propensity)) for one in shaken]
    assert sum(gate.passed for gate in gates) >= 15


def test_a_leak_closes_its_gate_and_is_quoted() -> None:
    gate = leak_gate([Leak("customer.y", "`customer.y` is named like the outcome.")])
    assert not gate.passed
    assert "`customer.y` is named like the outcome. Exclude it" in gate.sentence


def test_an_evaluation_is_json_with_null_for_what_cannot_be_told() -> None:
    label = np.zeros(40, bool)
    found = evaluate_metrics(
        HoldoutPredictions(np.full(40, 0.1), label, np.repeat(["mail", "hold"], 20), 0.1), seed=0
    ).to_dict()
    assert found["overall"]["auc"] is None
    assert found["overall"]["slope_error"] is None
    assert set(found["by_action"]) == {"hold", "mail"}
    assert found["by_action"]["mail"]["rows"] == 20


def test_a_whole_evaluation_has_five_gates() -> None:
    data = prepared()
    sealed = data.samples[Part.TEST]
    judged = HoldoutPredictions(bundle().score_frame(sealed.matrix)[0], sealed.label, data.action(Part.TEST), 0.05)
    found = evaluate(judged, data.samples[Part.FIT], data.schema, data.outcome, None, 0)
    assert [gate.name for gate in found.gates] == [
        "calibration_error", "calibration_slope", "base_rate", "champion", "leaks",
    ]  # fmt: skip
    assert set(found.by_action) == set(data.action(Part.TEST))


def scores_of_champion(**changed):
    data = prepared()
    model = replace(bundle(), card=card(seed=0, split="customer"), **changed)
    return score_champion(model, "4", data.data, data.contacts(Part.TEST), data.outcome, 0, "customer")


def test_the_champion_is_asked_about_the_very_same_rows() -> None:
    answer = scores_of_champion()
    assert np.array_equal(answer.propensity, bundle().score_frame(prepared().samples[Part.TEST].matrix)[0])
    assert answer.note == ""


@pytest.mark.parametrize(("seed", "split"), [(1, "customer"), (0, "time")], ids=["other seed", "other split"])
def test_a_champion_split_otherwise_is_compared_with_a_caveat(seed: int, split: str) -> None:
    data = prepared()
    model = replace(bundle(), card=card(seed=seed, split=split))
    answer = score_champion(model, "4", data.data, data.contacts(Part.TEST)[:50], data.outcome, 0, "customer")
    assert answer.propensity is not None
    assert "may have been fitted on some of these rows" in answer.note


def test_a_champion_of_another_outcome_or_attribute_says_why_it_cannot_answer() -> None:
    other = scores_of_champion(outcome="visit")
    assert (other.propensity, other.note) == (None, "it predicts `visit`.")
    unknown = FeatureSchema((Feature("customer.shoe_size", FeatureKind.NUMERIC, FeatureSource.CUSTOMER, "shoe_size"),))
    assert "uses `customers.shoe_size`, which is not in these data" in scores_of_champion(schema=unknown).note
