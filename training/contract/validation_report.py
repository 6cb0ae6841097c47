"""The validation report: rows read, accepted and rejected, with reasons."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

EXAMPLES = 3
TOLERATED_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Rejection:
    """One fault of one row.

    Attributes
    ----------
    file : str
        Name of the file, or of the table for data from memory.
    column : str
        The column at fault.
    row : int
        Row number; the first row below the header is 1.
    value : str
        The invalid value, shortened; empty if it is missing.
    reason : str
        What is wrong, and how to correct it.
    """

    file: str
    column: str
    row: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """All rejections of a table with the same column and reason: their count and the first few."""

    column: str
    reason: str
    count: int
    examples: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class TableReport:
    """Validation of one table. A row with several faults counts once in `rejected` and once in each fault."""

    table: str
    file: str
    read: int
    accepted: int
    faults: tuple[Fault, ...] = ()

    @property
    def rejected(self) -> int:
        """Number of rejected rows."""
        return self.read - self.accepted

    @property
    def tolerable(self) -> bool:
        """Whether at most 5 % of the rows were rejected."""
        return self.rejected <= TOLERATED_SHARE * self.read


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Validation of all tables."""

    tables: tuple[TableReport, ...]

    @property
    def rejected(self) -> int:
        """Number of rejected rows over all tables."""
        return sum(table.rejected for table in self.tables)

    def to_text(self) -> str:
        """One line per table and per fault."""
        return "\n".join(line for table in self.tables for line in _lines(table))

    def to_dict(self) -> dict[str, object]:
        """JSON-ready form."""
        return {"rejected": self.rejected, "tables": [asdict(table) for table in self.tables]}


def _lines(table: TableReport) -> Iterable[str]:
    yield f"{table.file}: {table.read} rows read, {table.accepted} accepted, {table.rejected} rejected"
    for fault in table.faults:
        examples = "; ".join(f"row {example.row}: {example.value or 'missing'}" for example in fault.examples)
        yield f"  {table.file} {fault.column}: {fault.reason} ({fault.count} rows, such as {examples})"
