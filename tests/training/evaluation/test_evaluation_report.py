"""The report: one page that needs nothing but itself, and says what the numbers say."""

import json
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser

import numpy as np
import pytest

from heed.decisioning.value import ValueTerms
from heed.training.evaluation.assessment import Assessment, EvaluationRequest, assess_model
from heed.training.evaluation.metrics.estimate import Estimate
from heed.training.reporting import narrative
from heed.training.reporting.blocks import Paragraph, ReportPage, ReportSection, Table
from heed.training.reporting.html_page import render_blocks, render_page
from heed.training.reporting.plots import evaluation_figures
from heed.training.reporting.report import NUMBERS, PAGE, build_report
from tests.support.session_cache import once_per_session
from tests.support.small_model import bundle, card, prepared

pytestmark = pytest.mark.slow

VOID = {"meta", "img", "br", "link", "input"}


@once_per_session
def found() -> Assessment:
    request = EvaluationRequest(
        terms=ValueTerms(harm_cost=20.0, tolerance=0.1), by=("segment", "age"), fairness=("shoe_size",)
    )
    own = replace(bundle(), card=card(data_digest=prepared().data.digest, base_rate=bundle().card.base_rate))
    return assess_model(own, "7", prepared().data, request=request)


@once_per_session
def files() -> dict[str, bytes]:
    return build_report(found())


class Reader(HTMLParser):
    """Text and tags of a page; fails where tags are not closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@cache
def read() -> Reader:
    reader = Reader()
    reader.feed(files()[PAGE].decode())
    reader.close()
    return reader


def test_the_page_is_whole_and_reaches_for_nothing_outside() -> None:
    assert read().open == []
    sources = [value for _, attrs in read().tags for name, value in attrs.items() if name in ("src", "href")]
    assert all(source.startswith(("data:image/png;base64,", "#")) for source in sources)
    assert not re.search(r"https?://", files()[PAGE].decode())
    assert "script" not in {tag for tag, _ in read().tags}


def test_every_link_leads_to_a_section_and_every_picture_has_words() -> None:
    ids = {attrs["id"] for tag, attrs in read().tags if tag == "section"}
    links = {attrs["href"].lstrip("#") for tag, attrs in read().tags if tag == "a"}
    assert links <= ids
    assert {"gates", "reliability", "segments", "uplift", "harm", "choices", "fairness", "methods"} <= ids
    assert all(len(attrs["alt"]) > 20 for tag, attrs in read().tags if tag == "img")


def test_the_first_paragraph_says_whether_the_model_keeps_its_word() -> None:
    assert found().evaluation.passed
    assert "The model is well calibrated and passes every gate." in read().text
    gates = tuple(replace(gate, passed=False) for gate in found().evaluation.gates)
    closed = replace(found().evaluation, gates=gates)
    said = narrative.verdict(closed)
    assert said.startswith("The model is miscalibrated: calibration error")


def test_the_page_says_what_the_numbers_say() -> None:
    numbers = json.loads(files()[NUMBERS])
    overall = numbers["evaluation"]["overall"]
    assert f"{overall['log_loss']:.5f}" in read().text
    assert narrative.format_share(overall["rate"]) in read().text
    heed = numbers["findings"]["policies"]["heed"]["value"]["doubly_robust"]
    assert narrative.format_interval(Estimate(**heed), "money") in read().text
    assert "no attribute shoe_size" in read().text


@pytest.mark.parametrize(
    "name",
    [
        "reliability",
        "reliability_by_action",
        "segments",
        "lift",
        "uplift",
        "harm",
        "policies",
        "confidence",
        "fairness",
    ],
)
def test_each_picture_is_kept_beside_the_page(name: str) -> None:
    assert files()[f"{name}.png"].startswith(b"\x89PNG")


def test_what_the_data_cannot_tell_has_no_section() -> None:
    bare = replace(found().results, uplift=(), harm=(), policies=None, fairness=(), lift=())
    confidence = replace(bare.confidence, surest=())
    made = build_report(replace(found(), results=replace(bare, confidence=confidence)))
    assert set(made) == {PAGE, NUMBERS, "reliability.png", "reliability_by_action.png", "segments.png"}
    text = made[PAGE].decode()
    assert 'id="uplift"' not in text
    assert "Too few contacts have a logged propensity" in text
    assert "No attribute was compared" in text


def test_the_same_assessment_makes_the_same_files() -> None:
    assert build_report(found()) == files()


def test_text_from_data_cannot_become_markup() -> None:
    blocks = (Paragraph("a `<b>` & c"), Table(("<x>",), [("<script>",)]))
    section = ReportSection("a", "<a>", "<h>", blocks)
    made = render_page(ReportPage("<t>", "<h1>", "<about>", "<lead>", "<value>", (section,), passed=True)).decode()
    assert "<script>" not in made
    assert not re.search(r"<(t|about|lead|value|x)>", made)
    assert "<b>&lt;b&gt;</b> &amp; c" in made


def test_empty_parts_leave_nothing_behind() -> None:
    nothing = (Paragraph(""), Table(("x",), []))
    section = ReportSection("a", "b", "c", nothing)
    assert section.empty
    assert render_blocks(nothing).strip() == ""
    assert 'id="a"' not in render_page(ReportPage("t", "h", "about", "lead", "value", (section,), passed=True)).decode()


def test_a_segment_stands_out_in_the_picture_exactly_where_it_is_misjudged() -> None:
    some = found().results.segments["action"]
    shifted = [replace(one, gap=Estimate(0.05, 0.03, 0.07, one.rows)) for one in some[:1]] + [
        replace(one, gap=Estimate(0.0, -0.02, 0.02, one.rows)) for one in some[1:]
    ]
    figure = evaluation_figures.segments_figure({"action": shifted})
    counts = {
        bar.get_label(): len(bar.lines[0].get_xdata()) for bar in figure.axes[0].containers if bar.get_label()[0] != "_"
    }
    assert counts == {"realized, 95 % interval": len(some) - 1, "realized, miscalibrated": 1}


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        (Estimate(0.4, 0.3, 0.5, 9), "Only about 40% of these choices could have been logged"),
        (Estimate(1.6, 1.4, 1.8, 9), "are inconsistent: weights average 1.60"),
        (Estimate(0.96, 0.94, 0.98, 9), None),
        (Estimate(0.8, 0.5, 1.1, 9), None),
    ],
    ids=["choices that were not open", "probabilities that are no probabilities", "a little off", "chance"],
)
def test_weights_far_from_one_are_spoken_of(weight: Estimate, said: str | None) -> None:
    policies = found().results.policies
    told = " ".join(narrative.policy_sentences(replace(policies, heed=replace(policies.heed, weight=weight)), "EUR"))
    assert (said in told) if said else ("Only about" not in told and "inconsistent" not in told)


def test_the_surest_decisions_end_at_the_value_of_all() -> None:
    surest = found().results.confidence.surest
    assert [one.share for one in surest] == sorted(one.share for one in surest)
    assert surest[-1].share == 1.0
    assert surest[-1].value.value == pytest.approx(found().results.policies.heed.value.doubly_robust.value)
    assert found().results.confidence.area_by_chance == pytest.approx(surest[-1].by_chance / 2)
    assert np.isfinite(found().results.confidence.area)
