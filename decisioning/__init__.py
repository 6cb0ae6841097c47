"""heed's domain model as frozen values, and the pure decision function over them."""

__version__ = "0.1.0"
