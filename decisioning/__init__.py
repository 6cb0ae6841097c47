"""The vocabulary of heed as frozen values, and the pure decision over them."""

__version__ = "0.1.0"
