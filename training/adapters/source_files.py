"""Find the files of a public data set by their columns, whatever their names."""

import csv
import struct
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from heed.decisioning.errors import ContractError, shorten

MAX_FILES = 5_000
HEADER_BYTES = 1 << 16
# Stata before release 117: release, byte order, file type 1 and a zero.
OLD_STATA = tuple(bytes([release, order, 1, 0]) for release in (113, 114, 115) for order in (1, 2))


class FileFormat(StrEnum):
    """File format of a table."""

    PARQUET = "parquet"
    JSON_LINES = "json lines"
    STATA = "stata"
    COMMA = ","
    SEMICOLON = ";"
    TAB = "\t"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that holds a table; `columns` are those of its header, schema or first record."""

    path: Path
    form: FileFormat
    columns: frozenset[str]


def scan_sources(location: Path) -> tuple[SourceFile, ...]:
    """Every table at `location`, a file or a folder with all below it, in the order of their paths.

    Other files are skipped.

    Raises
    ------
    ContractError
        If the path does not exist, or has more than 5,000 files below it.
    """
    if not location.exists():
        raise ContractError(
            "no such file or folder", field="source", value=location, remedy="give the path of the data set"
        )
    paths = [location] if location.is_file() else list(islice(_files(location), MAX_FILES + 1))
    if len(paths) > MAX_FILES:
        remedy = "give the folder of the data set itself"
        raise ContractError(f"more than {MAX_FILES} files are below", field="source", value=location, remedy=remedy)
    return tuple(source for path in sorted(paths) if (source := _recognised(path)) is not None)


def sources_with_columns(sources: Collection[SourceFile], columns: Collection[str], what: str) -> list[SourceFile]:
    """The sources that have all of `columns`.

    Raises
    ------
    ContractError
        If there is none; the message lists the columns expected and found.
    """
    matches = [source for source in sources if source.columns.issuperset(columns)]
    if not matches:
        seen = "; ".join(f"{source.path.name} has {', '.join(sorted(source.columns))}" for source in sources)
        wanted = ", ".join(sorted(columns))
        message = f"no file with the columns of {what} ({wanted})"
        remedy = f"found {shorten(seen, 600) or 'no table at all'}"
        raise ContractError(message, field="source", remedy=remedy)
    return matches


def only_source(sources: Collection[SourceFile], columns: Collection[str], what: str) -> SourceFile:
    """The only source that has all of `columns`.

    Raises
    ------
    ContractError
        If there are none or several, since reading several would duplicate rows.
    """
    matches = sources_with_columns(sources, columns, what)
    if len(matches) > 1:
        names = ", ".join(source.path.name for source in matches)
        raise ContractError(f"several files hold {what} ({names})", field="source", remedy="name one of them")
    return matches[0]


def load_source(source: SourceFile) -> pd.DataFrame:
    """All rows of a source. Nested records become columns, such as ``value.amount``.

    Raises
    ------
    ContractError
        If the file is corrupt.
    """
    try:
        return LOADERS[source.form](source.path)
    except (pa.ArrowException, ValueError, OSError, struct.error) as error:
        message = f"cannot read {source.path.name} as {source.form.name.lower().replace('_', ' ')} ({error})"
        raise ContractError(message, field="source", value=source.path, remedy="download the file again") from error


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _recognised(path: Path) -> SourceFile | None:
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    try:
        form = _form(head)
        return None if form is None else SourceFile(path, form, frozenset(_columns(path, form, head)))
    except (pa.ArrowException, ValueError, OSError, csv.Error, struct.error):
        return None


def _form(head: bytes) -> FileFormat | None:
    if head.startswith(b"PAR1"):
        return FileFormat.PARQUET
    if head.startswith((b"<stata_dta>", *OLD_STATA)):
        return FileFormat.STATA
    if head.lstrip().startswith(b"{"):
        return FileFormat.JSON_LINES
    line = _first_line(head)
    if not line or "\0" in line:
        return None
    return max((FileFormat.COMMA, FileFormat.SEMICOLON, FileFormat.TAB), key=lambda form: line.count(form.value))


def _columns(path: Path, form: FileFormat, head: bytes) -> list[str]:
    if form is FileFormat.PARQUET:
        return list(pq.read_schema(path).names)
    if form is FileFormat.STATA:
        with pd.read_stata(path, iterator=True) as reader:
            return list(reader.variable_labels())
    if form is FileFormat.JSON_LINES:
        first = pa_json.read_json(pa.BufferReader(head.lstrip().partition(b"\n")[0]))
        return list(first.column_names)
    return next(csv.reader([_first_line(head)], delimiter=form.value))


def _first_line(head: bytes) -> str:
    return head.partition(b"\n")[0].decode("utf-8-sig").rstrip("\r")


def _json_lines(path: Path) -> pd.DataFrame:
    # A block must hold the widest record; half a mebibyte is far beyond any record of these data sets.
    table = pa_json.read_json(path, read_options=pa_json.ReadOptions(block_size=1 << 24))
    flat: pd.DataFrame = table.flatten().to_pandas()
    return flat


def _separated(separator: str) -> Callable[[Path], pd.DataFrame]:
    return lambda path: pd.read_csv(path, sep=separator, encoding="utf-8-sig", low_memory=False)


def _parquet(path: Path) -> pd.DataFrame:
    frame: pd.DataFrame = pq.read_table(path, partitioning=None).to_pandas(ignore_metadata=True)
    return frame


def _stata(path: Path) -> pd.DataFrame:
    return pd.read_stata(path, convert_categoricals=False)


LOADERS: dict[FileFormat, Callable[[Path], pd.DataFrame]] = {
    FileFormat.PARQUET: _parquet,
    FileFormat.STATA: _stata,
    FileFormat.JSON_LINES: _json_lines,
    **{form: _separated(form.value) for form in (FileFormat.COMMA, FileFormat.SEMICOLON, FileFormat.TAB)},
}
