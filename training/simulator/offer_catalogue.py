"""The dozen actions of a world, and what each is really worth trying on whom.

Money is in EUR. Values, costs and strengths are assumptions, chosen so that rates lie between 1 and 15 % and the best
action differs between customers; they describe no business.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from heed.decisioning.catalogue import HOLD
from heed.training.simulator.calendar import DAY, Calendar, timestamps
from heed.training.simulator.rng import Floats, Ints

CHANNELS = ("email", "push", "sms", "web", "call")
PURPOSES = ("marketing", "service")
CATEGORIES = ("cross_sell", "loyalty", "onboarding", "retention", "service", "winback")
SEGMENTS = ("student", "family", "professional", "senior", "business")
OUTCOME = "conversion"
# One window for all, hold included: uplift then compares like with like.
WINDOW_DAYS = 7.0

# Hour of the local day at which a channel works best, how much worse the opposite hour is, and the weekend's effect.
PEAK_HOUR = np.array([19.0, 18.0, 12.0, 20.5, 10.5])
HOUR_SWING = np.array([0.30, 0.35, 0.20, 0.25, 0.45])
WEEKEND = np.array([-0.10, 0.15, 0.0, 0.20, -0.50])
# Log-odds that a first contact through the channel provokes an opt-out or a complaint.
HARM_MARGIN = np.array([-5.4, -5.0, -4.5, -6.3, -4.1])

# Log-odds that a category gains with a segment (rows in the order of SEGMENTS, columns of CATEGORIES).
SEGMENT_TASTE = np.array(
    [
        [0.5, -0.3, 0.4, -0.6, -0.4, 0.4],
        [0.1, 0.7, -0.1, 0.2, 0.1, -0.2],
        [0.6, -0.2, -0.3, 0.5, -0.3, -0.1],
        [-0.8, 0.4, 0.2, 0.4, 0.8, -0.5],
        [0.3, -0.6, 0.1, 0.6, 0.5, 0.1],
    ]
)


@dataclass(frozen=True, slots=True)
class SimulatedAction:
    """One action and its truth.

    Attributes
    ----------
    strength : float
        Log-odds that the action adds to hold for a customer of middling taste.
    pull : float
        Log-odds added per unit of log(1 + recent activity).
    starts, ends : float or None
        When the offer is valid, as a share of the played time; None leaves that side open.
    least_age, min_tenure : float or None
        Eligibility: years of age, days of tenure.
    """

    action_id: str
    channel: str
    purpose: str
    category: str
    value: float
    cost: float
    strength: float
    pull: float = 0.0
    autonomy: str = "assist"
    incentive: float = 0.0
    tone: str = "informative"
    personalised: bool = False
    starts: float | None = None
    ends: float | None = None
    min_age: float | None = None
    min_tenure: float | None = None

    @property
    def eligibility(self) -> str | None:
        """The condition in CEL, or None where everyone is eligible."""
        bounds = {
            "customer.age": self.min_age,
            "customer.tenure_days": self.min_tenure,
        }
        parts = [f"{name} >= {bound}" for name, bound in bounds.items() if bound is not None]
        return " && ".join(parts) or None


ACTIONS = (
    # id, channel, purpose, category, value, cost, strength, pull
    SimulatedAction("email_loyalty_points", "email", "marketing", "loyalty", 38.0, 0.02, 0.05, 0.20, tone="warm"),
    SimulatedAction("email_bundle", "email", "marketing", "cross_sell", 64.0, 0.02, -0.05, 0.35, personalised=True),
    SimulatedAction("email_come_back", "email", "marketing", "winback", 52.0, 0.02, 0.45, -0.35, incentive=10.0,
          min_tenure=90.0),
    SimulatedAction("email_first_steps", "email", "service", "onboarding", 30.0, 0.02, 0.15, 0.10),
    SimulatedAction("push_flash_sale", "push", "marketing", "cross_sell", 45.0, 0.01, -0.20, 0.45, tone="urgent",
          ends=0.6),
    SimulatedAction("push_points_expire", "push", "marketing", "loyalty", 36.0, 0.01, 0.05, 0.25, tone="urgent"),
    SimulatedAction("sms_credit", "sms", "marketing", "retention", 70.0, 0.09, 0.25, 0.0, incentive=15.0,
          personalised=True),
    SimulatedAction("sms_renewal_reminder", "sms", "service", "service", 34.0, 0.07, 0.00, 0.0),
    SimulatedAction("web_upgrade", "web", "marketing", "cross_sell", 58.0, 0.01, -0.55, 0.55, personalised=True,
          ends=1.5),
    SimulatedAction("call_retention", "call", "marketing", "retention", 110.0, 4.5, 1.00, 0.0, "suggest", 20.0, "warm",
          personalised=True, min_age=18.0),
    SimulatedAction("call_check_up", "call", "service", "service", 80.0, 4.0, 0.65, 0.0, "suggest", tone="warm"),
    SimulatedAction("email_premium_invite", "email", "marketing", "cross_sell", 95.0, 0.05, -0.50, 0.30, "shadow", 0.0,
          "formal",
          starts=0.5, min_age=18.0, min_tenure=30.0),
)  # fmt: skip

CHANNEL_OF: Ints = np.array([CHANNELS.index(one.channel) for one in ACTIONS], dtype=np.int64)
PURPOSE_OF: Ints = np.array([PURPOSES.index(one.purpose) for one in ACTIONS], dtype=np.int64)
CATEGORY_OF: Ints = np.array([CATEGORIES.index(one.category) for one in ACTIONS], dtype=np.int64)
VALUE: Floats = np.array([one.value for one in ACTIONS])
COST: Floats = np.array([one.cost for one in ACTIONS])
HOLD_INDEX = len(ACTIONS)
ACTION_IDS = (*(one.action_id for one in ACTIONS), HOLD)


def validity_spans(calendar: Calendar) -> Ints:
    """Validity of each action, half open: shape (actions, 2), microseconds since the epoch."""
    far = np.iinfo(np.int64)
    spans = [(_moment(calendar, one.starts, far.min), _moment(calendar, one.ends, far.max)) for one in ACTIONS]
    return np.array(spans, dtype=np.int64)


def actions_frame(calendar: Calendar) -> pd.DataFrame:
    """The contract's table `actions`."""
    spans = validity_spans(calendar)
    columns = (
        "action_id",
        "channel",
        "purpose",
        "category",
        "value",
        "cost",
        "autonomy",
        "eligibility",
    )
    attributes = ("incentive", "tone", "personalised")
    frame = pd.DataFrame({name: [getattr(one, name) for one in ACTIONS] for name in columns + attributes})
    closed = pd.DataFrame([[one.starts is not None, one.ends is not None] for one in ACTIONS])
    return frame.assign(
        message_class=frame["purpose"],
        outcome=OUTCOME,
        window_days=WINDOW_DAYS,
        valid_from=timestamps(spans[:, 0]).where(closed[0]),
        valid_until=timestamps(spans[:, 1]).where(closed[1]),
    )


def _moment(calendar: Calendar, share: float | None, otherwise: int) -> int:
    return otherwise if share is None else calendar.start + round(share * calendar.days) * DAY
