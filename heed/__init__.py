"""The face of heed: the command line and the Python client."""

from heed.client import Client

__all__ = ["Client"]
