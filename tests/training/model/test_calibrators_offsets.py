import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit

from heed.training.errors import TrainingError
from heed.training.model.calibrators.action_offsets import ActionOffsets, fit_offsets
from heed.training.model.calibrators.curve import Curve, straight_line
from heed.training.model.calibrators.logistic_regression import bin_rows
from heed.training.model.calibrators.mixed_effects import fit_mixed_effects
from heed.training.model.calibrators.pooling_groups import encode_groups
from heed.training.model.calibrators.sigmoid import fit_sigmoid
from tests.support.calibration_data import Campaign, campaign

# Ten actions of 20 rows each, twenty of many.
SIZES = [20] * 10 + [300 + 150 * place for place in range(20)]


def pooled(rows: Campaign) -> tuple[Curve, ActionOffsets]:
    return fit_offsets(fit_sigmoid(rows.margin, rows.label), rows.margin, rows.label, rows.pooling_groups())


def told(rows: Campaign) -> np.ndarray:
    """What is said of each action beyond its margin, at the usual margin, shape (actions,)."""
    curve, offsets = pooled(rows)
    centre = np.array([rows.margin.mean()])
    level = float((curve(centre) - centre)[0])
    return np.array([level + offsets.of(*rows.key(action)) for action in range(len(rows.offset))])


def alone(rows: Campaign) -> np.ndarray:
    """The same with no pooling: each action's own shift, held finite by half a case of either class."""
    shifts = []
    for action in range(len(rows.offset)):
        mine = rows.of == action
        hits = rows.label[mine].sum() + 0.5
        expected = expit(rows.margin[mine]).sum() + 0.5
        rest = mine.sum() + 1.0
        shifts.append(np.log(hits / (rest - hits)) - np.log(expected / (rest - expected)))
    return np.array(shifts)


def off(said: np.ndarray, rows: Campaign, *, few: bool) -> float:
    """Root mean square error over the actions of few, or of many, rows."""
    mine = np.array(SIZES) == 20
    return float(np.sqrt(np.mean((said - rows.offset)[mine if few else ~mine] ** 2)))


@pytest.mark.parametrize("few", [True, False], ids=["actions of 20 rows", "actions of many rows"])
def test_pooling_is_closer_to_the_truth_than_no_pooling_and_than_one_for_all(*, few: bool) -> None:
    worlds = [campaign(seed, SIZES, by_category=0.5, by_action=0.2) for seed in range(5)]
    partly = np.mean([off(told(rows), rows, few=few) for rows in worlds])
    none = np.mean([off(alone(rows), rows, few=few) for rows in worlds])
    complete = np.mean([off(np.full(30, told_to_all(rows)), rows, few=few) for rows in worlds])
    assert partly < 0.9 * none
    assert partly < 0.8 * complete


def told_to_all(rows: Campaign) -> float:
    centre = np.array([rows.margin.mean()])
    return float((fit_sigmoid(rows.margin, rows.label)(centre) - centre)[0])


def test_where_actions_do_not_differ_offsets_all_but_vanish() -> None:
    found = [pooled(campaign(seed, SIZES))[1] for seed in range(6)]
    largest = [max(map(abs, one.action.values())) for one in found]
    assert np.median(largest) == 0.0
    assert max(largest) < 0.2


def test_the_spread_of_actions_is_found() -> None:
    sizes = [400] * 60
    found = [pooled(campaign(seed, sizes, by_action=0.4))[1].spread["action"] for seed in range(4)]
    assert all(0.2 <= spread <= 0.8 for spread in found)
    assert np.median(found) == pytest.approx(0.4)


def test_an_action_with_few_rows_stays_with_its_category() -> None:
    rows = campaign(1, SIZES, by_category=0.8)
    _, offsets = pooled(rows)
    for action in range(10):
        name, channel, category = rows.key(action)
        pooling_groups = offsets.of("never seen", channel, category)
        assert abs(offsets.of(name, channel, category) - pooling_groups) < 0.25
    shared = np.array([offsets.of("never seen", *rows.key(action)[1:]) for action in range(6)])
    assert np.corrcoef(shared, rows.offset[:6])[0, 1] > 0.9


