"""Read, create and write engagement data."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from heed.decisioning.errors import ContractError
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.row_checks import CheckedTable, check_references, check_table
from heed.training.contract.table_digest import digest_tables
from heed.training.contract.table_files import (
    StoredTable,
    find_table,
    load_table,
    refuse_duplicate_columns,
    save_table,
    table_in_memory,
    to_arrow,
)
from heed.training.contract.table_schemas import OPTIONAL_TABLES, table_schemas
from heed.training.contract.validation_report import ValidationReport


def read_engagement(directory: Path, *, strict: bool = False) -> tuple[EngagementData, ValidationReport]:
    """Read and validate a directory of tables, ``<table>.parquet`` or ``<table>.csv`` each.

    ``signals`` and ``outcomes`` may be absent. Rows that violate the contract are rejected and reported.

    Parameters
    ----------
    strict : bool
        Raise an error for any rejected row.

    Raises
    ------
    ContractError
        If a table or a required column is missing, a file cannot be read, or more than 5 % of the rows of a table (any
        row, if `strict`) are rejected; the message then contains the report.
    """
    return _validated({name: _stored(Path(directory), name) for name in table_schemas()}, strict=strict)


def from_frames(
    *,
    actions: pd.DataFrame,
    customers: pd.DataFrame,
    contacts: pd.DataFrame,
    signals: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
) -> EngagementData:
    """Validate and normalise tables in memory; the index of frames is ignored.

    Raises
    ------
    ContractError
        If any row violates the contract.
    """
    frames = {
        "actions": actions,
        "customers": customers,
        "signals": signals,
        "contacts": contacts,
        "outcomes": outcomes,
    }
    return _validated({name: _from_frame(name, frame) for name, frame in frames.items()}, strict=True)[0]


def write_engagement(data: EngagementData, directory: Path) -> None:
    """Write the tables as Parquet; :func:`read_engagement` reads equal data with the same digest.

    Raises
    ------
    ContractError
        If the directory already holds a table as CSV.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stale = next((path for name, _ in data.tables() if (path := directory / f"{name}.csv").exists()), None)
    if stale is not None:
        raise ContractError("the directory holds a table as CSV", field="directory", value=stale, remedy="remove it")
    for name, frame in data.tables():
        save_table(to_arrow(frame), directory / f"{name}.parquet")


def _stored(directory: Path, name: str) -> StoredTable:
    path = find_table(directory, name)
    if path is not None:
        return load_table(path)
    if name not in OPTIONAL_TABLES:
        remedy = f"add {name}.parquet or {name}.csv"
        raise ContractError("a table is missing", field=name, value=directory, remedy=remedy)
    return _absent(name)


def _absent(name: str) -> StoredTable:
    return table_in_memory(name, pa.table({column: pa.nulls(0) for column in table_schemas()[name].columns}))


def _from_frame(name: str, frame: pd.DataFrame | None) -> StoredTable:
    if frame is None:
        return _absent(name)
    refuse_duplicate_columns([str(column) for column in frame.columns], name)
    try:
        return table_in_memory(name, to_arrow(frame))
    except pa.ArrowException as error:
        raise ContractError(
            f"a column mixes types ({error})", field=name, remedy="give each column one type"
        ) from error


def _validated(stored: Mapping[str, StoredTable], *, strict: bool) -> tuple[EngagementData, ValidationReport]:
    tables = {name: check_table(name, table) for name, table in stored.items()}
    check_references(tables)
    report = ValidationReport(tuple(table.report() for table in tables.values()))
    if (strict and report.rejected) or not all(table.tolerable for table in report.tables):
        limit = (
            "rows violate the data contract" if strict else "more than 5 % of a table's rows violate the data contract"
        )
        raise ContractError(f"{limit}\n{report.to_text()}\n", remedy="correct the rows named above")
    return _data(tables), report


def _data(tables: Mapping[str, CheckedTable]) -> EngagementData:
    frames = {name: table.accepted() for name, table in tables.items()}
    return EngagementData(**frames, digest=digest_tables(frames.items()))
