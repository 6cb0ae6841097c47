"""What `heed train` takes from the policy and from a feature dictionary."""

import pytest
from click.testing import CliRunner

from heed.cli import heed
from heed.cli.train_options import allowed_sensitive, feature_dictionary, requires_certificate
from heed.decisioning.errors import InvalidInput, PolicyError

POLICY = "version: 1\nname: test\nrules: []\nfeatures: {}\n"
ANSWERED = "{allow_sensitive: [health], reason: The law asks for it., owner: dpo}"


@pytest.fixture
def written(tmp_path):
    def write(text, name="file.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_policy_that_says_nothing_allows_nothing(written):
    assert allowed_sensitive(None) == frozenset()
    assert allowed_sensitive(written(POLICY)) == frozenset()


def test_a_policy_allows_what_somebody_answers_for(written):
    assert allowed_sensitive(written(POLICY.replace("{}", ANSWERED))) == {"health"}


@pytest.mark.parametrize("missing", ["reason: The law asks for it., ", ", owner: dpo"], ids=["no reason", "no owner"])
def test_a_policy_that_allows_without_saying_why_or_who_is_refused(written, missing):
    path = written(POLICY.replace("{}", ANSWERED.replace(missing, "")))
    with pytest.raises(PolicyError, match=r"file\.yaml:4: .*without a `reason` and an `owner`"):
        allowed_sensitive(path)


RULE = "rules: [{id: sure, purpose: p, owner: o, kind: confidence, act_at_least: 0.5%s}]"


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        ("", False),
        (", certificate: {required: true, loss: harm, alpha: 0.02, delta: 0.1}", True),
        (", certificate: {required: false, loss: harm, alpha: 0.02, delta: 0.1}", False),
    ],
    ids=["no word of it", "required", "used where there is one"],
)
def test_a_policy_demands_a_certificate_where_it_requires_one(written, demand, expected):
    assert requires_certificate(written(POLICY.replace("rules: []", RULE % demand))) is expected
    assert requires_certificate(None) is False


def test_a_dictionary_is_read(written):
    assert feature_dictionary(written("segment: Kind of customer\ncustomer.age: Age\n")) == {
        "segment": "Kind of customer",
        "customer.age": "Age",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- segment\n", "not a dictionary of features in `words`"),
        ("age: Age\nsegment: 3\n", r"file\.yaml:2: what a feature is called must be text in `segment`"),
        ("segment: {de: Art}\n", r"file\.yaml:1: what a feature is called must be text in `segment`"),
    ],
    ids=["a list", "a number", "a mapping"],
)
def test_what_is_no_dictionary_is_refused_with_its_place(written, text, message):
    with pytest.raises(InvalidInput, match=message):
        feature_dictionary(written(text))


def test_training_is_told_what_policy_and_dictionary_say(written, tmp_path, monkeypatch):
    heard = {}

    def run(directory, **given):
        del directory
        heard.update(given)
        raise InvalidInput("enough")

    monkeypatch.setattr("heed.training.pipeline.train.train", run)
    monkeypatch.setenv("HEED_HOME", str(tmp_path / "home"))
    policy = written(POLICY.replace("{}", ANSWERED), "policy.yaml")
    words = written("segment: Kind of customer\n", "words.yaml")
    line = ["train", "--data", str(tmp_path), "--policy", str(policy), "--words", str(words)]
    result = CliRunner().invoke(heed, line)
    assert isinstance(result.exception, InvalidInput)
    assert heard["include"] == {"health"}
    assert heard["words"] == {"segment": "Kind of customer"}