def test_more_rows_move_an_action_toward_its_own() -> None:
    base = campaign(2, [2000] * 12, by_action=0.3)
    own = 1.5
    distance = []
    for size in (20, 100, 500, 2500):
        generator = np.random.default_rng(9)
        margin = generator.normal(-2.0, 1.0, size)
        label = generator.random(size) < expit(margin + own)
        more = Campaign(
            np.append(base.margin, margin),
            np.append(base.label, label),
            np.append(base.of, np.full(size, 12)),
            np.append(base.offset, own),
            np.append(base.category, 0),
            np.append(base.channel, 0),
        )
        distance.append(own - told(more)[12])
    assert distance == sorted(distance, reverse=True)
    assert distance[0] > 0.3
    assert abs(distance[-1]) < 0.15


def test_the_stated_error_is_the_error_that_is_made() -> None:
    worlds = [campaign(seed, SIZES, by_category=0.3, by_action=0.3) for seed in range(20)]
    ratio = []
    for rows in worlds:
        _, offsets = pooled(rows)
        stated = np.array([offsets.error_of(*rows.key(action)) for action in range(30)])
        ratio.extend((told(rows) - rows.offset)[stated > 0.0] / stated[stated > 0.0])
    assert 0.7 < np.sqrt(np.mean(np.square(ratio))) < 1.3


def test_an_action_never_seen_is_less_certain_than_its_seen_kin() -> None:
    rows = campaign(3, SIZES, by_category=0.4, by_action=0.4)
    _, offsets = pooled(rows)
    name, channel, category = rows.key(29)
    seen, unseen = offsets.error_of(name, channel, category), offsets.error_of("new", channel, category)
    stranger = offsets.error_of("new", "no such channel", "no such category")
    assert 0.0 < seen < unseen < stranger


def test_names_play_no_part() -> None:
    rows = campaign(4, SIZES, by_category=0.3, by_action=0.3)
    curve = fit_sigmoid(rows.margin, rows.label)
    backwards = [np.array([name[::-1] for name in kind], dtype=object) for kind in rows.names()]
    _, first = fit_offsets(curve, rows.margin, rows.label, rows.pooling_groups())
    _, second = fit_offsets(curve, rows.margin, rows.label, encode_groups(*backwards))
    for action in range(30):
        key = rows.key(action)
        assert second.of(*(name[::-1] for name in key)) == pytest.approx(first.of(*key), abs=1e-6)
        assert second.error_of(*(name[::-1] for name in key)) == pytest.approx(first.error_of(*key), abs=1e-6)


def test_the_mode_is_the_one_that_scipy_finds() -> None:
    rows = campaign(5, [60, 80, 100, 120, 140, 160, 180, 900], by_category=0.6, by_action=0.5)
    pooling_groups = rows.pooling_groups()
    counted = bin_rows(rows.margin, rows.label.astype(float), 0.1, pooling_groups.code)
    fitted = fit_mixed_effects(counted, pooling_groups, np.zeros(3))
    assert fitted.spread.max() > 0.0
    scale = np.maximum(np.repeat(fitted.spread, [6, 4, 8]), 1e-3)
    centre = counted.predictor @ counted.rows / counted.rows.sum()

    def penalised(unknown: np.ndarray) -> float:
        category, channel, action = np.split(unknown[2:], [6, 10])
        of_kind = category[pooling_groups.category] + channel[pooling_groups.channel] + action[pooling_groups.action]
        log_odds = counted.predictor + unknown[0] + unknown[1] * (counted.predictor - centre) + of_kind[counted.code]
        lost = counted.rows @ np.logaddexp(0.0, log_odds) - counted.hits @ log_odds
        return float(lost + 0.005 * unknown[0] ** 2 + 0.5 * unknown[1] ** 2 + 0.5 * np.sum((unknown[2:] / scale) ** 2))

    best = minimize(penalised, np.zeros(20), method="BFGS", options={"gtol": 1e-6, "maxiter": 2000}).x
    ours = np.concatenate([fitted.category, fitted.channel, fitted.action])
    assert ours == pytest.approx(best[2:], abs=5e-3)
    assert fitted.slope == pytest.approx(1.0 + best[1], abs=5e-3)
    assert fitted.intercept + fitted.slope * centre == pytest.approx(best[0] + centre, abs=5e-3)


@pytest.mark.slow
def test_cells_change_nothing_that_matters() -> None:
    rows = campaign(6, SIZES, by_category=0.4, by_action=0.3)
    pooling_groups = rows.pooling_groups()
    label = rows.label.astype(float)
    coarse, fine = (
        fit_mixed_effects(bin_rows(rows.margin, label, width, pooling_groups.code), pooling_groups, np.zeros(3))
        for width in (0.1, 0.002)
    )
    assert coarse.action == pytest.approx(fine.action, abs=5e-3)
    assert coarse.spread.tolist() == fine.spread.tolist()


