"""Small tables that satisfy the data contract; tests break one cell at a time."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from heed.training.contract.table_files import to_arrow

Frames = dict[str, pd.DataFrame]
HOUR = pd.Timedelta(hours=1)


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def frames() -> Frames:
    """Two actions, forty customers, one contact, signal and outcome each."""
    people = [f"c{number:02}" for number in range(40)]
    start = at("2026-03-01T09:00:00")
    moments = pd.Series([start + HOUR * number for number in range(40)])
    return {
        "actions": pd.DataFrame(
            {
                "action_id": ["mail", "call"],
                "channel": ["email", "phone"],
                "purpose": "marketing",
                "category": ["loyalty", "winback"],
                "value": [20.0, 50.0],
                "outcome": "purchase",
                "window_days": [7.0, 14.0],
                "colour": ["red", None],
                "urgent": [True, False],
            }
        ),
        "customers": pd.DataFrame({"customer_id": people, "time_zone": "Europe/Berlin", "age": range(20, 60)}),
        "signals": pd.DataFrame(
            {"signal_id": [f"s{one}" for one in people], "customer_id": people, "at": moments, "type": "visit"}
        ),
        "contacts": pd.DataFrame(
            {
                "contact_id": [f"k{one}" for one in people],
                "customer_id": people,
                "action_id": ["mail", "call", "hold", "mail"] * 10,
                "at": moments,
                "propensity": 0.25,
                "device": ["phone", "desk"] * 20,
            }
        ),
        "outcomes": pd.DataFrame(
            {
                "outcome_id": [f"o{one}" for one in people],
                "customer_id": people,
                "contact_id": [f"k{one}" for one in people],
                "type": "purchase",
                "at": moments + HOUR,
                "value": 12.5,
            }
        ),
    }


def spoilt(table: str, column: str, value: object, row: int = 2) -> Frames:
    """The tables with one cell replaced; `row` counts from 1, as reports do."""
    tables = frames()
    cells = tables[table][column].astype(object).tolist()
    cells[row - 1] = value
    tables[table][column] = pd.Series(cells, dtype=object)
    return tables


def store_csv(tables: Frames, directory: Path) -> Path:
    for name, frame in tables.items():
        frame.to_csv(directory / f"{name}.csv", index=False)
    return directory


def store_parquet(tables: Frames, directory: Path) -> Path:
    for name, frame in tables.items():
        pq.write_table(to_arrow(frame), directory / f"{name}.parquet")
    return directory
