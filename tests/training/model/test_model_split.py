from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heed.training.errors import TrainingError
from heed.training.model.split import SPLITS, Part, folds, split

START = pd.Timestamp("2026-01-01", tz="UTC")


def contacts(customers: int, each: int = 3) -> pd.DataFrame:
    ids = [f"c{number}" for number in range(customers) for _ in range(each)]
    days = np.random.default_rng(0).permutation(len(ids))
    return pd.DataFrame({"customer_id": ids, "at": START + pd.to_timedelta(days, unit="D")})


@pytest.mark.parametrize("by", SPLITS)
def test_every_contact_is_in_one_part_and_no_customer_in_two(by: str) -> None:
    table = contacts(400)
    parts = split(table, by, seed=1)
    assert np.array_equal(np.sort(np.concatenate([parts[part] for part in Part])), np.arange(len(table)))
    owners = [set(table["customer_id"].iloc[parts[part]]) for part in Part]
    assert sum(len(ids) for ids in owners) == 400


@pytest.mark.parametrize("by", SPLITS)
def test_parts_are_of_their_size(by: str) -> None:
    parts = split(contacts(4_000, each=1), by, seed=3)
    assert [len(parts[part]) / 4_000 for part in Part] == pytest.approx([0.85, 0.15], abs=0.02)


@pytest.mark.parametrize("by", SPLITS)
def test_the_order_of_the_table_changes_nothing(by: str) -> None:
    table = contacts(200)
    turned = table.iloc[::-1].reset_index(drop=True)
    found = {part: set(table["customer_id"].iloc[rows]) for part, rows in split(table, by, 5).rows.items()}
    again = {part: set(turned["customer_id"].iloc[rows]) for part, rows in split(turned, by, 5).rows.items()}
    assert found == again


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_customer_stays_in_the_same_part_when_others_come(seed: int) -> None:
    few, many = contacts(60, each=1), contacts(90, each=1)
    sealed = set(split(few, "customer", 0)[Part.TEST])
    assert sealed <= set(split(many, "customer", 0)[Part.TEST])
    assert SPLITS["customer"](few, seed).by == "customer"


def test_another_seed_gives_other_parts() -> None:
    table = contacts(400)
    assert set(split(table, "customer", 1)[Part.TEST]) != set(split(table, "customer", 2)[Part.TEST])


def test_by_time_the_customers_contacted_last_are_sealed() -> None:
    table = contacts(400)
    parts = split(table, "time", seed=0)
    last = table.groupby("customer_id")["at"].max()
    ends = [last[table["customer_id"].iloc[parts[part]].unique()] for part in Part]
    assert all(earlier.max() <= later.min() for earlier, later in pairwise(ends))


def test_by_time_equal_moments_are_split_as_well() -> None:
    table = contacts(400, each=1).assign(at=START)
    parts = split(table, "time", seed=0)
    assert [len(parts[part]) for part in Part] == [340, 60]


def test_an_unknown_split_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"unknown split in `split`: `rows`; use one of customer, time"):
        split(contacts(40), "rows", 0)


def test_too_few_customers_are_refused() -> None:
    with pytest.raises(TrainingError, match=r"no contacts fall into a part.*more than 1 customers"):
        split(contacts(1), "customer", 0)


def test_no_customer_is_in_two_folds_and_folds_are_of_about_equal_size() -> None:
    customer = np.repeat(np.arange(400), 3)
    fold = folds(customer, 4, seed=0)
    assert len(set(zip(customer.tolist(), fold.tolist(), strict=True))) == 400
    assert np.bincount(fold).tolist() == [300, 300, 300, 300]
    assert not np.array_equal(fold, folds(customer, 4, seed=1))
