"""The outbox on both databases: one executor at a time, under rival executors and late answers."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from heed.decisioning.errors import Conflict
from heed.decisioning.recheck_result import ALLOWED, RecheckResult
from heed.serving.ledger.leases import DeliveryCheck, DeliveryContext, DeliveryResult, LeaseResult
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.outbox import ChannelFilter
from heed.serving.ledger.schema import customers
from tests.support.ledger_builders import MAIL, NOON, Clock, act, wait

DAY = timedelta(days=1)
LEASE = timedelta(minutes=1)
PASSES = DeliveryCheck(lambda _: ALLOWED, None, DAY, most_attempts=3)
FAILED = DeliveryResult("failed", certainly_not_taken=True, because="It was tried in vain.")


def acts(ledger: Ledger, count: int) -> list[str]:
    for number in range(count):
        wait(ledger.decisions.commit(act(f"d{number:02}", f"c{number}")))
    return [f"execute:d{number:02}" for number in range(count)]


def slot(ledger: Ledger, number: int = 0) -> str:
    (found,) = ledger.customers.snapshot(f"c{number}").customer.contacts
    return found.state.value


def test_rival_executors_are_never_handed_the_same_message(ledger: Ledger) -> None:
    ids = acts(ledger, 12)

    async def rivals() -> list[LeaseResult]:
        asked = (ledger.outbox.lease(one, f"executor-{rival}", LEASE, PASSES) for rival in range(4) for one in ids)
        return await asyncio.gather(*asked)

    handed = [one.handed for one in wait(rivals()) if one.handed is not None]
    assert sorted(one.message.outbox_id for one in handed) == ids
    assert {one.fence for one in handed} == {1}
    assert ledger.outbox.ready() == ()


def test_the_outbox_of_some_channels_and_of_all_others(ledger: Ledger) -> None:
    for number, channel in enumerate(["email", "sms", "push", "sms"]):
        contact = replace(MAIL, channel=channel)
        wait(ledger.decisions.commit(act(f"d{number:02}", f"c{number}", reservation=contact)))

    def over(*channels: str, others: bool, limit: int = 9) -> list[str]:
        found = ledger.outbox.ready(limit, channels=ChannelFilter(channels, others=others))
        return [one.decision_id for one in found]

    assert over(others=True) == ["d00", "d01", "d02", "d03"]
    assert over("sms", others=False) == ["d01", "d03"]
    assert over("sms", others=False, limit=1) == ["d01"]
    assert over("sms", "push", others=True) == ["d00"]
    assert over("fax", others=False) == []


def test_what_is_said_of_somebody_who_was_erased_frees_the_slot_and_creates_nobody(ledger: Ledger) -> None:
    (one,) = acts(ledger, 1)
    wait(ledger.outbox.lease(one, "slow", LEASE, PASSES))
    wait(ledger.customers.erase("c0"))
    assert ledger.outbox.state(one).slot_counts
    wait(ledger.outbox.settle(one, 1, FAILED))
    assert not ledger.outbox.state(one).slot_counts
    assert ledger._database.read(lambda transaction: transaction.rows(select(customers.c.customer_id), {})) == []


def test_a_late_answer_of_one_executor_settles_what_another_has(ledger: Ledger, clock: Clock) -> None:
    (one,) = acts(ledger, 1)
    wait(ledger.outbox.lease(one, "slow", LEASE, PASSES))
    clock.advance(minutes=1)
    wait(ledger.outbox.lease(one, "quick", LEASE, PASSES))
    assert wait(ledger.outbox.settle(one, 1, DeliveryResult("delivered", delivered=True))).state == "delivered"
    assert wait(ledger.outbox.settle(one, 2, FAILED)).state == "delivered"
    assert slot(ledger) == "reserved"


def test_who_was_handed_a_message_and_what_they_said_is_handed_out(ledger: Ledger, clock: Clock) -> None:
    (one,) = acts(ledger, 1)
    wait(ledger.outbox.lease(one, "slow", LEASE, PASSES))
    clock.advance(minutes=1)
    wait(ledger.outbox.lease(one, "quick", LEASE, PASSES))
    wait(ledger.outbox.settle(one, 2, DeliveryResult("delivered", delivered=True, status=202)))
    (message,) = ledger.customers.export("c0").messages
    assert [
        (tried["holder"], tried["began_at"], tried["result"], tried["status"]) for tried in message["attempts"]
    ] == [
        ("slow", NOON, None, None),
        ("quick", NOON + timedelta(minutes=1), "delivered", 202),
    ]


def test_a_slot_is_free_once_it_is_certain_that_nobody_has_the_message(ledger: Ledger, clock: Clock) -> None:
    (one,) = acts(ledger, 1)
    wait(ledger.outbox.lease(one, "slow", LEASE, PASSES))
    clock.advance(minutes=1)
    wait(ledger.outbox.lease(one, "quick", LEASE, PASSES))
    assert (wait(ledger.outbox.settle(one, 2, FAILED)).state, slot(ledger)) == ("withdrawn", "reserved")
    again = [wait(ledger.outbox.settle(one, 1, FAILED)).new for _ in range(2)]
    assert (again, slot(ledger)) == ([True, False], "released")
    assert ledger.outbox.state(one).because == "It was tried in vain."
    with pytest.raises(Conflict, match="not handed over under this number in `fence`: `3`"):
        wait(ledger.outbox.settle(one, 3, FAILED))


def test_what_the_check_is_asked_with_leaves_out_the_messages_own_slot(ledger: Ledger) -> None:
    (one,) = acts(ledger, 1)
    asked: list[DeliveryContext] = []

    def ruling(release: DeliveryContext) -> RecheckResult:
        asked.append(release)
        return RecheckResult("Not now.", "a-rule", NOON + timedelta(hours=2))

    put_off = wait(ledger.outbox.lease(one, "executor", LEASE, DeliveryCheck(ruling, (DAY,), DAY, most_attempts=3)))
    assert put_off == LeaseResult(put_off=RecheckResult("Not now.", "a-rule", NOON + timedelta(hours=2)))
    (release,) = asked
    assert (release.customer.contacts, release.by_person) == ((), False)
    assert [one.contacts for one in release.volumes or ()] == [0]
    assert (ledger.outbox.ready(), ledger.outbox.backlog().messages, slot(ledger)) == ((), 1, "reserved")


def test_messages_that_nobody_took_are_overdue_and_those_in_hand_are_not(ledger: Ledger, clock: Clock) -> None:
    first, second, third = acts(ledger, 3)
    clock.advance(hours=23.99)
    wait(ledger.outbox.lease(second, "executor", timedelta(hours=1), PASSES))
    clock.advance(hours=0.01)
    assert ledger.outbox.overdue(DAY, 10) == (first, third)
    for one in (first, second, third):
        wait(ledger.outbox.recheck_waiting(one, PASSES))
    assert [ledger.outbox.state(one).state for one in (first, second, third)] == ["withdrawn", "handed", "withdrawn"]
    clock.advance(hours=1)
    wait(ledger.outbox.recheck_waiting(second, PASSES))
    assert [slot(ledger, number) for number in range(3)] == ["released", "reserved", "released"]


def test_an_endpoint_is_disabled_and_enabled_once(ledger: Ledger) -> None:
    assert ledger.outbox.disabled_endpoint("there") is None
    assert [wait(ledger.outbox.disable_endpoint("there", "It said 410.")) for _ in range(2)] == [True, False]
    found = ledger.outbox.disabled_endpoint("there")
    assert found is not None
    assert (found.at, found.because) == (NOON, "It said 410.")
    assert [wait(ledger.outbox.enable_endpoint("there")) for _ in range(2)] == [True, False]
