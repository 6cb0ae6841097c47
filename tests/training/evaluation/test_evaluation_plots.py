import numpy as np
import pytest
from matplotlib.figure import Figure

from heed.training.evaluation.metrics.bins import equal_mass_bins
from heed.training.model.split import Part
from heed.training.reporting.plots.plot_style import render_figure
from heed.training.reporting.plots.reliability_diagram import reliability_by_action_figure, reliability_figure
from heed.training.reporting.plots.shap_summary import mean_shap_effects, sample_rows, shap_effects, shap_summary_figure
from tests.support.small_model import bundle, prepared


def drawn(rows: int = 3_000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    propensity = generator.beta(1.5, 20.0, rows)
    return propensity, generator.random(rows) < propensity


def points(figure: Figure, axis: int = 0) -> np.ndarray:
    """The dots of a diagram: the line with markers."""
    (dots,) = [line for line in figure.axes[axis].lines if line.get_marker() == "o"]
    return np.column_stack(dots.get_data())


def test_the_diagram_shows_what_was_said_against_what_happened() -> None:
    propensity, label = drawn()
    grouped = equal_mass_bins(propensity, label, 10)
    shown = points(reliability_figure(propensity, label, "Probability of a visit"))
    assert np.array_equal(shown, np.column_stack([grouped.stated, grouped.rate]))


def test_both_axes_have_one_scale_on_which_every_interval_fits() -> None:
    propensity, label = drawn()
    figure = reliability_figure(propensity, label, "Probability of a visit")
    upper = figure.axes[0]
    assert upper.get_xlim() == upper.get_ylim()
    assert upper.get_ylim()[1] >= equal_mass_bins(propensity, label, 10).high.max()
    assert "Probability of a visit" in upper.get_title(loc="left")


def test_each_action_has_its_own_diagram_the_most_frequent_first() -> None:
    propensity, label = drawn()
    parts = {"rare": (propensity[:20], label[:20]), "sms": (propensity[:500], label[:500]), "mail": (propensity, label)}
    figure = reliability_by_action_figure(parts)
    titles = [axis.get_title(loc="left") for axis in figure.axes if axis.axison]
    assert [title.splitlines()[0] for title in titles] == ["mail", "sms"]
    assert f"realized {label.mean():.1%} of 3,000" in titles[0]


def test_no_action_with_enough_rows_still_makes_a_picture() -> None:
    assert render_figure(reliability_by_action_figure({})).startswith(b"\x89PNG")


@pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_pictures_are_files_of_their_kind(kind: str, start: bytes) -> None:
    assert render_figure(reliability_figure(*drawn(), "x"), kind).startswith(start)


def test_the_summary_names_the_features_that_move_the_model_most() -> None:
    matrix = sample_rows(prepared().samples[Part.TEST].matrix, seed=0, rows=300)
    assert matrix.shape[0] == 300
    figure = shap_summary_figure(bundle(), matrix, features=5)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert set(labels) == set(list(mean_shap_effects(bundle(), matrix))[:5])
    assert render_figure(figure).startswith(b"\x89PNG")


def test_mean_effects_are_sizes_in_calibrated_log_odds_largest_first() -> None:
    matrix = prepared().samples[Part.TEST].matrix[:100]
    found = mean_shap_effects(bundle(), matrix)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    column = bundle().schema.names.index(next(iter(found)))
    assert next(iter(found.values())) == pytest.approx(np.abs(shap_effects(bundle(), matrix)[:, column]).mean())


def test_sampling_takes_every_row_where_there_are_few() -> None:
    rows = np.arange(20.0).reshape(10, 2)
    assert np.array_equal(sample_rows(rows, seed=1), rows)
