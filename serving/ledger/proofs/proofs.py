"""What the ledger can prove of itself."""

from serving.ledger.proofs import verifying
from serving.ledger.proofs.signing import SignedHead, public_key, read_head, signed
from serving.ledger.proofs.verifying import Told, Verified
from serving.ledger.store.database import OnDatabase
from serving.ledger.store.transaction import Transaction


class Proofs(OnDatabase):
    """Signed heads, and the walk along the chains."""

    def head(self) -> SignedHead:
        """Where the chains end at this moment, signed."""
        at = self._database.moment()
        return self._database.read(lambda one: signed(one.seal, verifying.heads(one), at))

    def public_key(self) -> str:
        """Base64 of the Ed25519 key by which anyone can check what this ledger signs."""
        return self._database.read(_public_key)

    def verify(self, anchor: str | bytes | None = None, *, told: Told = lambda _: None) -> Verified:
        """Walk the chains, and hold them against a signed head of an earlier moment where one is given.

        Raises
        ------
        InvalidInput
            If the head is none, or was not signed by this ledger.
        """
        head = None if anchor is None else read_head(anchor, self.public_key())
        return verifying.verify(self._database.read, head, told)


def _public_key(transaction: Transaction) -> str:
    return public_key(transaction.seal)
