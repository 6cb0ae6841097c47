"""What a customer's histories tell, and what of it is kept where records must not see it."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from heed.decisioning.canonical import canonical_json
from heed.decisioning.customer import Contact, ContactState, Customer, Signal, Signals

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def contact(hours: float, state: ContactState = ContactState.EXECUTED) -> Contact:
    return Contact("offer", "email", "marketing", "loyalty", NOON + hours * HOUR, state=state)


BEFORE, AT, RESERVED, AHEAD = contact(-2), contact(-1), contact(-0.5, ContactState.RESERVED), contact(3)
RELEASED = contact(-0.75, ContactState.RELEASED)


def customer() -> Customer:
    signals = Signals.of([Signal("open", NOON), Signal("click", NOON)])
    return Customer("c1", contacts=(AHEAD, BEFORE, RELEASED, RESERVED, AT), signals=signals)


def test_contacts_that_count_come_oldest_first_and_the_moment_itself_is_left_out() -> None:
    assert customer().counted_contacts_since(NOON - HOUR) == (RESERVED, AHEAD)
    assert customer().counted_contacts_since(NOON - 9 * HOUR) == (BEFORE, AT, RESERVED, AHEAD)
    assert Customer("c2").counted_contacts_since(NOON) == ()


def test_a_contact_without_an_offset_is_not_passed_over() -> None:
    naive = Contact("offer", "email", "marketing", "loyalty", datetime(2026, 3, 4))  # noqa: DTZ001
    with pytest.raises(TypeError, match="offset-naive"):
        Customer("c1", contacts=(naive,)).counted_contacts_since(NOON)


def test_types_of_signals_are_found() -> None:
    assert customer().signals.has_any(["complaint", "click"])
    assert not customer().signals.has_any(["complaint"])
    assert not Signals().has_any(["complaint"])


def test_records_do_not_see_what_was_reckoned() -> None:
    asked, fresh = customer(), customer()
    asked.counted_contacts_since(NOON)
    asked.signals.has_any(["click"])
    assert asked == fresh
    assert orjson.dumps(asked) == orjson.dumps(fresh)
    assert canonical_json(asked) == canonical_json(fresh)
