"""A digest of tables that is independent of their storage format."""

import hashlib
from collections.abc import Iterable

import numpy as np
import orjson
import pandas as pd


def digest_tables(tables: Iterable[tuple[str, pd.DataFrame]]) -> str:
    """SHA-256 over the content of normalised tables, in hexadecimal.

    The order of rows matters. File format, compression, chunks, byte order and, after normalisation, the order of
    columns do not.
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
    # Adding 0.0 turns -0.0 into 0.0, and the payload of NaNs differs between libraries.
    return np.where(np.isnan(values), np.nan, values + 0.0).astype("<f8").tobytes()
