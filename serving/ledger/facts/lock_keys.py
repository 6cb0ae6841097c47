"""Whom each kind of job rests on: customers under all their ids, and what all customers share."""

from collections.abc import Iterable, Iterator, Sequence

from heed.serving.ledger.backend.locks import SHARED, SWITCH, VOLUMES, Locks
from heed.serving.ledger.backend.transaction import Transaction
from heed.serving.ledger.facts.identity import AboutCustomer, present_ids
from heed.serving.ledger.queries.contacts import SLOT
from heed.serving.ledger.queries.objections import HOLDERS
from heed.serving.ledger.queries.outbox import MESSAGE
from heed.serving.ledger.queries.reviews import CASE, OVERDUE_CASES
from heed.serving.ledger.records import NewDecision
from heed.serving.ledger.reports import CustomerReport, ObjectionReport


def of_customers(*customer_ids: str) -> Locks:
    """The customers, under these ids and under those they go by now."""
    return lambda transaction: _customers(transaction, customer_ids)


def of_reports(reports: Sequence[AboutCustomer]) -> Locks:
    """The customers that reports are about."""
    return of_customers(*{report.customer_id for report in reports})


def of_profiles(reports: Sequence[CustomerReport]) -> Locks:
    """The customers, and the contact points that they are said to have: an objection of one may be on its way."""

    def found(transaction: Transaction) -> Iterator[str]:
        yield from of_reports(reports)(transaction)
        yield from {_point(one.contact_point) for report in reports for one in report.contact_points}

    return found


def of_objections(reports: Sequence[ObjectionReport]) -> Locks:
    """The customers and contact points that objected, and every customer whom they strike."""

    def found(transaction: Transaction) -> Iterator[str]:
        yield from _customers(transaction, {one.customer_id for one in reports if one.customer_id is not None})
        for point in {one.contact_point for one in reports if one.contact_point is not None}:
            yield _point(point)
            holders = transaction.rows(HOLDERS, {"contact_point": transaction.seal.contact_point(point)})
            yield from (_customer(holder) for (holder,) in holders)

    return found


def of_draft(draft: NewDecision) -> Locks:
    """The customer, the switch for an act, and the volumes where a slot is taken on the strength of them."""
    acts = draft.reservation is not None
    more = (f"{SHARED}{SWITCH}",) if acts else ()
    counted = (VOLUMES,) if acts and draft.windows is not None else ()
    return lambda _: (_customer(draft.customer_id), *more, *counted)


def of_review(review_id: str, *, counted: bool = False) -> Locks:
    """The customer of a review case, the switch, and what all customers share where `counted`."""

    def found(transaction: Transaction) -> Iterator[str]:
        row = transaction.row(CASE, {"review_id": review_id})
        if row is not None:
            yield _customer(row[2])
        yield f"{SHARED}{SWITCH}"
        if counted:
            yield VOLUMES

    return found


def of_overdue_reviews(by: int) -> Locks:
    """The customers of every case whose time had run out at `by`, in stored microseconds."""
    return lambda transaction: {_customer(row[2]) for row in transaction.rows(OVERDUE_CASES, {"now": by})}


def of_message(outbox_id: str) -> Locks:
    """The customer to whom a message of the outbox goes, and the switch."""

    def found(transaction: Transaction) -> Iterator[str]:
        yield f"{SHARED}{SWITCH}"
        message = transaction.row(MESSAGE, {"outbox_id": outbox_id})
        slot = None if message is None else transaction.row(SLOT, {"contact_id": message[0]})
        if slot is not None:
            yield _customer(slot[0])

    return found


def _customers(transaction: Transaction, customer_ids: Iterable[str]) -> Iterator[str]:
    for customer_id, present in present_ids(transaction, customer_ids).items():
        yield _customer(customer_id)
        yield _customer(present)


def _customer(customer_id: str) -> str:
    return f"customer:{customer_id}"


def _point(contact_point: str) -> str:
    return f"point:{contact_point}"
