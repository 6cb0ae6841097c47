import json

import numpy as np
import pytest
from scipy.special import expit

from heed.decisioning.catalogue import HOLD, Action
from heed.decisioning.score import Floats
from heed.training.errors import TrainingError
from heed.training.model.calibrators.action_offsets import ActionOffsets
from heed.training.model.calibrators.curve import straight_line
from heed.training.model.calibrators.families import FAMILIES
from heed.training.model.calibrators.pooled_calibration import PooledCalibration
from heed.training.model.calibrators.pooling_groups import encode_groups
from heed.training.model.calibrators.selection import SelectedCalibration, select_calibration
from tests.support.calibration_data import Campaign, bent, campaign, linear_sample

ACTIONS = [1500] * 12


def chosen(margin: Floats, label: np.ndarray, seed: int = 0) -> SelectedCalibration:
    """Of one action, each row a customer."""
    rows = len(margin)
    return select_calibration(
        margin, label, encode_groups(["mail"] * rows, [None] * rows, [None] * rows), np.arange(rows), seed
    )


def of_campaign(rows: Campaign, seed: int = 0) -> SelectedCalibration:
    return select_calibration(rows.margin, rows.label, encode_groups(*rows.names()), np.arange(len(rows.of)) // 3, seed)


def winner(found: SelectedCalibration) -> tuple[str, bool]:
    return found.record["chosen"]["family"], found.record["chosen"]["offsets"]


@pytest.mark.parametrize("seed", range(4))
def test_a_margin_that_is_true_already_is_left_as_it_is(seed: int) -> None:
    assert winner(chosen(*linear_sample(8_000, seed))) == ("identity", False)


@pytest.mark.parametrize("seed", range(4))
def test_a_straight_distortion_is_put_right_by_the_sigmoid(seed: int) -> None:
    found = chosen(*linear_sample(8_000, seed, slope=0.6, intercept=-0.5))
    assert winner(found) in {("sigmoid", False), ("beta", False)}
    assert found.calibration.log_odds(np.array([-2.0])) == pytest.approx([-1.7], abs=0.15)


def test_a_bend_is_put_right_by_a_freer_family() -> None:
    margin, _ = linear_sample(60_000, 1)
    label = np.random.default_rng(1).random(60_000) < expit(bent(margin))
    family, offsets = winner(chosen(margin, label))
    assert family in {"spline", "venn_abers", "isotonic"}
    assert not offsets


def test_actions_that_are_off_get_offsets_and_the_log_loss_falls() -> None:
    rows = campaign(1, ACTIONS, by_category=0.4, by_action=0.4)
    found = of_campaign(rows)
    assert winner(found)[1]
    by_plan = {(one["family"], one["offsets"]): one["log_loss"] for one in found.record["candidates"]}
    assert by_plan[("sigmoid", True)] < by_plan[("sigmoid", False)] - 1e-3
    said = [found.calibration.offsets.of(*rows.key(action)) for action in range(12)]
    assert np.corrcoef(said, rows.offset)[0, 1] > 0.9


@pytest.mark.parametrize("seed", range(3))
def test_actions_that_are_not_off_get_none(seed: int) -> None:
    found = of_campaign(campaign(seed, ACTIONS))
    assert not winner(found)[1]
    assert found.calibration.offsets == ActionOffsets()


@pytest.mark.parametrize("seed", range(2))
def test_actions_get_offsets_in_any_case_where_that_is_asked_for(seed: int) -> None:
    rows = campaign(seed, ACTIONS)
    pooling_groups, customer = encode_groups(*rows.names()), np.arange(len(rows.of)) // 3
    found = select_calibration(rows.margin, rows.label, pooling_groups, customer, seed, by_action=True)
    assert winner(found)[1]
    # They are as small as the rows say, which know of no difference.
    assert max(abs(found.calibration.offsets.of(*rows.key(action))) for action in range(12)) < 0.15
    assert {(one["family"], one["offsets"]) for one in found.record["candidates"]}.isdisjoint({("identity", False)})


def test_a_single_action_gets_no_offset_even_where_that_is_asked_for() -> None:
    margin, label = linear_sample(3_000, 3)
    pooling_groups = encode_groups(["mail"] * 3_000, [None] * 3_000, [None] * 3_000)
    found = select_calibration(margin, label, pooling_groups, np.arange(3_000), by_action=True)
    assert not winner(found)[1]


def test_what_is_chosen_is_what_the_rule_says_of_the_record() -> None:
    record = of_campaign(campaign(2, ACTIONS, by_action=0.3)).record
    tried = [one for one in record["candidates"] if one["log_loss"] is not None]
    first = next(one for one in tried if one["reason"].startswith("chosen"))
    assert (first["family"], first["offsets"]) == (record["chosen"]["family"], record["chosen"]["offsets"])
    before = [one for one in tried[: tried.index(first)] if not one["reason"].startswith("simpler, but clearly beaten")]
    assert before == []
    assert tried[0]["difference"] == 0.0
    assert all(one["standard_error"] > 0.0 for one in tried[1:])


def test_the_record_is_plain_json_and_names_every_family() -> None:
    record = chosen(*linear_sample(3_000, 3)).record
    assert json.loads(json.dumps(record)) == record
    assert {one["family"] for one in record["candidates"]} == {family.name for family in FAMILIES}
    assert (record["rows"], record["customers"], record["folds"]) == (3_000, 3_000, 5)


@pytest.mark.parametrize(
    ("rarer", "tried"),
    [
        (0, {"identity", "sigmoid"}),
        (59, {"identity", "sigmoid"}),
        (60, {"identity", "sigmoid", "beta"}),
        (200, {"identity", "sigmoid", "beta", "spline"}),
        (1000, {"identity", "sigmoid", "beta", "spline", "venn_abers", "isotonic"}),
    ],
)
def test_a_family_is_tried_only_with_enough_rows_of_the_rarer_class(rarer: int, tried: set[str]) -> None:
    generator = np.random.default_rng(0)
    label = generator.permutation(np.arange(4_000) < rarer)
    candidates = chosen(generator.normal(size=4_000) + label, label).record["candidates"]
    assert {one["family"] for one in candidates if one["log_loss"] is not None} == tried
    untried = [one["reason"] for one in candidates if one["log_loss"] is None]
    assert all(f"not tried: {rarer} rows of the rarer class where it needs" in reason for reason in untried)


def test_rows_of_one_customer_weigh_as_one_when_errors_are_told() -> None:
    margin, label = linear_sample(3_000, 4, slope=0.7)
    names = ["mail"] * 3_000, [None] * 3_000, [None] * 3_000
    once = select_calibration(margin, label, encode_groups(*names), np.arange(3_000))
    fourfold = [np.tile(one, 4) for one in (margin, label)]
    again = select_calibration(*fourfold, encode_groups(*(4 * name for name in names)), np.tile(np.arange(3_000), 4))
    errors = [one.record["candidates"][1]["standard_error"] for one in (once, again)]
    assert errors[1] == pytest.approx(errors[0], rel=0.05)


def test_the_same_rows_and_seed_give_the_same_choice_in_any_order() -> None:
    rows = campaign(3, [400] * 6, by_action=0.4)
    found, again = of_campaign(rows, seed=5), of_campaign(rows, seed=5)
    assert found.record == again.record
    assert found.calibration.to_dict() == again.calibration.to_dict()
    order = np.random.default_rng(1).permutation(len(rows.of))
    names = [kind[order] for kind in rows.names()]
    customers = (np.arange(len(rows.of)) // 3)[order]
    shuffled = select_calibration(rows.margin[order], rows.label[order], encode_groups(*names), customers, 5)
    assert winner(shuffled) == winner(found)
    shown = np.linspace(-6.0, 3.0, 20)
    assert shuffled.calibration.log_odds(shown) == pytest.approx(found.calibration.log_odds(shown), abs=1e-6)


def test_one_customer_leaves_nothing_to_compare_and_gets_the_sigmoid() -> None:
    margin, label = linear_sample(40, 0)
    names = ["mail"] * 40, [None] * 40, [None] * 40
    found = select_calibration(margin, label, encode_groups(*names), np.zeros(40, dtype=np.int64))
    assert winner(found) == ("sigmoid", False)
    assert "leave nothing to compare on" in found.record["candidates"][0]["reason"]


def test_two_customers_are_enough_to_compare_on() -> None:
    margin, label = linear_sample(60, 0)
    names = ["mail"] * 60, [None] * 60, [None] * 60
    record = select_calibration(margin, label, encode_groups(*names), np.arange(60) % 2).record
    assert record["folds"] == 2


def test_no_rows_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"no rows are left to calibrate on.*give more contacts"):
        chosen(np.empty(0), np.empty(0, dtype=bool))


@pytest.fixture
def pooled() -> PooledCalibration:
    offsets = ActionOffsets({"gift": 0.5}, {"mail": -0.25}, {"a": 0.125, HOLD: -1.0})
    return PooledCalibration(straight_line(0.8, -0.1), offsets)


def test_what_is_served_is_the_curve_plus_the_actions_offset(pooled: PooledCalibration) -> None:
    action = Action("a", "mail", "upsell", "gift", value=1.0, outcome="order", window_days=7.0)
    assert pooled.offset_of(action) == 0.375
    assert pooled.offset_of(None) == -1.0
    margin = np.array([-2.0, 0.0])
    assert pooled.log_odds(margin, 0.375) == pytest.approx([-1.325, 0.275])
    assert pooled.probability(margin, np.array([0.0, 0.1])) == pytest.approx(expit([-1.7, 0.0]))


def test_an_action_never_seen_starts_from_its_category_and_channel(pooled: PooledCalibration) -> None:
    new = Action("new", "mail", "upsell", "gift", value=1.0, outcome="order", window_days=7.0)
    stranger = Action("new", "fax", "upsell", "toys", value=1.0, outcome="order", window_days=7.0)
    assert (pooled.offset_of(new), pooled.offset_of(stranger)) == (0.25, 0.0)


def test_probabilities_are_never_0_or_1(pooled: PooledCalibration) -> None:
    told = pooled.probability(np.array([-1e9, 1e9]), 50.0)
    assert ((told > 0.0) & (told < 1.0)).all()


def test_a_calibration_comes_back_from_its_stored_form(pooled: PooledCalibration) -> None:
    found = of_campaign(campaign(4, ACTIONS, by_action=0.5)).calibration
    for one in (pooled, found):
        again = PooledCalibration.from_dict(json.loads(json.dumps(one.to_dict())))
        assert again.to_dict() == one.to_dict()
        assert again.offsets == one.offsets
