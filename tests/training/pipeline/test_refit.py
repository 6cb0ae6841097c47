"""A model fitted again on the rows that judged it: figures stay honest, and certificates need later contacts."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from heed.decisioning.score import ConfidenceMap
from heed.training.certificate.certify import certify
from heed.training.certificate.holdout_check import holdout_data
from heed.training.certificate.request import CertificateRequest
from heed.training.errors import TrainingError
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import (
    EVALUATED,
    FORMATS,
    load_bundle,
    load_evaluated_bundle,
    save_bundle,
    with_certificate,
)
from heed.training.model.model_card import ModelCard, RefitRecord
from heed.training.model.split import Part
from heed.training.pipeline.refit import refit_bundle
from tests.support.certified_model import NOW, eval_data
from tests.support.small_model import SETTINGS, bundle, prepared


@cache
def again() -> Bundle:
    return refit_bundle(bundle(), prepared(), SETTINGS)


def until(moment: datetime) -> ModelCard:
    return replace(bundle().card, refit=RefitRecord(10, moment, bundle().digest))


def test_all_rows_are_learnt_from_and_the_card_says_so() -> None:
    parts = prepared().samples
    last = prepared().data.contacts["at"].iloc[prepared().rows].max().to_pydatetime()
    assert again().card.refit == RefitRecord(len(parts[Part.FIT]) + len(parts[Part.TEST]), last, bundle().digest)
    assert again().digest != bundle().digest


def test_calibration_and_uplift_stay_those_of_customers_not_seen() -> None:
    assert again().head.calibration is bundle().head.calibration
    assert again().uplift is bundle().uplift
    assert again().schema is bundle().schema


def test_the_sealed_rows_are_learnt_from() -> None:
    rows = prepared().samples[Part.TEST]
    said = [model.score_frame(rows.matrix, rows.pooling_groups)[0] for model in (bundle(), again())]
    before, after = (float(np.mean(np.where(rows.label, -np.log(one), -np.log1p(-one)))) for one in said)
    assert after < before


def test_refitting_twice_gives_the_same_bytes() -> None:
    assert refit_bundle(bundle(), prepared(), SETTINGS).digest == again().digest


def test_the_model_that_was_judged_is_kept_beside_it(tmp_path) -> None:
    save_bundle(again(), tmp_path, bundle())
    assert load_bundle(tmp_path).digest == again().digest
    assert load_bundle(tmp_path).card == again().card
    found = load_evaluated_bundle(tmp_path)
    assert found is not None
    assert found.digest == bundle().digest


def test_a_model_that_was_not_refitted_was_judged_itself(tmp_path) -> None:
    save_bundle(bundle(), tmp_path)
    assert load_evaluated_bundle(tmp_path) is None
    assert not (tmp_path / EVALUATED).exists()


def test_another_model_in_the_place_of_the_judged_one_is_refused(tmp_path) -> None:
    save_bundle(again(), tmp_path, replace(bundle(), digest="0" * 64, uplift=None))
    with pytest.raises(TrainingError, match="a file of the bundle was changed"):
        load_evaluated_bundle(tmp_path)
    save_bundle(again(), tmp_path / "other", again())
    with pytest.raises(TrainingError, match="the evaluated model is another one in `judged`"):
        load_evaluated_bundle(tmp_path / "other")


def test_the_rows_that_a_model_was_refitted_on_cannot_certify_it() -> None:
    request = CertificateRequest(alpha=0.5)
    assert certify(bundle(), eval_data(), request, sealed=True, now=NOW).certificate is not None
    with pytest.raises(TrainingError, match=r"none of these can certify it in `data`: `2.*later contacts.*--no-refit"):
        certify(again(), eval_data(), request, sealed=True, now=NOW)


def test_contacts_until_the_last_that_was_learnt_are_no_evidence() -> None:
    at = eval_data().data.contacts["at"].iloc[eval_data().rows]
    middle = at.sort_values().iloc[len(at) // 2].to_pydatetime()
    kept = holdout_data(until(middle), eval_data())
    assert 0 < len(kept.rows) < len(eval_data().rows)
    assert (kept.data.contacts["at"].iloc[kept.rows] > middle).all()
    assert len(kept.choices.chosen) == len(kept.rows) == len(kept.cluster) == len(kept.harmed)


def test_later_contacts_are_all_evidence() -> None:
    before = eval_data().data.contacts["at"].min().to_pydatetime() - timedelta(days=1)
    assert holdout_data(until(before), eval_data()) is eval_data()
    assert holdout_data(bundle().card, eval_data()) is eval_data()


def test_a_card_says_of_refitting_what_it_said_before_it_was_stored() -> None:
    made = until(datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))
    assert ModelCard.from_dict(made.to_dict()) == made
    stored = {name: value for name, value in bundle().card.to_dict().items() if name != "refit"}
    assert ModelCard.from_dict(stored).refit is None


@pytest.mark.parametrize("form", FORMATS[:-1])
def test_a_bundle_of_a_format_before_is_read_and_keeps_its_digest(form: int, tmp_path) -> None:
    alone = bundle().head
    every = np.zeros((len(alone.trees.values), 8), dtype=np.float32)
    deviations = every if form == min(FORMATS) else alone.posterior.deviations
    posterior = replace(alone.posterior, deviations=deviations, shortest=False)
    nothing = np.full_like(alone.support.typical, np.nan)
    support = alone.support if form == max(FORMATS[:-1]) else replace(alone.support, typical=nothing)
    head = replace(alone, posterior=posterior, support=support)
    old = with_certificate(replace(bundle(), harm=None, head=head, trust=ConfidenceMap(0.6, -0.1)), None)
    save_bundle(old, tmp_path)
    stored = json.loads((tmp_path / "model.json").read_text())
    assert (stored["format"], stored["trust"]) == (form, {"slope": 0.6, "intercept": -0.1})
    found = load_bundle(tmp_path)
    assert (found.trust, found.head.posterior.shortest) == (old.trust, False)
    assert found.digest == old.digest == with_certificate(found, None).digest


@pytest.mark.parametrize(
    ("trust", "shortest"),
    [(ConfidenceMap(0.6, -0.1, 0.4), False), (ConfidenceMap(0.6, -0.1), True)],
    ids=["confidence that knows a leeway", "the shortest intervals"],
)
def test_what_the_newest_format_tells_is_read_again(trust: ConfidenceMap, *, shortest: bool, tmp_path) -> None:
    head = replace(bundle().head, posterior=replace(bundle().head.posterior, shortest=shortest))
    made = with_certificate(replace(bundle(), harm=None, head=head, trust=trust), None)
    save_bundle(made, tmp_path)
    assert json.loads((tmp_path / "model.json").read_text())["format"] == max(FORMATS)
    found = load_bundle(tmp_path)
    assert (found.trust, found.head.posterior.shortest) == (trust, shortest)
