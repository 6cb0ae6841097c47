"""Bad rows: each is rejected, counted and named; none is dropped silently."""

import numpy as np
import pandas as pd
import pytest

from heed.decisioning.errors import ContractError
from heed.training.contract.engagement_io import from_frames, read_engagement
from tests.support.contract_frames import at, frames, spoilt, store_csv, store_parquet

# Tables of forty rows: one bad row is 2.5 %, within the tolerated 5 %.
ROW_FAULTS = {
    "customer id stands twice": ("customers", "customer_id", "c00", "is not unique"),
    "customer id is empty": ("customers", "customer_id", "", "is missing"),
    "time zone is an abbreviation": ("customers", "time_zone", "CEST", "IANA"),
    "signal id stands twice": ("signals", "signal_id", "sc00", "is not unique"),
    "signal of a stranger": ("signals", "customer_id", "nobody", "refers to no accepted customer"),
    "signal without a type": ("signals", "type", "", "is missing"),
    "signal time without offset": ("signals", "at", "2026-03-01T09:00:00", "has no offset from UTC"),
    "signal time is a date": ("signals", "at", "2026-03-01", "has no offset from UTC"),
    "signal time is a word": ("signals", "at", "yesterday", "is not a time"),
    "signal time has a 13th month": ("signals", "at", "2026-13-01T09:00:00Z", "is not a time"),
    "contact id stands twice": ("contacts", "contact_id", "kc00", "is not unique"),
    "contact of a stranger": ("contacts", "customer_id", "nobody", "refers to no accepted customer"),
    "contact with an unknown action": ("contacts", "action_id", "fax", "refers to no accepted action"),
    "contact without a time": ("contacts", "at", "", "is missing"),
    "propensity of 0": ("contacts", "propensity", "0", "greater than 0 and at most 1"),
    "propensity above 1": ("contacts", "propensity", "1.01", "greater than 0 and at most 1"),
    "propensity in words": ("contacts", "propensity", "a third", "is not a number"),
    "propensity not finite": ("contacts", "propensity", "1e999", "is not finite"),
    "outcome id stands twice": ("outcomes", "outcome_id", "oc00", "is not unique"),
    "outcome of a stranger": ("outcomes", "customer_id", "nobody", "refers to no accepted customer"),
    "outcome of an unknown contact": ("outcomes", "contact_id", "k?", "refers to no accepted contact"),
    "outcome of another customer's contact": ("outcomes", "contact_id", "kc30", "contact of another customer"),
    "outcome value in words": ("outcomes", "value", "much", "is not a number"),
}


@pytest.mark.parametrize(("table", "column", "value", "reason"), ROW_FAULTS.values(), ids=ROW_FAULTS.keys())
def test_a_bad_row_of_a_csv_is_set_aside_and_named(tmp_path, table, column, value, reason):
    data, report = read_engagement(store_csv(spoilt(table, column, value), tmp_path))
    of_table = next(one for one in report.tables if one.table == table)
    assert (of_table.read, of_table.accepted) == (40, 39)
    (fault,) = of_table.faults
    (rejection,) = fault.examples
    assert (fault.column, fault.count) == (column, 1)
    assert (rejection.file, rejection.row, rejection.value) == (f"{table}.csv", 2, value)
    assert reason in rejection.reason
    assert len(dict(data.tables())[table]) == 39


CATALOGUE_FAULTS = {
    "an action called hold": ("action_id", "hold", "reserved"),
    "an action id that stands twice": ("action_id", "mail", "is not unique"),
    "a message class that nobody knows": ("message_class", "spam", "must be one of marketing, service"),
    "an autonomy without guardrails": ("autonomy", "full", "must be one of shadow, suggest, assist"),
    "a negative value": ("value", -1.0, "must be 0 or more"),
    "a negative cost": ("cost", -0.01, "must be 0 or more"),
    "a window of no length": ("window_days", 0.0, "must be greater than 0"),
    "an outcome left out": ("outcome", None, "is missing"),
}


@pytest.mark.parametrize(("column", "value", "reason"), CATALOGUE_FAULTS.values(), ids=CATALOGUE_FAULTS.keys())
def test_one_of_two_actions_bad_is_too_many(column, value, reason):
    tables = frames()
    tables["actions"]["message_class"], tables["actions"]["autonomy"], tables["actions"]["cost"] = (
        "service",
        "assist",
        1.0,
    )
    tables["actions"][column] = pd.Series([tables["actions"][column].iloc[0], value])
    with pytest.raises(ContractError, match=rf"(?s)actions {column}.*{reason}.*row 2"):
        from_frames(**tables)


def test_an_action_that_ends_before_it_begins_is_named_by_its_end():
    tables = frames()
    tables["actions"]["valid_from"], tables["actions"]["valid_until"] = at("2026-03-02"), at("2026-03-01")
    with pytest.raises(ContractError, match=r"actions valid_until: must be later than valid_from \(2 rows"):
        from_frames(**tables)


