"""The certificate is part of the model version: stored with it, decisive, and of that very model."""

import json
from functools import cache

import pytest

from heed.decisioning.certificate import Certificate
from heed.decisioning.score import Scores
from heed.training.errors import TrainingError
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import CERTIFICATE, load_bundle, save_bundle, with_certificate
from tests.support.certificates import certificate
from tests.support.small_model import bundle, facts


@cache
def made() -> Certificate:
    return certificate(model_digest=bundle().digest)


@cache
def certified_bundle() -> Bundle:
    return with_certificate(bundle(), made())


def scores(of) -> Scores:
    return of.score(facts(), of.catalogue.actions)


def test_a_certificate_makes_another_version_of_the_same_scores():
    assert certified_bundle().digest != bundle().digest
    lower = certificate(model_digest=bundle().digest, threshold=0.81)
    assert with_certificate(bundle(), lower).digest != certified_bundle().digest
    assert scores(certified_bundle()).certificate == made()
    assert scores(bundle()).certificate is None
    assert scores(certified_bundle()).propensity.tolist() == scores(bundle()).propensity.tolist()


def test_without_its_certificate_it_is_the_model_it_was():
    assert with_certificate(certified_bundle(), None).digest == bundle().digest


def test_a_stored_certificate_is_read_back_as_it_was(tmp_path):
    save_bundle(certified_bundle(), tmp_path)
    found = load_bundle(tmp_path)
    assert found.certificate == made()
    assert found.digest == certified_bundle().digest
    assert with_certificate(found, None).digest == bundle().digest


def test_a_model_without_a_certificate_has_no_file_of_one(tmp_path):
    save_bundle(bundle(), tmp_path)
    assert not (tmp_path / CERTIFICATE).exists()
    assert load_bundle(tmp_path).certificate is None


def test_a_certificate_of_another_model_is_refused(tmp_path):
    save_bundle(with_certificate(bundle(), certificate(model_digest="0" * 64)), tmp_path)
    with pytest.raises(TrainingError, match=r"the certificate belongs to another model in `model_digest`"):
        load_bundle(tmp_path)


@pytest.mark.parametrize("change", ["loosened", "taken away", "slipped in"])
def test_a_certificate_cannot_be_changed_behind_the_models_back(tmp_path, change):
    save_bundle(bundle() if change == "slipped in" else certified_bundle(), tmp_path)
    path = tmp_path / CERTIFICATE
    if change == "loosened":
        path.write_text(json.dumps({**json.loads(path.read_text()), "threshold": 0.0}))
    elif change == "taken away":
        path.unlink()
    else:
        save_bundle(certified_bundle(), tmp_path / "other")
        path.write_bytes((tmp_path / "other" / CERTIFICATE).read_bytes())
    with pytest.raises(TrainingError, match="a file of the bundle was changed"):
        load_bundle(tmp_path)
