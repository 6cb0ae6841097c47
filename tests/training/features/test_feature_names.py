"""A feature dictionary gives features words of their own, which travel with the schema into explanations."""

import numpy as np
import pytest

from heed.decisioning.errors import ContractError
from heed.training.features.definition import define_features
from heed.training.features.feature_schema import FeatureSchema
from heed.training.model.split import Part
from tests.support.engagement_strategies import data_of
from tests.support.small_model import SCHEMA, bundle, prepared
from tests.training.features.test_feature_definition import LIVELY

ROWS = np.arange(len(LIVELY.offered))


def told(**words):
    given = {name.replace("__", "."): text for name, text in words.items()}
    return define_features(data_of(LIVELY), ROWS, words=given).display_name_by_column


def test_a_feature_is_called_by_its_own_name_or_by_its_attributes():
    said = told(customer__age="Age in  years", plan="Tariff", action__action_id="What is offered")
    assert said["customer.age"] == "Age in years"
    assert said["customer.plan"] == "Tariff"
    assert said["action.action_id"] == "What is offered"
    assert said["customer.vip"] == "Customer: vip"


def test_the_features_own_name_counts_first():
    assert told(age="Years", customer__age="Age")["customer.age"] == "Age"


def test_an_attribute_that_became_no_feature_may_stand_in_the_dictionary():
    assert "Where the law is from" not in told(jurisdiction="Where the law is from").values()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"agee": "Age"}, "the feature dictionary has an unknown name in `words`: `agee`; did you mean `age`?"),
        ({"zzz": "Z"}, "the feature dictionary has an unknown name in `words`: `zzz`; name a feature or an attribute"),
        ({"age": "  "}, "the feature dictionary has an empty display name in `age`"),
        ({"age": "Same", "plan": "Same"}, "gives `customer.age` and `customer.plan` the same name in `words`: `Same`"),
    ],
    ids=["a typo", "nobody", "no words", "two alike"],
)
def test_a_dictionary_that_cannot_be_meant_is_refused(words, message):
    with pytest.raises(ContractError, match=message.replace("?", r"\?")):
        told(**words)


def test_words_are_part_of_the_schema():
    data = data_of(LIVELY)
    plain, worded = define_features(data, ROWS), define_features(data, ROWS, words={"age": "Age in years"})
    assert plain.digest != worded.digest
    assert FeatureSchema.from_dict(worded.to_dict()) == worded
    assert [one.name for one in plain.features] == [one.name for one in worded.features]


def test_a_schema_stored_before_there_were_dictionaries_still_reads():
    stored = SCHEMA.to_dict()
    for one in stored["features"]:
        del one["words"]
    assert FeatureSchema.from_dict(stored) == SCHEMA


def test_an_explanation_tells_features_in_words():
    told = bundle().schema.display_name_by_column
    (found,) = bundle().explain_frame(prepared().samples[Part.TEST].matrix[:1])
    assert len(found.contributions) > 3
    assert [one.words for one in found.contributions] == [told[one.feature] for one in found.contributions]
