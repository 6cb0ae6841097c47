"""The action catalogue of engagement data."""

from collections.abc import Hashable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from heed.decisioning.canonical import Scalar
from heed.decisioning.catalogue import Action, Autonomy, Catalogue, MessageClass
from heed.decisioning.errors import ContractError
from heed.training.contract.engagement_data import EngagementData
from heed.training.contract.row_checks import check_table
from heed.training.contract.table_files import load_table
from heed.training.contract.table_schemas import attribute_columns
from heed.training.contract.validation_report import ValidationReport


def to_catalogue(data: EngagementData, currency: str = "EUR") -> Catalogue:
    """The actions as a catalogue, in the order of the table; missing attributes are left out.

    Parameters
    ----------
    currency : str
        Currency of values and costs, which the tables do not contain.
    """
    return catalogue_of(data.actions, currency)


def read_catalogue(file: Path, currency: str = "EUR") -> Catalogue:
    """Read a catalogue from a Parquet or CSV file with the columns of the table ``actions``.

    Raises
    ------
    ContractError
        If any row violates the contract, since an action must not be dropped silently.
    """
    checked = check_table("actions", load_table(file))
    report = ValidationReport((checked.report(),))
    if report.rejected:
        raise ContractError(f"the catalogue violates the data contract\n{report.to_text()}\n", field="HEED_CATALOGUE")
    return catalogue_of(checked.accepted(), currency)


def catalogue_of(actions: pd.DataFrame, currency: str) -> Catalogue:
    """The catalogue of a validated table ``actions``."""
    extra = attribute_columns("actions", actions)
    return Catalogue(currency, tuple(_action(row, extra) for row in actions.to_dict("records")))


def _action(row: Mapping[Hashable, Any], extra: tuple[str, ...]) -> Action:
    return Action(
        action_id=str(row["action_id"]),
        channel=str(row["channel"]),
        purpose=str(row["purpose"]),
        category=str(row["category"]),
        value=float(row["value"]),
        outcome=str(row["outcome"]),
        window_days=float(row["window_days"]),
        cost=float(row["cost"]),
        message_class=MessageClass(str(row["message_class"])),
        autonomy=Autonomy(str(row["autonomy"])),
        valid_from=_moment(row["valid_from"]),
        valid_until=_moment(row["valid_until"]),
        eligibility=None if pd.isna(row["eligibility"]) else str(row["eligibility"]),
        attributes={name: _scalar(row[name]) for name in extra if not pd.isna(row[name])},
    )


def _moment(value: object) -> datetime | None:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else None


def _scalar(value: object) -> Scalar:
    return value if isinstance(value, bool | float) else str(value)
