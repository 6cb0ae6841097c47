"""A world: its customers, what is true of them, and the history it gives when it is played."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData
from heed.training.simulator import consent_arrays, consent_tables, engagement_tables, ground_truth, logging_policy, run
from heed.training.simulator.calendar import Calendar, to_microseconds
from heed.training.simulator.consent_arrays import Permissions
from heed.training.simulator.daily_decisions import WorldConstants
from heed.training.simulator.ground_truth import CustomerMoments
from heed.training.simulator.population import Population, draw_population
from heed.training.simulator.rng import Bools, Floats, Ints

END = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True)
class SimulationRun:
    """What playing a world gives.

    Attributes
    ----------
    data : EngagementData
        What the business would have on file at the end.
    truth : pandas.DataFrame
        One row per contact or hold, in the order of ``data.contacts``: contact_id, customer_id, customer_index,
        action_index, at (microseconds, UTC), recent_contacts, activity, logged (the policy's probability),
        admissible (number of choices), propensity, resting (probability under hold), harm, converted_at and
        harmed_at (microseconds; the largest integer where it never happened), harm_kind, value.
    consents, contact_points, suppressions : pandas.DataFrame
        As on file at the end; see :mod:`heed.training.simulator.consent_tables`.
    admissible : ndarray of bool, shape (rows of ``ground_truth``, actions)
        What consent, validity and eligibility left to choose from beside hold.
    recent_contacts, activity : ndarray of shape (customers,)
        The state at the end, for :meth:`World.true_propensity`.
    """

    data: EngagementData
    truth: pd.DataFrame
    consents: pd.DataFrame
    contact_points: pd.DataFrame
    suppressions: pd.DataFrame
    admissible: Bools
    recent_contacts: Floats
    activity: Floats

    @property
    def situation(self) -> CustomerMoments:
        """Customers, moments and recent days of every row of ``ground_truth``, for counterfactual questions."""
        columns = (self.truth[name].to_numpy() for name in ("customer_index", "at", "recent_contacts", "activity"))
        return CustomerMoments(*columns)


@dataclass(frozen=True)
class World:
    """Customers and the truth about them.

    Attributes
    ----------
    seed : int
        The same seed, number of customers and calendar give the same world and the same history.
    calendar : Calendar
        When it is played.
    people : Population
        The customers.
    permissions : Permissions
        Consents, contact points and suppressions before any opt-out that play causes.
    vectors : ndarray of shape (actions, tastes)
        What each action appeals to.
    """

    seed: int
    calendar: Calendar
    people: Population
    permissions: Permissions
    vectors: Floats

    @property
    def consents(self) -> pd.DataFrame:
        """Consents recorded before the end, without the opt-outs that play causes (see :class:`SimulationRun`)."""
        return consent_tables.consents_frame(self.seed, self.people, self.permissions, self.calendar.stop)

    @property
    def contact_points(self) -> pd.DataFrame:
        """Every contact point: customer_id, contact_point, channel."""
        return consent_tables.contact_points_frame(self.seed, self.people, self.permissions)

    def engage(self) -> EngagementData:
        """The history that the logging policy leaves, in the form of the data contract."""
        return self.play().data

    def play(self) -> SimulationRun:
        """Play all days under the logging policy. The same world gives the same history, byte for byte."""
        board = run.initial_state(self.seed, self.people, self.permissions)
        stage = run.world_constants(self.people, self.calendar, self.vectors)
        turns, parts = zip(*run.simulate_days(self.seed, stage, board), strict=True)
        history = engagement_tables.history_frame(self.people, turns)
        signals = engagement_tables.signals_frame(self.people, parts, self.calendar.stop)
        known = (self.people, board.permissions, self.calendar.stop)
        return SimulationRun(
            data=engagement_tables.engagement_data(self.people, self.calendar, history, signals),
            truth=history,
            consents=consent_tables.consents_frame(self.seed, *known),
            contact_points=self.contact_points,
            suppressions=consent_tables.suppressions_frame(*known),
            admissible=_admissible(stage, board.permissions, history),
            recent_contacts=board.recent_contacts,
            activity=board.activity,
        )

    def situation(
        self,
        customers: Ints | None = None,
        at: datetime | Ints | None = None,
        recent_contacts: Floats | float = 0.0,
        activity: Floats | None = None,
    ) -> CustomerMoments:
        """Customers at moments, with sensible defaults: all customers, at the end, rested, of quiet activity."""
        who = np.arange(len(self.people)) if customers is None else np.asarray(customers, dtype=np.int64)
        moment = at if isinstance(at, np.ndarray) else to_microseconds(at or self.calendar.end)
        resting = run.baseline_activity(self.people)[who] if activity is None else activity
        return CustomerMoments(
            who=who,
            at=np.broadcast_to(np.asarray(moment, dtype=np.int64), who.shape),
            recent_contacts=np.broadcast_to(np.asarray(recent_contacts, dtype=np.float64), who.shape),
            activity=np.broadcast_to(np.asarray(resting, dtype=np.float64), who.shape),
        )

    def true_propensity(self, situation: CustomerMoments | None = None) -> Floats:
        """True probability of conversion within the window: shape (n, actions + 1).

        Columns are in the order of ``heed.training.simulator.offer_catalogue.ACTION_IDS``, hold last.
        """
        return ground_truth.true_propensities(self.people, self.vectors, situation or self.situation())

    def true_harm(self, situation: CustomerMoments | None = None) -> Floats:
        """True probability of an opt-out, complaint or unsubscription: shape (n, actions + 1), 0 for hold."""
        return ground_truth.true_harms(self.people, self.vectors, situation or self.situation())

    def true_net_value(self, situation: CustomerMoments | None = None, harm_cost: float = 25.0) -> Floats:
        """True net value in EUR with every lever at 1: shape (n, actions + 1), 0 for hold."""
        return ground_truth.true_net_values(self.true_propensity(situation), self.true_harm(situation), harm_cost)

    def response(
        self,
        customers: Ints,
        actions: Ints,
        at: datetime | Ints | None = None,
        recent_contacts: Floats | float = 0.0,
        activity: Floats | None = None,
    ) -> Floats:
        """True probability of conversion for pairs of customer and action indices: shape (n,)."""
        situation = self.situation(customers, at, recent_contacts, activity)
        return self.true_propensity(situation)[np.arange(len(situation.who)), actions]

    def index_of(self, customer_ids: pd.Series) -> Ints:
        """Row of each customer id in the arrays of this world; -1 for an id that is not of this world."""
        known = pd.Index(self.people.frame["customer_id"])
        return np.asarray(known.get_indexer(pd.Index(customer_ids)), dtype=np.int64)


def make_world(seed: int, customers: int, days: int = 120, end: datetime = END) -> World:
    """Make a world with known truth.

    Parameters
    ----------
    seed : int
        At least 0; the same arguments give the same world, byte for byte.
    customers : int
        How many, at least 1.
    days : int
        How long it is played, at least 1.
    end : datetime
        First moment that is not played, with an offset; history starts `days` days before that day's UTC midnight.

    Raises
    ------
    InvalidInput
        If a count is below 1, the seed is negative or `end` has no offset.
    """
    for field, value, least in (("seed", seed, 0), ("customers", customers, 1), ("days", days, 1)):
        if value < least:
            raise InvalidInput("too small a number", field=field, value=value, remedy=f"give at least {least}")
    calendar = Calendar(end, days)
    to_microseconds(end)
    people = draw_population(seed, customers)
    permissions = consent_arrays.draw_permissions(seed, people, calendar)
    return World(seed, calendar, people, permissions, ground_truth.action_vectors(seed))


def _admissible(stage: WorldConstants, permissions: Permissions, history: pd.DataFrame) -> Bools:
    """What could have been done at each moment of the history: what was withdrawn later was not withdrawn then."""
    who, at = history["customer_index"].to_numpy(), history["at"].to_numpy()
    return logging_policy.admissible_actions(permissions, stage.eligibility, stage.spans, who, at)[:, :-1]
