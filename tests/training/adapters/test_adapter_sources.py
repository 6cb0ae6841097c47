"""A data set is found by its columns: not by the names of its files, and never twice."""

import shutil
import zipfile

import pandas as pd
import pyarrow.parquet as pq
import pytest

from heed.decisioning.errors import ContractError, InvalidInput
from heed.training.adapters.registry import NAMES, adapter
from heed.training.adapters.source_files import FileFormat, load_source, only_source, scan_sources
from heed.training.contract.table_files import to_arrow
from tests.support.public_datasets import hillstrom_rows, store_hillstrom

WANTED = ("segment", "visit")


def stored(rows, path, form):
    if form is FileFormat.PARQUET:
        pq.write_table(to_arrow(rows), path)
    elif form is FileFormat.STATA:
        rows.to_stata(path, write_index=False, version=114)
    elif form is FileFormat.JSON_LINES:
        rows.to_json(path, orient="records", lines=True)
    else:
        rows.to_csv(path, index=False, sep=form.value)
    return path


@pytest.mark.parametrize("form", list(FileFormat), ids=[form.name.lower() for form in FileFormat])
def test_a_table_is_recognised_in_every_form_under_any_name(tmp_path, form):
    rows = hillstrom_rows()
    source = only_source(scan_sources(stored(rows, tmp_path / "anything.bin", form)), WANTED, "the trial")
    assert source.form is form
    loaded = load_source(source)
    assert loaded["segment"].tolist() == rows["segment"].tolist()
    assert loaded["spend"].tolist() == pytest.approx(rows["spend"].tolist())


def test_a_modern_stata_file_is_recognised(tmp_path):
    path = tmp_path / "file"
    hillstrom_rows().to_stata(path, write_index=False, version=118)
    assert only_source(scan_sources(path), WANTED, "the trial").form is FileFormat.STATA


def test_the_table_is_found_deep_in_a_folder_among_other_files(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "README.md").write_text("# notes, and, more")
    (tmp_path / "picture").write_bytes(bytes(range(256)))
    (tmp_path / "empty").write_bytes(b"")
    with zipfile.ZipFile(tmp_path / "old.zip", "w") as archive:
        archive.writestr("x", "y")
    store_hillstrom(tmp_path / "a" / "b" / "x.csv")
    assert len(adapter("hillstrom")(tmp_path).contacts) == 6


def test_two_files_with_the_same_columns_are_refused_since_rows_would_count_twice(tmp_path):
    store_hillstrom(tmp_path / "x.csv")
    shutil.copy(tmp_path / "x.csv", tmp_path / "y.csv")
    with pytest.raises(ContractError, match=r"several files hold the Hillstrom.*\(x\.csv, y\.csv\).*name one of them"):
        adapter("hillstrom")(tmp_path)


def test_a_missing_column_is_answered_with_what_was_looked_for_and_found(tmp_path):
    hillstrom_rows().drop(columns="visit").to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(ContractError, match=r"no file with the columns of .* \(.*visit.*\).*found x\.csv has channel"):
        adapter("hillstrom")(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_folder_is_refused_by_every_adapter(tmp_path, name):
    with pytest.raises(ContractError, match="found no table at all"):
        adapter(name)(tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_a_place_that_is_not_there_is_named_by_every_adapter(tmp_path, name):
    with pytest.raises(ContractError, match=r"no such file or folder in `source`: .*nowhere"):
        adapter(name)(tmp_path / "nowhere")


def test_a_damaged_file_is_named(tmp_path):
    path = stored(hillstrom_rows(), tmp_path / "x", FileFormat.JSON_LINES)
    path.write_text(path.read_text() + '{"recency": "a line cut\n')
    with pytest.raises(ContractError, match="cannot read x as json lines"):
        load_source(only_source(scan_sources(path), WANTED, "the trial"))


def test_an_unknown_adapter_is_answered_with_those_there_are():
    with pytest.raises(InvalidInput, match=r"`criteo`; choose one of hillstrom, starbucks, bank_marketing"):
        adapter("criteo")


def test_a_folder_of_too_many_files_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("heed.training.adapters.source_files.MAX_FILES", 2)
    for number in range(3):
        pd.DataFrame({"a": [1]}).to_csv(tmp_path / f"{number}.csv", index=False)
    with pytest.raises(ContractError, match=r"more than 2 files are below"):
        scan_sources(tmp_path)
