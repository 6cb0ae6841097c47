"""A signed statement of where the hash chains end, to be kept where nobody who can write to the ledger can write.

Whoever holds the database can remake every link; without the key nobody can sign heads that agree with an older signed
head. Ed25519 (RFC 8032), with a key derived from the ledger's (HKDF with SHA-256, RFC 5869), so that a backup of the
one is a backup of the other.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from heed.decisioning.canonical import canonical_json, rfc3339
from heed.decisioning.errors import InvalidInput
from heed.serving.ledger.backend.key_ring import KeyRing
from heed.serving.ledger.backend.repository import reads
from heed.serving.ledger.backend.transaction import Transaction


class ShardHead(BaseModel):
    """The end of one shard: how many links it has, and the hash of the last."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    shard: int
    position: int
    hash: str


class SignedHead(BaseModel):
    """The ends of all shards at one moment, signed.

    Attributes
    ----------
    at : str
        RFC 3339 in UTC.
    public_key, signature : str
        Base64 of the 32 and 64 bytes of Ed25519. The signature is over the canonical JSON of all other fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: int
    at: str
    records: int
    shards: tuple[ShardHead, ...]
    public_key: str
    signature: str


def public_key(key_ring: KeyRing) -> str:
    """Base64 of the key by which anyone can check what this ledger signs."""
    return b64encode(_private_key(key_ring).public_key().public_bytes_raw()).decode()


FORMAT = 1


@reads()
def public_key_of(transaction: Transaction) -> str:
    """Base64 of the Ed25519 key by which anyone can check what this ledger signs."""
    return public_key(transaction.key_ring)


def sign_head(key_ring: KeyRing, shards: tuple[ShardHead, ...], at: datetime) -> SignedHead:
    """The statement that the shards end like this at this moment."""
    content: dict[str, Any] = {
        "format": FORMAT,
        "at": rfc3339(at),
        "records": sum(shard.position for shard in shards),
        "shards": [shard.model_dump() for shard in shards],
        "public_key": public_key(key_ring),
    }
    signature = b64encode(_private_key(key_ring).sign(canonical_json(content))).decode()
    return SignedHead(**{**content, "shards": shards, "signature": signature})


def parse_head(text: str | bytes, trusted: str) -> SignedHead:
    """The head that a text says, if the holder of the trusted key signed it.

    Raises
    ------
    InvalidInput
        If it is no head, or not signed by that key.
    """
    try:
        head = TypeAdapter(SignedHead).validate_json(text)
    except ValidationError as error:
        remedy = "give what `heed ledger head` printed"
        raise InvalidInput("the file holds no head of a ledger", field="head", remedy=remedy) from error
    if head.format != FORMAT:
        raise InvalidInput("the head has another format", field="format", value=head.format, remedy="update heed")
    if head.public_key != trusted or not _signature_holds(head, trusted):
        remedy = "take the head of this ledger as it was printed, and the public key that goes with it"
        raise InvalidInput("the head was not signed by this key", field="public_key", value=trusted, remedy=remedy)
    return head


def _signature_holds(head: SignedHead, trusted: str) -> bool:
    content: Mapping[str, Any] = head.model_dump(mode="json", exclude={"signature"})
    try:
        key = Ed25519PublicKey.from_public_bytes(b64decode(trusted, validate=True))
        key.verify(b64decode(head.signature, validate=True), canonical_json(content))
    except (InvalidSignature, ValueError):
        return False
    return True


_PURPOSE = b"heed signing of heads"


def _private_key(key_ring: KeyRing) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(key_ring.derive(_PURPOSE))
