"""Reading, making and writing engagement data."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa

from decisioning.errors import ContractError
from training.contract.checks import Checked, check, check_references
from training.contract.data import EngagementData
from training.contract.digest import digest_of
from training.contract.files import Stored, find, in_memory, load, refuse_doubled, save, to_arrow
from training.contract.report import Report
from training.contract.schema import OPTIONAL_TABLES, schemas


def read(directory: Path, *, strict: bool = False) -> tuple[EngagementData, Report]:
    """Read and check a directory of tables, ``<table>.parquet`` or ``<table>.csv`` each.

    ``signals`` and ``outcomes`` may be absent. A row that breaks the contract is set aside and reported.

    Parameters
    ----------
    strict : bool
        Refuse the data for a single bad row.

    Raises
    ------
    ContractError
        If a table or a required column is missing, a file cannot be read, or more than 5 % of the rows of a table
        (any row, if `strict`) are bad; the message then carries the report.
    """
    return _judge({name: _stored(Path(directory), name) for name in schemas()}, strict=strict)


def from_frames(
    *,
    actions: pd.DataFrame,
    customers: pd.DataFrame,
    contacts: pd.DataFrame,
    signals: pd.DataFrame | None = None,
    outcomes: pd.DataFrame | None = None,
) -> EngagementData:
    """Check and normalise tables made in memory; the index of a frame is ignored.

    Raises
    ------
    ContractError
        If a single row breaks the contract.
    """
    frames = {
        "actions": actions,
        "customers": customers,
        "signals": signals,
        "contacts": contacts,
        "outcomes": outcomes,
    }
    return _judge({name: _from_frame(name, frame) for name, frame in frames.items()}, strict=True)[0]


def write(data: EngagementData, directory: Path) -> None:
    """Write the tables as Parquet, from which :func:`read` makes equal data with the same digest.

    Raises
    ------
    ContractError
        If the directory holds a table as CSV, which would then be there twice.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stale = next((path for name, _ in data.tables() if (path := directory / f"{name}.csv").exists()), None)
    if stale is not None:
        raise ContractError("the directory holds a table as CSV", field="directory", value=stale, remedy="remove it")
    for name, frame in data.tables():
        save(to_arrow(frame), directory / f"{name}.parquet")


def _stored(directory: Path, name: str) -> Stored:
    path = find(directory, name)
    if path is not None:
        return load(path)
    if name not in OPTIONAL_TABLES:
        remedy = f"add {name}.parquet or {name}.csv"
        raise ContractError("a table is missing", field=name, value=directory, remedy=remedy)
    return _absent(name)


def _absent(name: str) -> Stored:
    return in_memory(name, pa.table({column: pa.nulls(0) for column in schemas()[name].columns}))


def _from_frame(name: str, frame: pd.DataFrame | None) -> Stored:
    if frame is None:
        return _absent(name)
    refuse_doubled([str(column) for column in frame.columns], name)
    try:
        return in_memory(name, to_arrow(frame))
    except pa.ArrowException as error:
        raise ContractError(
            f"a column mixes types ({error})", field=name, remedy="give each column one type"
        ) from error


def _judge(stored: Mapping[str, Stored], *, strict: bool) -> tuple[EngagementData, Report]:
    tables = {name: check(name, one) for name, one in stored.items()}
    check_references(tables)
    report = Report(tuple(one.report() for one in tables.values()))
    if (strict and report.rejected) or not all(table.tolerable for table in report.tables):
        limit = "rows break the data contract" if strict else "more than 5 % of a table's rows break the data contract"
        raise ContractError(f"{limit}\n{report.to_text()}\n", remedy="mend the rows named above")
    return _data(tables), report


def _data(tables: Mapping[str, Checked]) -> EngagementData:
    frames = {name: one.accepted() for name, one in tables.items()}
    return EngagementData(**frames, digest=digest_of(frames.items()))