def test_an_action_may_begin_or_end_at_no_known_time():
    tables = frames()
    tables["actions"]["valid_from"] = [at("2026-03-02"), pd.NaT]
    tables["actions"]["valid_until"] = [pd.NaT, at("2026-03-02")]
    assert len(from_frames(**tables).actions) == 2


def test_certainty_outside_its_range_is_set_aside(tmp_path):
    tables = frames()
    tables["signals"]["certainty"] = [0.0, 1.0] + [0.5] * 38
    data, report = read_engagement(store_parquet(tables, tmp_path))
    assert report.rejected == 1
    assert data.signals["certainty"].tolist() == [1.0] + [0.5] * 38


def test_rows_that_hang_on_a_rejected_row_go_with_it(tmp_path):
    _, report = read_engagement(store_csv(spoilt("customers", "customer_id", ""), tmp_path))
    assert {table.table: table.rejected for table in report.tables} == {
        "actions": 0,
        "customers": 1,
        "signals": 1,
        "contacts": 1,
        "outcomes": 1,
    }


def test_a_row_with_two_faults_counts_once_and_shows_both(tmp_path):
    tables = spoilt("contacts", "at", "soon")
    tables["contacts"]["propensity"] = ["0.25", "2"] + ["0.25"] * 38
    tables["outcomes"] = tables["outcomes"].drop(index=1)
    _, report = read_engagement(store_csv(tables, tmp_path))
    contacts = next(table for table in report.tables if table.table == "contacts")
    assert contacts.rejected == 1
    assert {fault.column for fault in contacts.faults} == {"at", "propensity"}


def test_csv_rows_with_too_few_or_too_many_cells_are_counted_with_their_place(tmp_path):
    tables = frames()
    tables["signals"] = pd.concat(
        [tables["signals"], tables["signals"].assign(signal_id=lambda one: one.signal_id + "b")]
    )
    path = store_csv(tables, tmp_path) / "signals.csv"
    lines = path.read_text().splitlines()
    lines[3], lines[5], lines[6] = "x,y", lines[5] + ",1,2", "bad" + lines[6][lines[6].index(",c05") + 4 :]
    path.write_text("\n".join(lines))
    _, report = read_engagement(tmp_path)
    signals = next(table for table in report.tables if table.table == "signals")
    assert (signals.read, signals.accepted) == (80, 77)
    assert sorted(one.row for fault in signals.faults for one in fault.examples) == [3, 5, 6]
    assert "cells of the header" in report.to_text()


def test_rows_after_a_broken_one_keep_their_place_in_the_file(tmp_path):
    path = store_csv(spoilt("signals", "type", "", row=20), tmp_path) / "signals.csv"
    lines = path.read_text().splitlines()
    lines[4] = "half a row"
    path.write_text("\n".join(lines))
    _, report = read_engagement(tmp_path)
    signals = next(table for table in report.tables if table.table == "signals")
    assert sorted((one.column, one.row) for fault in signals.faults for one in fault.examples) == [
        ("row", 4),
        ("type", 20),
    ]


def test_more_than_a_twentieth_of_bad_rows_refuses_the_data_with_the_report(tmp_path):
    tables = frames()
    tables["signals"]["type"] = [None] * 3 + ["visit"] * 37
    with pytest.raises(ContractError, match=r"(?s)more than 5 %.*signals.csv: 40 rows read, 37 accepted, 3 rejected"):
        read_engagement(store_csv(tables, tmp_path))


def test_a_twentieth_of_bad_rows_is_tolerated(tmp_path):
    tables = frames()
    tables["signals"]["type"] = [None] * 2 + ["visit"] * 38
    assert read_engagement(store_csv(tables, tmp_path))[1].rejected == 2


def test_strict_refuses_a_single_bad_row(tmp_path):
    store_csv(spoilt("signals", "type", ""), tmp_path)
    with pytest.raises(ContractError, match=r"signals.csv type: is missing \(1 rows, such as row 2: missing\)"):
        read_engagement(tmp_path, strict=True)


def test_the_report_speaks_to_programs_too(tmp_path):
    _, report = read_engagement(store_csv(spoilt("signals", "type", ""), tmp_path))
    said = report.to_dict()
    assert said["rejected"] == 1
    signals = next(one for one in said["tables"] if one["table"] == "signals")
    assert signals["faults"][0]["examples"][0]["row"] == 2


def test_long_values_are_shortened_in_the_report(tmp_path):
    _, report = read_engagement(store_csv(spoilt("signals", "at", "x" * 500), tmp_path))
    assert f"{'x' * 20}…{'x' * 19})" in report.to_text()
    assert "x" * 41 not in report.to_text()


def test_only_the_first_examples_of_a_fault_are_kept():
    tables = frames()
    tables["signals"]["certainty"] = np.full(40, 7.0)
    with pytest.raises(ContractError, match=r"certainty: .* \(40 rows, such as row 1: 7.0; row 2: 7.0; row 3: 7.0\)"):
        from_frames(**tables)
