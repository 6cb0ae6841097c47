"""Names that rules compare have one form, however the files spell them."""

import pandas as pd
import pytest

from heed.decisioning.errors import ContractError
from heed.training.contract.action_catalogue import read_catalogue, to_catalogue
from heed.training.contract.engagement_io import from_frames, read_engagement
from tests.support.contract_frames import frames, spoilt, store_csv, store_parquet


def respelt():
    """The small tables with every name spelt in another way."""
    tables = frames()
    tables["actions"] = tables["actions"].assign(
        channel=[" Email", "PHONE"], purpose="Marketing ", category=["Loyalty", "WINBACK"], outcome="Purchase"
    )
    tables["signals"] = tables["signals"].assign(type="Visit", channel=pd.Series(["EMAIL", None] * 20, dtype="str"))
    tables["outcomes"] = tables["outcomes"].assign(type="PURCHASE")
    return tables


@pytest.mark.parametrize("store", [store_csv, store_parquet], ids=["csv", "parquet"])
def test_names_in_files_take_their_one_form(tmp_path, store):
    data, report = read_engagement(store(respelt(), tmp_path))
    assert report.rejected == 0
    offered = [(one.channel, one.purpose, one.category, one.outcome) for one in to_catalogue(data).actions]
    assert offered == [("email", "marketing", "loyalty", "purchase"), ("phone", "marketing", "winback", "purchase")]
    assert set(data.signals["type"]) == {"visit"}
    assert set(data.signals["channel"].dropna()) == {"email"}
    assert data.signals["channel"].isna().sum() == 20
    assert set(data.outcomes["type"]) == {"purchase"}


def test_spelling_makes_no_difference_to_the_digest():
    tables = respelt()
    tables["signals"] = tables["signals"].drop(columns="channel")
    assert from_frames(**tables).digest == from_frames(**frames()).digest


def test_a_catalogue_file_gives_the_same_form(tmp_path):
    store_csv(respelt(), tmp_path)
    assert [one.channel for one in read_catalogue(tmp_path / "actions.csv").actions] == ["email", "phone"]


def test_ids_and_attributes_keep_their_spelling(tmp_path):
    tables = frames()
    tables["customers"] = tables["customers"].assign(segment="Gold ")
    tables["customers"]["customer_id"] = tables["customers"]["customer_id"].replace({"c00": "C00"})
    for name in ("signals", "contacts", "outcomes"):
        tables[name]["customer_id"] = tables[name]["customer_id"].replace({"c00": "C00"})
    data, _ = read_engagement(store_csv(tables, tmp_path))
    assert "C00" in set(data.customers["customer_id"])
    assert set(data.customers["segment"]) == {"Gold "}


@pytest.mark.parametrize("column", ["channel", "purpose", "category", "outcome"])
def test_a_name_of_nothing_but_space_is_missing(column):
    with pytest.raises(ContractError, match=rf"{column}.*is missing"):
        from_frames(**spoilt("actions", column, "  "))
