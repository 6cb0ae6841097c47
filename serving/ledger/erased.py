"""Who was erased, and what that means for what comes later."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from serving.ledger.identities import AboutCustomer, under_present_ids
from serving.ledger.queries.erasing import LAST_ERASURE
from serving.ledger.times import micros
from serving.ledger.transaction import Transaction

R = TypeVar("R", bound=AboutCustomer)


def last_erasure(transaction: Transaction, customer_id: str) -> tuple[int, int] | None:
    """When the customer was last erased, in stored microseconds, and the last version of what was known."""
    row = transaction.row(LAST_ERASURE, {"subject": transaction.seal.customer(customer_id)})
    return None if row is None or row[0] is None else (row[0], row[1])


def nameless(subject: str) -> str:
    """What stands in the place of an erased customer's id."""
    return f"erased:{subject}"


def still_about(transaction: Transaction, reports: Sequence[R], when: Callable[[R], datetime]) -> list[R]:
    """The reports under present ids, without those of what happened before their customer was erased."""
    present = under_present_ids(transaction, reports)
    erased = {one: last_erasure(transaction, one) for one in {report.customer_id for report in present}}
    return [one for one in present if _after(when(one), erased[one.customer_id])]


def _after(moment: datetime, erasure: tuple[int, int] | None) -> bool:
    return erasure is None or micros(moment) > erasure[0]
