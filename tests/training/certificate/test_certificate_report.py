"""A certificate and the work of reviewers, told in words, figures and pictures."""

import json

import pytest
from matplotlib.figure import Figure

from heed.decisioning.certificate import Loss
from heed.training.certificate.capacity import capacity_curve, recorded_flow
from heed.training.model.certificate_json import certificate_from_dict
from heed.training.reporting.certificate_section import capacity_section, capacity_sentence, certificate_section
from heed.training.reporting.html_page import render_blocks
from heed.training.reporting.plots.certificate_figures import capacity_figure, certificate_figure
from tests.support.certified_model import certify_small_model, eval_data
from tests.support.small_model import bundle

PNG = b"\x89PNG"


def lines(figure: Figure) -> dict[str, list[float]]:
    return {line.get_label(): list(line.get_ydata()) for axis in figure.axes for line in axis.lines}


@pytest.mark.parametrize(
    ("options", "heading"),
    [
        ({"alpha": 0.3}, "Confidence of 0% or more: harm at most 30 % with probability 0.9"),
        ({"alpha": 0.0001}, "Nothing can be certified"),
        ({"alpha": 5.0, "loss": Loss.REGRET}, "Nothing can be certified"),
    ],
    ids=["certified", "not certified", "regret"],
)
def test_the_picture_shows_what_was_seen_and_asked_for(options, heading):
    finding = certify_small_model(**options)
    drawn = certificate_figure(finding, "EUR")
    assert drawn.axes[0].get_title(loc="left") == heading
    seen = lines(drawn)
    assert seen["requested bound"] == [options["alpha"]] * 2
    assert seen["observed mean loss"] == [one.risk for one in finding.curve if one.executed]


def test_the_report_carries_the_certificate_and_its_assumptions():
    finding = certify_small_model(alpha=0.3)
    part = certificate_section(finding, "EUR")
    assert certificate_from_dict(json.loads(json.dumps(part.numbers))["certificate"]) == finding.certificate
    assert part.sentences == (finding.sentence,)
    assert part.files["certificate.png"].startswith(PNG)
    page = render_blocks(part.blocks)
    assert all(word in page for word in ("exchangeable", "Guardrails are not applied", "<table>", finding.sentence))


def test_the_report_says_why_there_is_no_certificate():
    part = certificate_section(certify_small_model(alpha=0.0001), "EUR")
    assert part.numbers["certificate"] is None
    assert "Too few contacts" in part.blocks[0].text
    assert "It holds if" not in render_blocks(part.blocks)
    json.dumps(part.numbers, allow_nan=False)


def test_a_capacity_is_told_in_words_figures_and_a_picture():
    read = capacity_curve(recorded_flow(eval_data()), (2.0,))
    part = capacity_section(read, (2.0,), "EUR")
    (mine,) = [one for one in read if one.capacity == 2.0]
    assert part.sentences == (capacity_sentence(mine, "EUR"),)
    assert part.sentences[0].startswith("For 2 reviews a day, send acts with a confidence below ")
    assert f"heed automates {mine.automated:.1%}, and a review adds" in part.sentences[0]
    assert [one["threshold"] for one in part.numbers] == [one.threshold for one in read]
    assert part.files["capacity.png"].startswith(PNG)
    drawn = capacity_figure(read, (2.0,), "EUR").axes[0]
    assert list(drawn.lines[0].get_ydata()) == [one.gained_a_day for one in read]
    assert len(drawn.lines) == 2


def test_the_model_that_is_certified_is_named_by_its_digest():
    assert certify_small_model(alpha=0.3).certificate.model_digest == bundle().digest
