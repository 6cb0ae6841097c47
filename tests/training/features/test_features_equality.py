"""Training and serving compute the same features, to the last bit."""

import random
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.catalogue import HOLD
from heed.training.contract.engagement_io import from_frames
from heed.training.features.definition import define_features
from heed.training.features.feature_matrix import MatrixBuilder, serving_matrix, training_matrix
from heed.training.features.feature_schema import FeatureSchema
from tests.support.engagement_strategies import (
    ACTIONS,
    DAY,
    Heard,
    Offered,
    Person,
    Story,
    bits,
    catalogue,
    data_of,
    facts_of,
    frames_of,
    full_schema,
    stories,
)

RICH = Story(
    people=(Person("Europe/Berlin", 40.0, "plus", vip=True, jurisdiction="DE"), Person()),
    heard=(Heard(0, -DAY, certainty=0.3), Heard(0, -DAY, "open", None), Heard(1, -3, "visit", "web")),
    offered=(Offered(0, -DAY, "nudge", "desk"), Offered(0, 0), Offered(1, 0, HOLD, "phone")),
)


def served(schema: FeatureSchema, story: Story, row: int) -> np.ndarray:
    """The row as a decision among all actions gives it."""
    names = list(ACTIONS)
    # An assembler that knows two of the actions beforehand must encode all of them alike.
    assembler = MatrixBuilder(schema, [catalogue()["mail"], catalogue()["nudge"]])
    matrix = assembler.matrix(facts_of(story, row), [catalogue()[name] for name in names], hold=True)
    action = story.offered[row].action
    chosen: np.ndarray = matrix[-1 if action == HOLD else names.index(action)]
    return chosen


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(story=stories())
def test_every_row_of_training_is_served_bit_for_bit(story: Story) -> None:
    schema = full_schema()
    trained = training_matrix(schema, data_of(story))
    for row in range(len(story.offered)):
        assert np.array_equal(bits(trained[row]), bits(served(schema, story, row))), story.offered[row]


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(story=stories(), fitted=st.integers(1, 25))
def test_a_declared_schema_serves_its_training_rows_bit_for_bit(story: Story, fitted: int) -> None:
    data = data_of(story)
    schema = define_features(data, np.arange(min(fitted, len(story.offered))))
    trained = training_matrix(schema, data)
    for row in range(len(story.offered)):
        assert np.array_equal(bits(trained[row]), bits(served(schema, story, row))), story.offered[row]


@settings(max_examples=25, deadline=None)
@given(story=stories(), chance=st.randoms(use_true_random=False))
def test_the_order_of_signals_and_contacts_changes_nothing(story: Story, chance: random.Random) -> None:
    shuffled = replace(story, heard=tuple(chance.sample(story.heard, len(story.heard))))
    schema, actions = full_schema(), list(catalogue().values())
    again = training_matrix(schema, data_of(shuffled))
    assert np.array_equal(bits(training_matrix(schema, data_of(story))), bits(again))
    customer = facts_of(shuffled, 0).customer
    turned = replace(facts_of(shuffled, 0), customer=replace(customer, contacts=customer.contacts[::-1]))
    straight = serving_matrix(schema, facts_of(story, 0), actions, hold=True)
    assert np.array_equal(bits(serving_matrix(schema, turned, actions, hold=True)), bits(straight))


@pytest.mark.parametrize("certainties", list(permutations((0.1, 0.2, 0.3))), ids=str)
def test_signals_of_one_moment_add_up_in_one_order(certainties: tuple[float, ...]) -> None:
    # (0.3 + 0.2) + 0.1 is 0.6, and (0.1 + 0.2) + 0.3 is not.
    story = Story(heard=tuple(Heard(0, -DAY, certainty=certainty) for certainty in certainties))
    schema = full_schema()
    column = schema.names.index("signal_click_1d")
    assert training_matrix(schema, data_of(story))[0, column] == served(schema, story, 0)[column] == 0.6


