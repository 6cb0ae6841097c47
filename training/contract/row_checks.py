"""Validate a stored table against the contract, collecting the faults of every row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pandera.errors
import pyarrow as pa
import pyarrow.compute as pc

from heed.decisioning.catalogue import HOLD
from heed.decisioning.errors import ContractError, shorten
from heed.training.contract.column_types import CastColumn, cast_attribute, cast_declared, normalize_words
from heed.training.contract.table_files import StoredTable, refuse_duplicate_columns
from heed.training.contract.table_schemas import ROW_RULE_COLUMN, WORD, table_schemas
from heed.training.contract.validation_report import EXAMPLES, Fault, Rejection, TableReport

REASONS = {"not_nullable": "is missing", "field_uniqueness": "is not unique: an earlier row has the same"}
Finding = tuple[str, str, np.ndarray]


@dataclass
class CheckedTable:
    """A table with the faults found so far; :meth:`accepted` gives the rows without faults."""

    name: str
    stored: StoredTable
    frame: pd.DataFrame
    breaches: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    def add(self, column: str, reason: str, flags: np.ndarray) -> None:
        """Record a fault for the rows of `flags`. Only the first fault of a cell is kept."""
        fresh = flags & ~self.bad(column)
        if fresh.any():
            self.breaches[column, reason] = self.breaches.get((column, reason), np.zeros_like(fresh)) | fresh

    def accepted(self) -> pd.DataFrame:
        """The rows without faults, in the order read."""
        return self.frame.loc[~self.bad()].reset_index(drop=True)

    def report(self) -> TableReport:
        """Counts and examples of faults."""
        faults = [self._fault(column, reason, flags) for (column, reason), flags in self.breaches.items()]
        faults += _broken_rows(self.stored)
        read = len(self.frame) + len(self.stored.broken)
        accepted = int((~self.bad()).sum())
        return TableReport(self.name, self.stored.file, read, accepted, tuple(sorted(faults, key=_by_weight)))

    def bad(self, column: str | None = None) -> np.ndarray:
        """Which rows have a fault in `column`, or in any column."""
        masks = [flags for (name, _), flags in self.breaches.items() if column in (None, name)]
        bad: np.ndarray = np.logical_or.reduce([np.zeros(len(self.frame), dtype=bool), *masks])
        return bad

    def _fault(self, column: str, reason: str, flags: np.ndarray) -> Fault:
        positions = np.flatnonzero(flags)
        examples = tuple(self._rejection(column, reason, int(position)) for position in positions[:EXAMPLES])
        return Fault(column, reason, len(positions), examples)

    def _rejection(self, column: str, reason: str, position: int) -> Rejection:
        stored = self.stored
        cell = stored.content[column][position].as_py() if column in stored.content.column_names else None
        value = "" if cell is None else shorten(cell, 40)
        return Rejection(stored.file, column, int(stored.rows[position]), value, reason)


def check_table(name: str, stored: StoredTable) -> CheckedTable:
    """Cast every column and validate every row against the schema of the table.

    Raises
    ------
    ContractError
        If a required column is missing, a column name is duplicated, or a type cannot be read.
    """
    _require_columns(name, stored)
    casts = dict(_casts(name, stored))
    checked = CheckedTable(name, stored, pd.DataFrame({column: cast.values for column, cast in casts.items()}))
    for column, cast in casts.items():
        for reason, flags in cast.bad:
            checked.add(column, reason, flags)
    for column, reason, flags in _breaches(name, checked.frame):
        checked.add(column, reason, flags)
    return checked


def check_references(tables: Mapping[str, CheckedTable]) -> None:
    """Reject rows that refer to a customer, action or contact that is missing or rejected."""
    customers = tables["customers"].accepted()["customer_id"]
    for name in ("signals", "contacts", "outcomes"):
        _refer(tables[name], "customer_id", customers)
    actions = tables["actions"].accepted()["action_id"].tolist()
    _refer(tables["contacts"], "action_id", pd.Series([*actions, HOLD], dtype="str"))
    contacts = tables["contacts"].accepted()
    _refer(tables["outcomes"], "contact_id", contacts["contact_id"])
    _same_customer(tables["outcomes"], contacts)


def _refer(checked: CheckedTable, column: str, known: pd.Series) -> None:
    values = checked.frame[column]
    reason = f"refers to no accepted {column.removesuffix('_id')}"
    # Arrow's hash lookup, since pandas converts the known values to a list first.
    present = pc.is_in(pa.array(values, from_pandas=True), value_set=pa.array(known, from_pandas=True))
    checked.add(column, reason, values.notna().to_numpy() & ~present.to_numpy(zero_copy_only=False))


def _same_customer(outcomes: CheckedTable, contacts: pd.DataFrame) -> None:
    owner = outcomes.frame["contact_id"].map(contacts.set_index("contact_id")["customer_id"])
    other = (owner.notna() & (owner != outcomes.frame["customer_id"])).to_numpy()
    outcomes.add("contact_id", "is a contact of another customer", other & ~outcomes.bad("customer_id"))


def _require_columns(name: str, stored: StoredTable) -> None:
    present = stored.content.column_names
    refuse_duplicate_columns(present, stored.file)
    missing = [key for key, column in table_schemas()[name].columns.items() if column.required and key not in present]
    if missing:
        remedy = f"add it; the columns found are {', '.join(present)}"
        raise ContractError(f"a required column is missing from {stored.file}", field=missing[0], remedy=remedy)


def _casts(name: str, stored: StoredTable) -> Iterator[tuple[str, CastColumn]]:
    columns = table_schemas()[name].columns
    present = stored.content.column_names
    for key, column in columns.items():
        raw = stored.content[key] if key in present else pa.chunked_array([pa.nulls(len(stored.content))])
        cast = cast_declared(raw, str(column.dtype), f"{stored.file} {key}")
        cast = normalize_words(cast) if column.metadata == WORD else cast
        yield key, cast if column.default is None else _filled(cast, column.default)
    for key in sorted(set(present) - set(columns)):
        yield key, cast_attribute(stored.content[key], f"{stored.file} {key}", typed=stored.typed)


def _filled(cast: CastColumn, default: str | float) -> CastColumn:
    return CastColumn(cast.values.fillna(default), cast.bad)


def _breaches(name: str, frame: pd.DataFrame) -> Iterator[Finding]:
    try:
        table_schemas()[name].validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        whole_row = cases["schema_context"] == "DataFrameSchema"
        cases = cases.assign(column=cases["column"].where(~whole_row, ROW_RULE_COLUMN))
        for (column, rule), group in cases.groupby(["column", "check"], sort=False):
            flags = np.zeros(len(frame), dtype=bool)
            flags[group["index"].to_numpy(dtype=np.int64)] = True
            yield str(column), REASONS.get(str(rule), str(rule)), flags


def _broken_rows(stored: StoredTable) -> list[Fault]:
    if not stored.broken:
        return []
    reason = f"does not have the {stored.content.num_columns} cells of the header"
    rows = [Rejection(stored.file, "row", row, shorten(text, 40), reason) for row, text in stored.broken.items()]
    return [Fault("row", reason, len(rows), tuple(rows[:EXAMPLES]))]


def _by_weight(fault: Fault) -> tuple[int, str, str]:
    return -fault.count, fault.column, fault.reason
