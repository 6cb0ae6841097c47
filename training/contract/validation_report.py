"""What reading found: how many rows, how many set aside, and why."""

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
        Name of the file, or of the table where the data came from memory.
    column : str
        The column at fault.
    row : int
        The data row as a person counts it: the first row below the header is 1.
    value : str
        The offending value, shortened; empty where it is missing.
    reason : str
        What is wrong, and where it helps, what to write instead.
    """

    file: str
    column: str
    row: int
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """All rejections of one table that share column and reason: their number and the first few of them."""

    column: str
    reason: str
    count: int
    examples: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True)
class TableReport:
    """Reading of one table. A row with several faults counts once in `rejected` and once in each fault."""

    table: str
    file: str
    read: int
    accepted: int
    faults: tuple[Fault, ...] = ()

    @property
    def rejected(self) -> int:
        """Rows set aside."""
        return self.read - self.accepted

    @property
    def tolerable(self) -> bool:
        """Whether at most 5 % of the rows were set aside."""
        return self.rejected <= TOLERATED_SHARE * self.read


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Reading of all tables."""

    tables: tuple[TableReport, ...]

    @property
    def rejected(self) -> int:
        """Rows set aside over all tables."""
        return sum(table.rejected for table in self.tables)

    def to_text(self) -> str:
        """A line per table and per fault, for people."""
        return "\n".join(line for table in self.tables for line in _lines(table))

    def to_dict(self) -> dict[str, object]:
        """The same for programs."""
        return {"rejected": self.rejected, "tables": [asdict(table) for table in self.tables]}


def _lines(table: TableReport) -> Iterable[str]:
    yield f"{table.file}: {table.read} rows read, {table.accepted} accepted, {table.rejected} set aside"
    for fault in table.faults:
        examples = "; ".join(f"row {one.row}: {one.value or 'missing'}" for one in fault.examples)
        yield f"  {table.file} {fault.column}: {fault.reason} ({fault.count} rows, such as {examples})"
