"""The adapters by name."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData

NAMES = ("hillstrom", "starbucks", "bank_marketing", "karlan_list", "social_pressure", "obd")
Adapter = Callable[[Path], EngagementData]


def adapter(name: str) -> Adapter:
    """The function that reads this public data set from a file or folder.

    Raises
    ------
    InvalidInput
        If there is no adapter of that name.
    """
    if name not in NAMES:
        remedy = f"choose one of {', '.join(NAMES)}"
        raise InvalidInput("unknown adapter", field="adapter", value=name, remedy=remedy)
    function: Adapter = import_module(f"heed.training.adapters.{name}").adapt
    return function
