"""A model fitted again on the rows that judged it: figures stay honest, and certificates need later contacts."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from decisioning.score import Trust
from tests.training.certifying import NOW, material
from tests.training.modelling import SETTINGS, bundle, prepared
from training.certificate.asked import Asked
from training.certificate.certify import certify
from training.certificate.unlearnt import unlearnt
from training.errors import TrainingError
from training.model.bundle import Bundle
from training.model.card import Card, Refit
from training.model.split import Part
from training.model.storage import FORMATS, JUDGED, certified, load, load_judged, save
from training.refit import refitted

LAST = prepared().data.contacts["at"].iloc[prepared().rows].max().to_pydatetime()


@cache
def again() -> Bundle:
    return refitted(bundle(), prepared(), SETTINGS)


def until(moment: datetime) -> Card:
    return replace(bundle().card, refit=Refit(10, moment, bundle().digest))


def test_all_rows_are_learnt_from_and_the_card_says_so() -> None:
    parts = prepared().samples
    assert again().card.refit == Refit(len(parts[Part.FIT]) + len(parts[Part.TEST]), LAST, bundle().digest)
    assert again().digest != bundle().digest


def test_calibration_and_uplift_stay_those_of_customers_not_seen() -> None:
    assert again().head.calibration is bundle().head.calibration
    assert again().uplift is bundle().uplift
    assert again().schema is bundle().schema


def test_the_sealed_rows_are_learnt_from() -> None:
    rows = prepared().samples[Part.TEST]
    said = [model.score_frame(rows.matrix, rows.kin)[0] for model in (bundle(), again())]
    before, after = (float(np.mean(np.where(rows.label, -np.log(one), -np.log1p(-one)))) for one in said)
    assert after < before


def test_refitting_twice_gives_the_same_bytes() -> None:
    assert refitted(bundle(), prepared(), SETTINGS).digest == again().digest


def test_the_model_that_was_judged_is_kept_beside_it(tmp_path) -> None:
    save(again(), tmp_path, bundle())
    assert load(tmp_path).digest == again().digest
    assert load(tmp_path).card == again().card
    found = load_judged(tmp_path)
    assert found is not None
    assert found.digest == bundle().digest


def test_a_model_that_was_not_refitted_was_judged_itself(tmp_path) -> None:
    save(bundle(), tmp_path)
    assert load_judged(tmp_path) is None
    assert not (tmp_path / JUDGED).exists()


def test_another_model_in_the_place_of_the_judged_one_is_refused(tmp_path) -> None:
    save(again(), tmp_path, replace(bundle(), digest="0" * 64, uplift=None))
    with pytest.raises(TrainingError, match="a file of the bundle was changed"):
        load_judged(tmp_path)
    save(again(), tmp_path / "other", again())
    with pytest.raises(TrainingError, match="another model was judged in `judged`"):
        load_judged(tmp_path / "other")


def test_the_rows_that_a_model_was_refitted_on_cannot_certify_it() -> None:
    asked = Asked(alpha=0.5)
    assert certify(bundle(), material(), asked, sealed=True, now=NOW).certificate is not None
    with pytest.raises(TrainingError, match=r"none of these can certify it in `data`: `2.*later contacts.*--no-refit"):
        certify(again(), material(), asked, sealed=True, now=NOW)


def test_contacts_until_the_last_that_was_learnt_are_no_evidence() -> None:
    at = material().data.contacts["at"].iloc[material().rows]
    middle = at.sort_values().iloc[len(at) // 2].to_pydatetime()
    kept = unlearnt(until(middle), material())
    assert 0 < len(kept.rows) < len(material().rows)
    assert (kept.data.contacts["at"].iloc[kept.rows] > middle).all()
    assert len(kept.choices.chosen) == len(kept.rows) == len(kept.cluster) == len(kept.harmed)


def test_later_contacts_are_all_evidence() -> None:
    before = material().data.contacts["at"].min().to_pydatetime() - timedelta(days=1)
    assert unlearnt(until(before), material()) is material()
    assert unlearnt(bundle().card, material()) is material()


def test_a_card_says_of_refitting_what_it_said_before_it_was_stored() -> None:
    made = until(datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))
    assert Card.from_dict(made.to_dict()) == made
    stored = {name: value for name, value in bundle().card.to_dict().items() if name != "refit"}
    assert Card.from_dict(stored).refit is None


@pytest.mark.parametrize("form", FORMATS[:-1])
def test_a_bundle_of_a_format_before_is_read_and_keeps_its_digest(form: int, tmp_path) -> None:
    alone = bundle().head
    every = np.zeros((len(alone.trees.values), 8), dtype=np.float32)
    deviations = every if form == min(FORMATS) else alone.posterior.deviations
    posterior = replace(alone.posterior, deviations=deviations, shortest=False)
    nothing = np.full_like(alone.novelty.typical, np.nan)
    novelty = alone.novelty if form == max(FORMATS[:-1]) else replace(alone.novelty, typical=nothing)
    head = replace(alone, posterior=posterior, novelty=novelty)
    old = certified(replace(bundle(), harm=None, head=head, trust=Trust(0.6, -0.1)), None)
    save(old, tmp_path)
    stored = json.loads((tmp_path / "model.json").read_text())
    assert (stored["format"], stored["trust"]) == (form, {"slope": 0.6, "intercept": -0.1})
    found = load(tmp_path)
    assert (found.trust, found.head.posterior.shortest) == (old.trust, False)
    assert found.digest == old.digest == certified(found, None).digest


@pytest.mark.parametrize(
    ("trust", "shortest"),
    [(Trust(0.6, -0.1, 0.4), False), (Trust(0.6, -0.1), True)],
    ids=["confidence that knows a leeway", "the shortest intervals"],
)
def test_what_the_newest_format_tells_is_read_again(trust: Trust, *, shortest: bool, tmp_path) -> None:
    head = replace(bundle().head, posterior=replace(bundle().head.posterior, shortest=shortest))
    made = certified(replace(bundle(), harm=None, head=head, trust=trust), None)
    save(made, tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["format"] == max(FORMATS)
    found = load(tmp_path)
    assert (found.trust, found.head.posterior.shortest) == (trust, shortest)