def test_where_the_search_begins_changes_nothing() -> None:
    rows = campaign(7, SIZES, by_category=0.5, by_action=0.3)
    curve = fit_sigmoid(rows.margin, rows.label)
    _, first = fit_offsets(curve, rows.margin, rows.label, rows.pooling_groups())
    _, again = fit_offsets(curve, rows.margin, rows.label, rows.pooling_groups(), first)
    assert again.spread == first.spread
    assert again.action == pytest.approx(first.action, abs=1e-4)


def test_hold_is_an_action_without_channel_and_category() -> None:
    rows = campaign(8, [3000] * 8)
    actions, channels, categories = rows.names()
    resting = rows.of == 3
    label = np.where(resting, np.random.default_rng(0).random(len(resting)) < expit(rows.margin - 1.0), rows.label)
    for names, said in ((actions, "hold"), (channels, None), (categories, "")):
        names[resting] = said
    _, offsets = fit_offsets(straight_line(1.0, 0.0), rows.margin, label, encode_groups(actions, channels, categories))
    others = [offsets.of(*rows.key(action)) for action in range(8) if action != 3]
    assert offsets.of("hold", None, None) - np.mean(others) == pytest.approx(-1.0, abs=0.2)
    assert "" not in offsets.category
    assert "None" not in offsets.channel


@pytest.mark.parametrize("positives", [0, 1, 19], ids=["no positive", "one positive", "nineteen positives"])
def test_too_few_of_a_kind_give_no_offsets(positives: int) -> None:
    rows = campaign(9, [200] * 5)
    curve, label = straight_line(1.0, 0.0), np.arange(1000) < positives
    same, offsets = fit_offsets(curve, rows.margin, label, rows.pooling_groups())
    assert same is curve
    assert offsets == ActionOffsets()
    assert offsets.of("action-00", "channel-00", "category-00") == 0.0


@settings(max_examples=40, deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.floats(-8.0, 8.0), st.booleans(), st.sampled_from("abcde")),
        min_size=45,
        max_size=90,
    )
)
def test_any_rows_give_finite_offsets(rows: list[tuple[float, bool, str]]) -> None:
    margin, label = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    names = [row[2] for row in rows]
    pooling_groups = encode_groups(
        names, ["mail" if name in "ab" else None for name in names], [name.upper() for name in names]
    )
    curve, offsets = fit_offsets(fit_sigmoid(margin, label), margin, label, pooling_groups)
    every = [offsets.of(name, "mail", name.upper()) for name in "abcdef"]
    assert np.isfinite([*every, *(offsets.error_of(name, "mail", name.upper()) for name in "abcdef")]).all()
    assert np.isfinite(curve.log_odds).all()


def test_offsets_come_back_from_their_stored_form() -> None:
    _, offsets = pooled(campaign(10, SIZES, by_category=0.3, by_action=0.3))
    assert ActionOffsets.from_dict(json.loads(json.dumps(offsets.to_dict()))) == offsets
    assert ActionOffsets.from_dict(json.loads(json.dumps(ActionOffsets().to_dict()))) == ActionOffsets()


def test_rows_know_their_kind_whatever_stands_for_none() -> None:
    pooling_groups = encode_groups(
        ["b", "a", "hold", "b"], ["mail", "call", None, "mail"], ["gift", "gift", float("nan"), ""]
    )
    assert (pooling_groups.actions, pooling_groups.channels, pooling_groups.categories) == (
        ("a", "b", "hold"),
        ("call", "mail"),
        ("gift",),
    )
    rows = [
        (pooling_groups.action[code], pooling_groups.channel[code], pooling_groups.category[code])
        for code in pooling_groups.code
    ]
    assert rows == [(1, 1, 0), (0, 0, 0), (2, -1, -1), (1, 1, -1)]
    assert pooling_groups.take(np.array([2, 0])).code.tolist() == [pooling_groups.code[2], pooling_groups.code[0]]


def test_rows_without_an_action_or_of_unequal_length_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"a row to calibrate on has no action in `action_id`: `1`"):
        encode_groups(["a", "", "b"], [None] * 3, [None] * 3)
    with pytest.raises(TrainingError, match=r"columns differ in length.*'channel': 2"):
        encode_groups(["a"], ["mail", "mail"], [None])
