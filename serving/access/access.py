"""What the gate of one running heed decides by."""

from dataclasses import dataclass

from serving.access.buckets import Buckets
from serving.access.keyring import Keyring


@dataclass(frozen=True, slots=True)
class Access:
    """Keys and limits."""

    keyring: Keyring
    buckets: Buckets
