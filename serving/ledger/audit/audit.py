"""What the ledger can prove of itself."""

from heed.serving.ledger.audit import verify
from heed.serving.ledger.audit.signing import SignedHead, public_key, read_head, signed
from heed.serving.ledger.audit.verify import Progress, Verification
from heed.serving.ledger.backend.database import Repository
from heed.serving.ledger.backend.transaction import Transaction


class Proofs(Repository):
    """Signed heads, and the walk along the chains."""

    def head(self) -> SignedHead:
        """Where the chains end at this moment, signed."""
        at = self._database.moment()
        return self._database.read(lambda one: signed(one.seal, verify.heads(one), at))

    def public_key(self) -> str:
        """Base64 of the Ed25519 key by which anyone can check what this ledger signs."""
        return self._database.read(_public_key)

    def verify(self, anchor: str | bytes | None = None, *, told: Progress = lambda _: None) -> Verification:
        """Walk the chains, and hold them against a signed head of an earlier moment where one is given.

        Raises
        ------
        InvalidInput
            If the head is none, or was not signed by this ledger.
        """
        head = None if anchor is None else read_head(anchor, self.public_key())
        return verify.verify(self._database.read, head, told)


def _public_key(transaction: Transaction) -> str:
    return public_key(transaction.seal)
