from itertools import pairwise

import pytest

from heed.decisioning.score import Contribution, Explanation
from heed.training.reporting.plots.plot_style import render_figure
from heed.training.reporting.plots.waterfall import waterfall_figure, waterfall_steps
from tests.support.small_model import bundle, facts


def explained(action: int = 0) -> Explanation:
    rows = bundle().assembler.matrix(facts(), bundle().catalogue.actions)
    return bundle().explain_frame(rows)[action]


@pytest.mark.parametrize("action", range(4))
@pytest.mark.parametrize("largest", [1, 5, 1000])
def test_the_steps_lead_from_the_base_to_the_served_probability(action: int, largest: int) -> None:
    explanation = explained(action)
    found = waterfall_steps(explanation, {}, largest)
    assert found[0].start == pytest.approx(100 * explanation.base_probability)
    assert found[-1].end == pytest.approx(100 * explanation.probability)
    assert all(before.end == after.start for before, after in pairwise(found))


def test_the_largest_contributions_are_named_and_the_rest_is_counted() -> None:
    explanation = Explanation(
        -2.0, 0.12, -1.9, 0.13, (Contribution("a", 2.0, 0.3, 3.0), Contribution("b", None, -0.2, -1.5),
                                 Contribution("c", 1.5, -0.05, -0.5))
    )  # fmt: skip
    assert [step.words for step in waterfall_steps(explanation, {"a": "Age"}, 2)] == [
        "Age = 2", "b = unknown", "Everything else (1 features)"
    ]  # fmt: skip
    assert [step.points for step in waterfall_steps(explanation, {}, 2)] == pytest.approx([3.0, -1.5, -0.5])


def test_the_picture_names_both_ends_and_every_step() -> None:
    explanation = explained()
    words = bundle().schema.display_name_by_column
    figure = waterfall_figure(explanation, words, "Why 5 %", largest=4)
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert labels[0] == "Base probability"
    assert labels[-1] == "Served for this customer"
    assert labels[1:-1] == [step.words for step in waterfall_steps(explanation, words, 4)]
    assert f"{100 * explanation.probability:.1f} %" in [text.get_text() for text in figure.axes[0].texts]
    assert render_figure(figure).startswith(b"\x89PNG")


def test_a_bar_that_lowers_has_another_colour_than_one_that_raises() -> None:
    explanation = explained()
    figure = waterfall_figure(explanation, {}, "", largest=1000)
    colours = {(bar.get_width() > 0, bar.get_facecolor()) for bar in figure.axes[0].patches if bar.get_width()}
    assert len(colours) == 2
