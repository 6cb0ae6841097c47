"""Ids that became others: who was merged into another goes on under the other's id, wherever the old one comes in."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from heed.serving.ledger.backend.transaction import Row, Transaction
from heed.serving.ledger.queries.customers import MERGED_INTO


class AboutCustomer(Protocol):
    """A report that names a customer."""

    @property
    def customer_id(self) -> str:
        """Whom it is about."""
        ...


R = TypeVar("R", bound=AboutCustomer)


def present_id(transaction: Transaction, customer_id: str) -> str:
    """The id under which the customer is on record now."""
    return _present(customer_id, transaction.rows(MERGED_INTO, {"customer_id": customer_id}))


def present_ids(transaction: Transaction, customer_ids: Iterable[str]) -> dict[str, str]:
    """The ids under which customers are on record now, by those under which they came."""
    told = list(dict.fromkeys(customer_ids))
    rows = transaction.several([(MERGED_INTO, {"customer_id": one}) for one in told])
    return dict(zip(told, map(_present, told, rows), strict=True))


def under_present_ids(transaction: Transaction, reports: Sequence[R]) -> list[R]:
    """The reports, each naming its customer by the present id."""
    present = present_ids(transaction, (report.customer_id for report in reports))
    return [
        report
        if present[report.customer_id] == report.customer_id
        else replace(report, customer_id=present[report.customer_id])  # type: ignore[type-var]
        for report in reports
    ]


def _present(customer_id: str, rows: Sequence[Row]) -> str:
    return customer_id if not rows or rows[0][0] is None else str(rows[0][0])
