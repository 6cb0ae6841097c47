"""What training raises on purpose, beside ContractError.

HeedError
└── TrainingError     the data keep the contract, yet no model can be made, read or compared
"""

from heed.decisioning.errors import HeedError


class TrainingError(HeedError):
    """No model can be made of this data, or a stored model cannot be read."""
