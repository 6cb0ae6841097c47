from datetime import datetime, timedelta, timezone

import pytest

from heed.decisioning.canonical import canonical_json, digest, rfc3339
from heed.decisioning.catalogue import Catalogue, MessageClass
from heed.decisioning.errors import InvalidInput
from tests.support.doubles import NOW, action


def test_equal_moments_have_one_form():
    there = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert rfc3339(there) == rfc3339(NOW) == "2026-03-02T10:00:00.000000Z"


def test_a_naive_time_is_refused():
    with pytest.raises(ValueError, match="names no moment: 2026-03-02T10:00:00"):
        rfc3339(datetime(2026, 3, 2, 10))  # noqa: DTZ001


def test_the_order_of_keys_changes_nothing():
    assert canonical_json({"b": 1, "a": MessageClass.SERVICE}) == b'{"a":"service","b":1}'


def test_not_a_number_is_refused():
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"value": float("nan")})


def test_one_changed_cost_changes_the_catalogue():
    one = Catalogue("EUR", (action("a"),))
    other = Catalogue("EUR", (action("a", cost=0.01),))
    assert one.digest == digest(one) != other.digest


@pytest.mark.parametrize(
    ("ids", "message"),
    [(["a", "a"], "two actions share one id in `action_id`: `a`"), (["hold"], "no action may be called hold")],
    ids=["doubled id", "an action called hold"],
)
def test_a_faulty_catalogue_is_refused(ids, message):
    with pytest.raises(InvalidInput, match=message):
        Catalogue("EUR", tuple(action(one) for one in ids))


def test_an_unknown_candidate_is_named():
    with pytest.raises(InvalidInput, match="unknown action in `candidates`: `z`; name actions of the catalogue"):
        Catalogue("EUR", (action("a"),)).named(["z"])
