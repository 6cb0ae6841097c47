"""Ids that became others: who was merged into another goes on under the other's id, wherever the old one comes in."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from serving.ledger.queries.customers import MERGED_INTO
from serving.ledger.transaction import Transaction


class AboutCustomer(Protocol):
    """A report that names a customer."""

    @property
    def customer_id(self) -> str:
        """Whom it is about."""
        ...


R = TypeVar("R", bound=AboutCustomer)


def present_id(transaction: Transaction, customer_id: str) -> str:
    """The id under which the customer is on record now."""
    row = transaction.row(MERGED_INTO, {"customer_id": customer_id})
    return customer_id if row is None or row[0] is None else str(row[0])


def under_present_ids(transaction: Transaction, reports: Sequence[R]) -> list[R]:
    """The reports, each naming its customer by the present id."""
    present = {one: present_id(transaction, one) for one in {report.customer_id for report in reports}}
    return [
        report
        if present[report.customer_id] == report.customer_id
        else replace(report, customer_id=present[report.customer_id])  # type: ignore[type-var]
        for report in reports
    ]
