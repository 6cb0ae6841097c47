"""Who was erased, and what that means for what comes later."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from heed.serving.ledger.backend.times import micros
from heed.serving.ledger.backend.transaction import Query, Row, Transaction
from heed.serving.ledger.facts.identity import AboutCustomer, under_present_ids
from heed.serving.ledger.queries.erasing import LAST_ERASURE

R = TypeVar("R", bound=AboutCustomer)


def last_erasure(transaction: Transaction, customer_id: str) -> tuple[int, int] | None:
    """When the customer was last erased, in stored microseconds, and the last version of what was known."""
    return _erasure(transaction.rows(*last_erasure_of(transaction, customer_id)))


def last_erasure_of(transaction: Transaction, customer_id: str) -> Query:
    """How :func:`last_erasure` asks."""
    return LAST_ERASURE, {"subject": transaction.seal.customer(customer_id)}


def _erasure(rows: Sequence[Row]) -> tuple[int, int] | None:
    return None if not rows or rows[0][0] is None else (rows[0][0], rows[0][1])


def nameless(subject: str) -> str:
    """What stands in the place of an erased customer's id."""
    return f"erased:{subject}"


def still_about(transaction: Transaction, reports: Sequence[R], when: Callable[[R], datetime]) -> list[R]:
    """The reports under present ids, without those of what happened before their customer was erased."""
    present = under_present_ids(transaction, reports)
    told = list(dict.fromkeys(report.customer_id for report in present))
    rows = transaction.several([last_erasure_of(transaction, one) for one in told])
    erased = dict(zip(told, map(_erasure, rows), strict=True))
    return [one for one in present if _after(when(one), erased[one.customer_id])]


def _after(moment: datetime, erasure: tuple[int, int] | None) -> bool:
    return erasure is None or micros(moment) > erasure[0]
