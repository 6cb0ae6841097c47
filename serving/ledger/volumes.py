"""How much is sent with each action, over all customers, counted as slots are taken and freed."""

from serving.ledger import queries
from serving.ledger.transaction import Transaction

# Calendar days of every time zone begin at a quarter of an hour of UTC.
QUARTER = 15 * 60 * 1_000_000


def quarter_of(at: int) -> int:
    """Beginning of the quarter of an hour that a stored moment lies in."""
    return at - at % QUARTER


def raise_volume(transaction: Transaction, action_id: str, at: int, cost: float, by: int = 1) -> None:
    """Count a slot taken at the stored moment `at`; `by` -1 for one that is free again."""
    place = {"action": action_id, "when": quarter_of(at)}
    if not transaction.run(queries.RAISE_VOLUME, {**place, "by": by, "costs": by * cost}):
        values = {"action_id": action_id, "quarter": place["when"], "contacts": by, "spent": by * cost}
        transaction.run(queries.ADD_VOLUME, values)
