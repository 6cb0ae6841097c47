"""Tables on disk, one Parquet or CSV file each."""

import csv
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from heed.decisioning.errors import ContractError

SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class StoredTable:
    """A table as stored, before validation.

    Attributes
    ----------
    file : str
        Name of the file, or of the table for data from memory.
    content : pyarrow.Table
        Rows with as many cells as the header.
    rows : numpy.ndarray
        Row number in the file of each row of `content`, from 1, without the header.
    typed : bool
        Whether the format stores types; CSV does not.
    broken : mapping of int to str
        Row number and text of rows with too few or too many cells.
    """

    file: str
    content: pa.Table
    rows: np.ndarray
    typed: bool
    broken: dict[int, str] = field(default_factory=dict)


def table_in_memory(name: str, content: pa.Table) -> StoredTable:
    """A table that was not read from a file."""
    return StoredTable(name, content, np.arange(1, len(content) + 1), typed=True)


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """The columns of `frame` as an Arrow table, without its index.

    Raises
    ------
    pyarrow.ArrowException
        If a column mixes types.
    """
    return pa.table({str(name): _arrow_column(frame[name]) for name in frame.columns})


def _arrow_column(column: pd.Series) -> pa.Array:
    # pyarrow 25 reads `Series.values`, which pandas 3.1 deprecates for times with a zone.
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return pa.array(column.dt.tz_convert(None).to_numpy()).cast(pa.timestamp("us", tz="UTC"), safe=False)
    return pa.array(column, from_pandas=True)


def find_table(directory: Path, table: str) -> Path | None:
    """The file of `table`, or None.

    Raises
    ------
    ContractError
        If `directory` is not a directory, or holds the table in both formats.
    """
    if not directory.is_dir():
        remedy = "give the directory that holds actions, customers, contacts"
        raise ContractError("no such directory", field="directory", value=directory, remedy=remedy)
    paths = [directory / f"{table}{suffix}" for suffix in SUFFIXES if (directory / f"{table}{suffix}").is_file()]
    if len(paths) > 1:
        names = " and ".join(path.name for path in paths)
        raise ContractError(
            "a table is stored in two formats", field=table, value=names, remedy="keep one of the two files"
        )
    return paths[0] if paths else None


def load_table(path: Path) -> StoredTable:
    """Read one table.

    Raises
    ------
    ContractError
        If the file cannot be read, or a column name is duplicated.
    """
    try:
        return _load_csv(path) if path.suffix == ".csv" else _load_parquet(path)
    except (pa.ArrowException, OSError, UnicodeDecodeError, csv.Error) as error:
        remedy = "write it again as UTF-8 CSV with commas and a header, or as Parquet"
        raise ContractError(f"cannot read {path.name} ({error})", field=path.name, remedy=remedy) from error


def save_table(content: pa.Table, path: Path) -> None:
    """Write Parquet (zstd) atomically."""
    draft = path.with_suffix(".parquet.draft")
    pq.write_table(content, draft, compression="zstd")
    draft.replace(path)


def refuse_duplicate_columns(names: list[str], file: str) -> None:
    """Raise ContractError if a column name is duplicated."""
    doubled = next((name for name in names if names.count(name) > 1), None)
    if doubled is not None:
        raise ContractError(f"duplicate column in {file}", field=doubled, remedy="rename or remove one of them")


def _load_parquet(path: Path) -> StoredTable:
    refuse_duplicate_columns(pq.read_schema(path).names, path.name)
    content = pq.read_table(path, partitioning=None)
    return StoredTable(path.name, content, np.arange(1, len(content) + 1), typed=True)


def _load_csv(path: Path) -> StoredTable:
    header = _header(path)
    refuse_duplicate_columns(header, path.name)
    broken: dict[int, str] = {}

    def set_aside(row: pa_csv.InvalidRow) -> str:
        broken[row.number - 1] = row.text
        return "skip"

    content = pa_csv.read_csv(
        path,
        # One thread, since parallel parsing gives no row numbers.
        read_options=pa_csv.ReadOptions(use_threads=False),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True, invalid_row_handler=set_aside),
        convert_options=pa_csv.ConvertOptions(
            column_types={name: pa.string() for name in header},
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    rows = np.setdiff1d(np.arange(1, len(content) + len(broken) + 1), list(broken))
    return StoredTable(path.name, content, rows, typed=False, broken=broken)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines), [])
