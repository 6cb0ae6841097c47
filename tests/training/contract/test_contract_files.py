"""Structural faults refuse the data; good files give the same data in either format."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heed.decisioning.errors import ContractError
from heed.training.contract.engagement_io import from_frames, read_engagement, write_engagement
from heed.training.contract.table_schemas import attribute_columns
from tests.support.contract_frames import frames, spoilt, store_csv, store_parquet


def test_a_directory_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ContractError, match=r"no such directory.*nowhere"):
        read_engagement(tmp_path / "nowhere")


@pytest.mark.parametrize("table", ["actions", "customers", "contacts"])
def test_a_missing_table_is_named_with_the_remedy(tmp_path, table):
    store_csv({name: frame for name, frame in frames().items() if name != table}, tmp_path)
    with pytest.raises(ContractError, match=rf"a table is missing in `{table}`.*add {table}.parquet or {table}.csv"):
        read_engagement(tmp_path)


def test_signals_and_outcomes_may_be_absent(tmp_path):
    tables = {name: frame for name, frame in frames().items() if name not in ("signals", "outcomes")}
    data, report = read_engagement(store_csv(tables, tmp_path))
    assert (len(data.signals), len(data.outcomes), report.rejected) == (0, 0, 0)
    assert data.digest == from_frames(**tables).digest


def test_a_table_in_both_formats_is_refused(tmp_path):
    store_csv(frames(), store_parquet(frames(), tmp_path))
    with pytest.raises(ContractError, match=r"stored in two formats in `actions`: `actions.parquet and actions.csv`"):
        read_engagement(tmp_path)


@pytest.mark.parametrize("store", [store_csv, store_parquet], ids=["csv", "parquet"])
def test_a_missing_required_column_is_named_with_those_found(tmp_path, store):
    tables = frames()
    del tables["contacts"]["at"]
    with pytest.raises(
        ContractError, match=r"missing from contacts\.\w+ in `at`; .*contact_id, customer_id, action_id"
    ):
        read_engagement(store(tables, tmp_path))


def test_a_column_that_stands_twice_in_a_csv_is_refused(tmp_path):
    path = store_csv(frames(), tmp_path) / "customers.csv"
    path.write_text(path.read_text().replace("time_zone", "age", 1))
    with pytest.raises(ContractError, match=r"duplicate column in customers.csv in `age`"):
        read_engagement(tmp_path)


def test_a_column_that_stands_twice_in_a_parquet_is_refused(tmp_path):
    store_parquet(frames(), tmp_path)
    ids = pa.array(["a", "b"])
    pq.write_table(pa.table([ids, ids], names=["customer_id", "customer_id"]), tmp_path / "customers.parquet")
    with pytest.raises(ContractError, match=r"duplicate column in customers.parquet in `customer_id`"):
        read_engagement(tmp_path)


UNREADABLE = {
    "an empty csv": ("customers.csv", b""),
    "a csv in latin-1": ("customers.csv", "customer_id,name\nc00,Zoë\n".encode("latin-1")),
    "a parquet that is text": ("customers.parquet", b"customer_id\nc00\n"),
}


@pytest.mark.parametrize(("name", "content"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_file_is_named_with_the_remedy(tmp_path, name, content):
    store_csv(frames(), tmp_path)
    (tmp_path / "customers.csv").unlink()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ContractError, match=rf"cannot read {name}.*write it again as UTF-8"):
        read_engagement(tmp_path)


UNFIT = {
    "a list": (pa.array([["a"]] * 40), "cannot read a column of this type in `customers.parquet extra`"),
    "a time": (pa.array([0] * 40, pa.timestamp("us")), "an attribute may not be a time in `customers.parquet extra`"),
}


@pytest.mark.parametrize(("column", "message"), UNFIT.values(), ids=UNFIT.keys())
def test_an_attribute_of_a_type_without_meaning_is_refused(tmp_path, column, message):
    store_parquet(frames(), tmp_path)
    customers = pq.read_table(tmp_path / "customers.parquet")
    pq.write_table(customers.append_column("extra", column), tmp_path / "customers.parquet")
    with pytest.raises(ContractError, match=message):
        read_engagement(tmp_path)


def test_fractional_ids_are_refused_and_whole_ones_become_text():
    tables = frames()
    tables["customers"]["customer_id"] = range(40)
    for name in ("signals", "contacts", "outcomes"):
        tables[name]["customer_id"] = range(40)
    assert from_frames(**tables).customers["customer_id"].tolist()[:2] == ["0", "1"]
    tables["customers"]["customer_id"] = tables["customers"]["customer_id"].astype(float)
    with pytest.raises(ContractError, match=r"expected text in `customers customer_id`: `double`"):
        from_frames(**tables)


def test_a_column_of_mixed_types_is_refused():
    with pytest.raises(ContractError, match=r"mixes types.*in `customers`"):
        from_frames(**spoilt("customers", "age", "old"))


def test_a_naive_parquet_time_is_refused_with_the_remedy(tmp_path):
    tables = frames()
    tables["contacts"]["at"] = tables["contacts"]["at"].dt.tz_localize(None)
    with pytest.raises(
        ContractError, match=r"contacts.parquet at: has no offset from UTC: write the time as .* \(40 rows"
    ):
        read_engagement(store_parquet(tables, tmp_path))


def test_csv_and_parquet_give_the_same_data(tmp_path):
    for name, store in (("csv", store_csv), ("parquet", store_parquet)):
        (tmp_path / name).mkdir()
        store(frames(), tmp_path / name)
    (csv, _), (parquet, _) = read_engagement(tmp_path / "csv"), read_engagement(tmp_path / "parquet")
    assert csv.digest == parquet.digest == from_frames(**frames()).digest
    for (_, left), (_, right) in zip(csv.tables(), parquet.tables(), strict=True):
        pd.testing.assert_frame_equal(left, right)


def test_a_csv_from_a_spreadsheet_with_byte_order_mark_reads(tmp_path):
    path = store_csv(frames(), tmp_path) / "customers.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_engagement(tmp_path)[0].digest == from_frames(**frames()).digest


def test_what_is_written_reads_back_the_same(tmp_path):
    data = from_frames(**frames())
    write_engagement(data, tmp_path / "new")
    again, report = read_engagement(tmp_path / "new", strict=True)
    assert (again.digest, report.rejected) == (data.digest, 0)


def test_writing_beside_a_csv_is_refused(tmp_path):
    store_csv(frames(), tmp_path)
    with pytest.raises(ContractError, match=r"holds a table as CSV.*actions.csv"):
        write_engagement(from_frames(**frames()), tmp_path)


def test_defaults_stand_in_for_absent_and_empty_cells():
    tables = frames()
    tables["actions"]["autonomy"] = [None, "shadow"]
    data = from_frames(**tables)
    assert data.actions["autonomy"].tolist() == ["assist", "shadow"]
    assert data.actions["message_class"].tolist() == ["marketing", "marketing"]
    assert data.actions["cost"].tolist() == [0.0, 0.0]
    assert set(data.signals["certainty"]) == {1.0}


def test_columns_beyond_the_contract_are_attributes_in_the_order_of_their_names():
    data = from_frames(**frames())
    assert attribute_columns("actions", data.actions) == ("colour", "urgent")
    assert [str(data.actions[name].dtype) for name in ("colour", "urgent")] == ["str", "boolean"]
    assert attribute_columns("contacts", data.contacts) == ("device",)


GUESSES = {
    "whole and fractional numbers": (["1", "2.5", "-3e2"], "float64"),
    "post codes with a leading zero": (["01067", "10115", "99084"], "str"),
    "yes and no as true and false": (["true", "FALSE", ""], "boolean"),
    "numbers and a word": (["1", "2", "many"], "str"),
    "the country code of Namibia": (["NA", "DE", "GB"], "str"),
    "nothing at all": (["", "", ""], "str"),
}


@pytest.mark.parametrize(("values", "dtype"), GUESSES.values(), ids=GUESSES.keys())
def test_a_csv_attribute_gets_the_type_its_values_share(tmp_path, values, dtype):
    tables = frames()
    tables["customers"]["extra"] = (values * 14)[:40]
    data, _ = read_engagement(store_csv(tables, tmp_path), strict=True)
    assert str(data.customers["extra"].dtype) == dtype
    assert data.customers["extra"].isna().sum() == (values * 14)[:40].count("")


def test_column_order_does_not_change_the_digest_and_row_order_does():
    plain, turned, shuffled = frames(), frames(), frames()
    turned["customers"] = turned["customers"][["age", "time_zone", "customer_id"]]
    shuffled["customers"] = shuffled["customers"].iloc[::-1]
    assert from_frames(**plain).digest == from_frames(**turned).digest
    assert from_frames(**plain).digest != from_frames(**shuffled).digest


@pytest.mark.parametrize("table", ["actions", "customers", "signals", "contacts", "outcomes"])
def test_the_digest_covers_every_table(table):
    tables = frames()
    tables[table]["mark"] = 1
    assert from_frames(**tables).digest != from_frames(**frames()).digest


finite = st.none() | st.floats(allow_nan=False, allow_infinity=False)
words = st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(numbers=st.lists(finite, min_size=40, max_size=40), notes=st.lists(words, min_size=40, max_size=40))
def test_any_attribute_survives_writing_and_reading(tmp_path_factory, numbers, notes):
    tables = frames()
    tables["customers"] = tables["customers"].assign(
        number=pd.Series(numbers, dtype=float), note=pd.Series(notes, dtype="str")
    )
    data = from_frames(**tables)
    directory = tmp_path_factory.mktemp("contract")
    write_engagement(data, directory)
    again, _ = read_engagement(directory, strict=True)
    assert again.digest == data.digest
    pd.testing.assert_frame_equal(again.customers, data.customers)
