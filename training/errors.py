"""Errors of training, beside ContractError.

HeedError
└── TrainingError     the data satisfy the contract, but no model can be trained, read or compared
"""

from heed.decisioning.errors import HeedError


class TrainingError(HeedError):
    """No model can be trained on this data, or a stored model cannot be read."""