@settings(max_examples=25, deadline=None)
@given(story=stories(), late=st.lists(st.sampled_from([0, 1, DAY]), min_size=1, max_size=5))
def test_what_happens_at_or_after_the_decision_changes_nothing(story: Story, late: list[int]) -> None:
    last = max(range(len(story.offered)), key=lambda row: story.offered[row].at)
    decided = story.offered[last]
    heard = tuple(Heard(decided.who, decided.at + delay) for delay in late)
    offered = tuple(Offered(decided.who, decided.at + delay) for delay in late)
    later = replace(story, heard=story.heard + heard, offered=story.offered + offered)
    schema = full_schema()
    before, after = training_matrix(schema, data_of(story)), training_matrix(schema, data_of(later))
    assert np.array_equal(bits(before[last]), bits(after[last]))
    assert np.array_equal(bits(before[last]), bits(served(schema, later, last)))


@settings(max_examples=25, deadline=None)
@given(story=stories())
def test_renaming_and_reordering_customers_changes_nothing(story: Story) -> None:
    swap = {0: 2, 1: 0, 2: 1}
    renamed = Story(
        people=tuple(story.people[swap[who]] for who in range(3)),
        heard=tuple(replace(one, who=_back(swap, one.who)) for one in story.heard),
        offered=tuple(replace(one, who=_back(swap, one.who)) for one in story.offered),
    )
    schema = full_schema()
    assert np.array_equal(
        bits(training_matrix(schema, data_of(story))), bits(training_matrix(schema, data_of(renamed)))
    )


@settings(max_examples=40, deadline=None)
@given(story=stories(), chosen=st.sets(st.integers(0, 24), min_size=1))
def test_a_row_is_the_same_among_others_and_alone(story: Story, chosen: set[int]) -> None:
    rows = np.array(sorted(row % len(story.offered) for row in chosen))
    schema, data = full_schema(), data_of(story)
    assert np.array_equal(bits(training_matrix(schema, data, rows)), bits(training_matrix(schema, data)[rows]))


def test_data_that_the_contract_has_checked_gives_the_same_rows() -> None:
    checked = from_frames(**frames_of(RICH))
    schema = full_schema()
    assert np.array_equal(bits(training_matrix(schema, checked)), bits(training_matrix(schema, data_of(RICH))))
    assert define_features(checked, np.arange(3)) == define_features(data_of(RICH), np.arange(3))


def test_an_action_that_changed_since_it_was_encoded_is_encoded_anew() -> None:
    schema, mail = full_schema(), catalogue()["mail"]
    raised = replace(mail, value=99.0)
    row = MatrixBuilder(schema, [mail]).matrix(facts_of(Story(), 0), [raised])[0]
    assert row[schema.names.index("action.value")] == 99.0


def test_candidates_share_what_is_known_of_the_customer_and_differ_in_what_is_theirs() -> None:
    story = Story(offered=(Offered(0, -DAY), Offered(0, 0)), people=(Person(age=40.0),))
    schema = full_schema()
    mail, nudge, hold = serving_matrix(
        schema, facts_of(story, 1), [catalogue()["mail"], catalogue()["nudge"]], hold=True
    )
    named = schema.names.index
    assert mail[named("customer.age")] == nudge[named("customer.age")] == hold[named("customer.age")] == 40.0
    own = named("own_channel_contacts_7d")
    assert (mail[own], nudge[own]) == (1.0, 0.0)
    assert np.isnan(hold[own])


@pytest.mark.parametrize("rows", [1, 0], ids=["hold asked for", "hold not asked for"])
def test_a_decision_without_actions_has_the_row_of_hold_or_none(rows: int) -> None:
    matrix = serving_matrix(full_schema(), facts_of(Story(), 0), [], hold=rows == 1)
    assert matrix.shape == (rows, len(full_schema().names))


def _back(swap: dict[int, int], who: int) -> int:
    return next(new for new, old in swap.items() if old == who)
