"""Engagement data in the form of the contract, made by adapters and read by training."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import pandas as pd


@dataclass(frozen=True, eq=False)
class EngagementData:
    """Five validated tables and their digest.

    Made by :func:`heed.training.contract.engagement_io.read_engagement` and
    :func:`heed.training.contract.engagement_io.from_frames`, which validate, normalise and digest. Frames have a
    ``RangeIndex`` and keep the order of rows; all declared columns come first, in the contract's order, then attributes
    sorted by name. Text is ``str`` (missing: NaN), numbers are ``float64``, boolean attributes are nullable
    ``boolean``, times are ``datetime64[us, UTC]``. Treat the frames as read-only, since the digest is not updated.

    Attributes
    ----------
    actions : pandas.DataFrame
        One row per action of the catalogue, without ``hold``.
    customers : pandas.DataFrame
        One row per customer.
    signals : pandas.DataFrame
        Observed events, each with a certainty in (0, 1].
    contacts : pandas.DataFrame
        One row per contact. Rows with ``action_id`` ``hold`` are customers deliberately not contacted. ``propensity``
        is the logging policy's probability of the action, logged or by design. ``observed_until`` is the time until
        which outcomes of the contact were recorded; missing means the end of the data.
    outcomes : pandas.DataFrame
        Outcomes, with the contact that caused them where known.
    digest : str
        SHA-256, in hexadecimal, over the canonical content of all five tables.
    """

    actions: pd.DataFrame
    customers: pd.DataFrame
    signals: pd.DataFrame
    contacts: pd.DataFrame
    outcomes: pd.DataFrame
    digest: str

    def tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield ``(name, frame)`` for the five tables in the contract's order."""
        for field in fields(self):
            if field.name != "digest":
                yield field.name, getattr(self, field.name)
