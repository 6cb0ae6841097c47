"""Engagement data in the form of the contract: the one value that adapters make and training reads."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import pandas as pd


@dataclass(frozen=True, eq=False)
class EngagementData:
    """Five validated tables and the digest of their content.

    Made by :func:`heed.training.contract.engagement_io.read_engagement` and
    :func:`heed.training.contract.engagement_io.from_frames`, never by hand: they check, normalise and digest. Frames
    have a ``RangeIndex`` and keep the order in which rows were read; declared columns come first, in the contract's
    order and all present, then attributes in the order of their names. Text is ``str`` (missing: NaN), numbers are
    ``float64``, yes/no attributes are nullable ``boolean``, times are ``datetime64[us, UTC]``. Treat the frames as
    read-only: the digest speaks of what was checked.

    Attributes
    ----------
    actions : pandas.DataFrame
        One row per action of the catalogue. ``hold`` is not among them.
    customers : pandas.DataFrame
        One row per customer.
    signals : pandas.DataFrame
        Observed events, each with a certainty in (0, 1].
    contacts : pandas.DataFrame
        Who was offered what, when, and with what probability; rows whose ``action_id`` is ``hold`` are customers
        who were knowingly left alone. ``propensity`` is the logging policy's probability of that action for that
        customer then, logged or designed. ``observed_until`` says until when outcomes of the contact would have been
        recorded; missing means until the end of the data.
    outcomes : pandas.DataFrame
        What happened, joined to a contact where that is known.
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
