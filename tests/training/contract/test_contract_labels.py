"""Labels: an outcome counts for the contact it names, or the latest one, and only within the window."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import Autonomy, MessageClass
from heed.decisioning.errors import ContractError
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.engagement_io import from_frames
from heed.training.contract.outcome_labels import (
    is_matured,
    last_moment,
    outcome_labels,
    outcome_windows,
    primary_outcome,
)
from tests.support.contract_frames import at, frames

DAY = pd.Timedelta(days=1)
START = at("2026-03-01T12:00:00")


def history(contacts, outcomes):
    """One customer: contacts as (day, action), outcomes as (day, contact position or None, type)."""
    kept = {name: frame for name, frame in frames().items() if name in ("actions", "customers")}
    ids = [f"k{number}" for number in range(len(contacts))]
    shown = {"contact_id": ids, "customer_id": "c00", "action_id": [action for _, action in contacts]}
    happened = {
        "outcome_id": [f"o{number}" for number in range(len(outcomes))],
        "customer_id": "c00",
        "contact_id": pd.Series([None if one is None else ids[one] for _, one, _ in outcomes], dtype="str"),
        "type": [kind for _, _, kind in outcomes],
    }
    return from_frames(
        **kept,
        contacts=pd.DataFrame(shown).assign(at=pd.Series([START + DAY * day for day, _ in contacts])),
        outcomes=pd.DataFrame(happened).assign(at=pd.Series([START + DAY * day for day, _, _ in outcomes])),
    )


SECOND = 1 / 86_400
CASES = {
    "an outcome at the moment of contact counts": ([(0, "mail")], [(0, 0, "purchase")], [True]),
    "an outcome just before the window's end counts": ([(0, "mail")], [(7 - SECOND, 0, "purchase")], [True]),
    "an outcome at the window's end does not": ([(0, "mail")], [(7, 0, "purchase")], [False]),
    "an outcome before its contact does not": ([(0, "mail")], [(-SECOND, 0, "purchase")], [False]),
    "the longer window of a call counts for the call": ([(0, "call")], [(10, 0, "purchase")], [True]),
    "hold has the longest window": ([(0, "hold")], [(13.9, 0, "purchase")], [True]),
    "another type does not count": ([(0, "mail")], [(1, 0, "opt_out")], [False]),
    "an outcome that names the earlier contact counts there": (
        [(0, "mail"), (1, "mail")],
        [(2, 0, "purchase")],
        [True, False],
    ),
    "an outcome without a contact counts for the latest": (
        [(0, "mail"), (1, "mail")],
        [(2, None, "purchase")],
        [False, True],
    ),
    "an outcome without a contact never skips back over a closed window": (
        [(0, "call"), (1, "mail")],
        [(9, None, "purchase")],
        [False, False],
    ),
    "an outcome between two contacts counts for the first": (
        [(0, "mail"), (3, "mail")],
        [(2, None, "purchase")],
        [True, False],
    ),
    "of two contacts at one moment the last in the table gets it": (
        [(0, "mail"), (0, "call")],
        [(1, None, "purchase")],
        [False, True],
    ),
    "an outcome before any contact counts nowhere": ([(0, "mail")], [(-3, None, "purchase")], [False]),
    "two outcomes are one success": ([(0, "mail")], [(1, 0, "purchase"), (2, None, "purchase")], [True]),
}


@pytest.mark.parametrize(("contacts", "outcomes", "expected"), CASES.values(), ids=CASES.keys())
def test_labels(contacts, outcomes, expected):
    assert outcome_labels(history(contacts, outcomes), "purchase").tolist() == expected


def test_labels_keep_the_order_of_contacts_whatever_their_times():
    data = history([(5, "mail"), (0, "mail")], [(6, None, "purchase")])
    assert outcome_labels(data, "purchase").tolist() == [True, False]


def test_labels_without_outcomes_are_all_false():
    assert not outcome_labels(history([(0, "mail"), (1, "hold")], []), "purchase").any()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 30), st.sampled_from(["mail", "call", "hold"])), min_size=1, max_size=8),
    st.lists(st.tuples(st.integers(0, 40), st.none(), st.just("purchase")), max_size=8),
)
@pytest.mark.slow
def test_labels_agree_with_a_walk_over_the_history(contacts, outcomes):
    reach = {"mail": 7, "call": 14, "hold": 14}
    expected = [False] * len(contacts)
    for moment, _, _ in outcomes:
        before = [(day, row) for row, (day, _) in enumerate(contacts) if day <= moment]
        if before and moment < max(before)[0] + reach[contacts[max(before)[1]][1]]:
            expected[max(before)[1]] = True
    assert outcome_labels(history(contacts, outcomes), "purchase").tolist() == expected


def test_windows_are_those_of_the_actions_and_the_longest_for_hold():
    days = outcome_windows(history([(0, "mail"), (0, "call"), (0, "hold")], []), "purchase") / np.timedelta64(1, "D")
    assert days.tolist() == [7, 14, 14]


def test_a_contact_matures_when_its_window_ends():
    data = history([(0, "mail"), (0, "call"), (3, "mail")], [])
    assert is_matured(data, "purchase", START + 7 * DAY).tolist() == [True, False, False]
    assert is_matured(data, "purchase", START + 14 * DAY).all()


def test_a_contact_watched_to_a_known_time_matures_by_that():
    tables = frames()
    tables["contacts"]["observed_until"] = tables["contacts"]["at"] + 7 * DAY
    data = from_frames(**tables)
    mails = (data.contacts["action_id"] == "mail").to_numpy()
    assert (is_matured(data, "purchase", START) == mails).all()


def test_the_last_moment_is_that_of_the_last_event():
    data = history([(0, "mail")], [(3, 0, "purchase")])
    assert last_moment(data) == START + 3 * DAY


def test_the_last_moment_of_nothing_is_refused():
    with pytest.raises(ContractError, match="has no events"):
        last_moment(history([], []))


def test_the_primary_outcome_is_the_one_all_actions_share():
    tables = frames()
    assert primary_outcome(from_frames(**tables)) == "purchase"
    tables["actions"]["outcome"] = ["purchase", "visit"]
    with pytest.raises(ContractError, match="`purchase, visit`; choose the type to learn with --outcome"):
        primary_outcome(from_frames(**tables))


def test_the_catalogue_carries_every_column_of_the_actions():
    tables = frames()
    tables["actions"] = tables["actions"].assign(
        cost=[0.1, 4.0],
        message_class=["marketing", "service"],
        autonomy=["assist", "suggest"],
        valid_until=[START, pd.NaT],
        eligibility=["customer.age >= 18", None],
    )
    catalogue = to_catalogue(from_frames(**tables), currency="USD")
    mail, call = catalogue.actions
    assert catalogue.currency == "USD"
    assert (mail.action_id, mail.value, mail.cost, mail.outcome, mail.window_days) == (
        "mail",
        20.0,
        0.1,
        "purchase",
        7.0,
    )
    assert (mail.eligibility, mail.valid_from, mail.valid_until) == ("customer.age >= 18", None, START.to_pydatetime())
    assert (call.message_class, call.autonomy) == (MessageClass.SERVICE, Autonomy.SUGGEST)
    assert (mail.attributes, call.attributes) == ({"colour": "red", "urgent": True}, {"urgent": False})
    assert len(catalogue.digest) == 64
