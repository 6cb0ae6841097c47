"""A digest of tables that does not depend on how they were stored."""

import hashlib
from collections.abc import Iterable

import numpy as np
import orjson
import pandas as pd


def digest_tables(tables: Iterable[tuple[str, pd.DataFrame]]) -> str:
    """SHA-256 over the content of normalised tables, in hexadecimal.

    Rows count in their order. File format, compression, chunks and the machine's byte order do not count; nor, after
    normalisation, does the order of columns.
    """
    state = hashlib.sha256()
    for name, frame in tables:
        state.update(
            orjson.dumps(
                [
                    name,
                    len(frame),
                    [[str(key), str(kind)] for key, kind in frame.dtypes.items()],
                ]
            )
        )
        for column in frame.columns:
            state.update(_content(frame[column]))
    return state.hexdigest()


def _content(column: pd.Series) -> bytes:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return column.to_numpy(dtype="datetime64[us]").astype("<i8").tobytes()
    if column.dtype == np.float64:
        return _numbers(column.to_numpy())
    return orjson.dumps(column.astype(object).where(column.notna(), None).tolist())


def _numbers(values: np.ndarray) -> bytes:
    # Adding 0.0 turns -0.0 into 0.0; NaNs differ in their payload from one library to the next.
    return np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8").tobytes()
