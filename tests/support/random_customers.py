"""Random customers in all states that rules distinguish."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, TypeVar

from heed.decisioning.catalogue import Action, MessageClass
from heed.decisioning.customer import (
    Consent,
    ConsentStatus,
    Contact,
    ContactPoint,
    ContactState,
    Customer,
    Objection,
    OutcomeEvent,
    Signal,
    Signals,
    Suppression,
)
from tests.support.guardrail_builders import DAY, HOUR, NOW, action

T = TypeVar("T")
CHANNELS = ("email", "sms", "push", "web", "call")
PURPOSES = ("marketing", "service")
CATEGORIES = ("loyalty", "winback")
POINTS = ("a", "b", "c")
TOPICS = (None, "news")
ACTIONS: tuple[Action, ...] = (
    action("email_a"),
    action("email_b", category="winback", eligibility="customer.age >= 18"),
    action("email_news", topic="news"),
    action("email_bill", purpose="service", category="billing", message_class=MessageClass.SERVICE),
    action("sms_a", "sms", eligibility="customer.city in ['Berlin', 'Rome'] && action.value > 5.0"),
    action("push_a", "push", value=3.0),
    action("web_a", "web"),
    action("call_a", "call", category="winback"),
)


def customer(random: Random) -> Customer:
    """A customer from a small space that reaches every branch and edge of the rules."""
    return Customer(
        customer_id=f"c{random.randint(0, 9)}",
        attributes=_attributes(random),
        time_zone=random.choice(("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Mars/Base", None)),
        jurisdiction=random.choice(("DE", "US", "US-CA", "US-NY", None)),
        contact_points=tuple(_some(random, 4, _point)),
        consents=tuple(_some(random, 5, _consent)),
        suppressions=tuple(_some(random, 2, _suppression)) if random.random() < 0.3 else (),
        signals=Signals.of(_some(random, 3, _signal)),
        contacts=tuple(_some(random, 6, _contact)),
        outcomes=tuple(_some(random, 2, _outcome)),
        objections=(Objection(NOW - DAY),) if random.random() < 0.1 else (),
        identity=random.choice((None, 0.2, 0.99)),
        reported_at=random.choice((None, NOW - 400 * DAY, NOW - DAY)),
    )


def _attributes(random: Random) -> dict[str, Any]:
    values = {
        "age": (17, 18, 18.0, 17.5, "18", True, None, 2**70, float("nan")),
        "city": ("Berlin", "Rome", "", 7, None, "\ud800"),
        "spent": (0, 0.0, -1.5, 100.0, float("inf"), "much"),
        "vulnerable": (True, False, None, "no"),
    }
    return {name: random.choice(some) for name, some in values.items() if random.random() < 0.85}


def _some(random: Random, most: int, make: Any) -> list[Any]:
    return [make(random) for _ in range(random.randint(0, most))]


def _moment(random: Random) -> datetime:
    steps = (0, 1, 1, 5, 24, 24, 48, 24 * 6, 24 * 7, 24 * 7, 24 * 30, 24 * 100, -1, -24)
    nudge = random.choice((timedelta(0), timedelta(0), timedelta(microseconds=1), -timedelta(microseconds=1)))
    at = NOW - random.choice(steps) * HOUR + nudge
    if random.random() < 0.01:
        return random.choice((at.replace(tzinfo=None), datetime(9999, 12, 31, tzinfo=UTC)))
    return at


def _point(random: Random) -> ContactPoint:
    zones = random.choice(((), (), ("Asia/Tokyo",), ("America/New_York", "Asia/Tokyo")))
    return ContactPoint(random.choice(POINTS), random.choice(CHANNELS), zones)


def _consent(random: Random) -> Consent:
    withdrawn = random.random() < 0.3
    return Consent(
        channel=random.choice((*CHANNELS[:3], "email", "web", "*" if withdrawn else "email")),
        purpose=random.choice((*PURPOSES, "marketing", "*" if withdrawn else "marketing")),
        status=ConsentStatus.WITHDRAWN if withdrawn else ConsentStatus.GRANTED,
        recorded_at=_moment(random),
        contact_point=random.choice((*POINTS, None, None)),
        basis=random.choice((None, "express", "Implied", "implied")),
        expires_at=random.choice((None, None, NOW, NOW + DAY, NOW - DAY)),
        topic=random.choice(TOPICS),
    )


def _suppression(random: Random) -> Suppression:
    until = random.choice((None, NOW, NOW + DAY, NOW + 2 * DAY))
    return Suppression("asked", NOW - DAY, random.choice((None, *CHANNELS)), until)


def _contact(random: Random) -> Contact:
    return Contact(
        action_id=random.choice([one.action_id for one in ACTIONS]),
        channel=random.choice(CHANNELS),
        purpose=random.choice(PURPOSES),
        category=random.choice(CATEGORIES),
        at=_moment(random),
        message_class=random.choice((MessageClass.MARKETING, MessageClass.MARKETING, MessageClass.SERVICE)),
        state=random.choice(tuple(ContactState)),
    )


def _signal(random: Random) -> Signal:
    at = NOW - random.choice((1, 24, 24 * 8)) * HOUR
    return Signal(random.choice(("open", "complaint")), at, certainty=random.choice((0.3, 1.0)))


def _outcome(random: Random) -> OutcomeEvent:
    return OutcomeEvent(
        random.choice(("complaint", "complaint_resolved", "purchase")), NOW - random.choice((1, 3)) * DAY
    )
