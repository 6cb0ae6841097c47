"""What a job rests on has names, so that two jobs that touch the same thing run one after the other.

A database with one writer needs none of it. One with many takes these locks before the job reads anything, in one
order, and then asks again what the job rests on: a customer may have been merged, or a contact point may have found a
new holder, while it waited. If there is more by then it begins again with all of it.
"""

from collections.abc import Callable, Iterable, Iterator

from heed.serving.ledger.backend.transaction import Transaction

Locks = Callable[[Transaction], Iterable[str]]
"""Finds the names of what a job rests on; it only reads."""

# A job may share what begins so with others that share it, and waits for those that want it alone.
SHARED = "shared:"
# An order to stop or resume takes it alone; what it might stop shares it, and so is over before the order is.
SWITCH = "switch"
# Every job shares it, and one that must be alone in the ledger takes it alone.
EVERYTHING = "everything"
# Every job that counts what all customers were contacted with, and takes a slot on the strength of it, takes this one.
VOLUMES = "volumes"


def nothing(transaction: Transaction) -> Iterator[str]:  # noqa: ARG001 - the shape of a finder
    """For a job that changes a row of its own in one statement."""
    yield from ()


def one_at_a_time(name: str) -> Locks:
    """For jobs that replace something of which there is one."""
    return lambda _: (f"all:{name}",)
