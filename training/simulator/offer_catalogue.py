"""The twelve simulated actions and their true effects.

Money is in EUR. Values, costs and strengths are invented, such that rates lie between 1 and 15 % and the best action
differs between customers.
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
# One window for all actions and hold, so that uplift compares equal windows.
WINDOW_DAYS = 7.0

# Best local hour of each channel, the drop at the opposite hour, and the effect of the weekend, in log-odds.
PEAK_HOUR = np.array([19.0, 18.0, 12.0, 20.5, 10.5])
HOUR_SWING = np.array([0.30, 0.35, 0.20, 0.25, 0.45])
WEEKEND = np.array([-0.10, 0.15, 0.0, 0.20, -0.50])
# Log-odds of an opt-out or complaint after a first contact on each channel.
HARM_MARGIN = np.array([-5.4, -5.0, -4.5, -6.3, -4.1])

# Log-odds added by segment (rows) and category (columns).
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
    """One action and its true effect.

    Attributes
    ----------
    strength : float
        Log-odds added to hold for an average customer.
    pull : float
        Log-odds added per unit of log(1 + recent activity).
    starts, ends : float or None
        Validity as shares of the simulated time; None leaves that side open.
    least_age, min_tenure : float or None
        Eligibility: minimum age in years, minimum tenure in days.
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
        """The eligibility condition in CEL, or None if everyone is eligible."""
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

CHANNEL_OF: Ints = np.array([CHANNELS.index(action.channel) for action in ACTIONS], dtype=np.int64)
PURPOSE_OF: Ints = np.array([PURPOSES.index(action.purpose) for action in ACTIONS], dtype=np.int64)
CATEGORY_OF: Ints = np.array([CATEGORIES.index(action.category) for action in ACTIONS], dtype=np.int64)
VALUE: Floats = np.array([action.value for action in ACTIONS])
COST: Floats = np.array([action.cost for action in ACTIONS])
HOLD_INDEX = len(ACTIONS)
ACTION_IDS = (*(action.action_id for action in ACTIONS), HOLD)


def validity_spans(calendar: Calendar) -> Ints:
    """Half-open validity of each action: shape (actions, 2), microseconds since the epoch."""
    far = np.iinfo(np.int64)
    spans = [(_moment(calendar, action.starts, far.min), _moment(calendar, action.ends, far.max)) for action in ACTIONS]
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
    frame = pd.DataFrame({name: [getattr(action, name) for action in ACTIONS] for name in columns + attributes})
    closed = pd.DataFrame([[action.starts is not None, action.ends is not None] for action in ACTIONS])
    return frame.assign(
        message_class=frame["purpose"],
        outcome=OUTCOME,
        window_days=WINDOW_DAYS,
        valid_from=timestamps(spans[:, 0]).where(closed[0]),
        valid_until=timestamps(spans[:, 1]).where(closed[1]),
    )


def _moment(calendar: Calendar, share: float | None, otherwise: int) -> int:
    return otherwise if share is None else calendar.start + round(share * calendar.days) * DAY
