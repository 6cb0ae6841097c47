"""A simulated world: customers, ground truth, and the history that a simulation run generates."""

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from heed.decisioning.errors import InvalidInput
from heed.training.contract.engagement_data import EngagementData
from heed.training.simulator import (
    consent_arrays,
    consent_tables,
    engagement_tables,
    ground_truth,
    logging_policy,
    simulation,
)
from heed.training.simulator.calendar import Calendar, to_microseconds
from heed.training.simulator.consent_arrays import Permissions
from heed.training.simulator.daily_decisions import WorldConstants
from heed.training.simulator.ground_truth import CustomerMoments
from heed.training.simulator.population import Population, draw_population
from heed.training.simulator.rng import Bools, Floats, Ints

END = datetime(2026, 11, 2, tzinfo=UTC)


@dataclass(frozen=True)
class SimulationRun:
    """Result of a simulation run.

    Attributes
    ----------
    data : EngagementData
        The data that the business would have recorded.
    truth : pandas.DataFrame
        One row per contact or hold, in the order of ``data.contacts``: contact_id, customer_id, customer_index,
        action_index, at (microseconds, UTC), recent_contacts, activity, logged (the policy's probability),
        admissible (number of choices), propensity, resting (probability under hold), harm, converted_at and
        harmed_at (microseconds; the largest integer where it never happened), harm_kind, value.
    consents, contact_points, suppressions : pandas.DataFrame
        As recorded at the end; see :mod:`heed.training.simulator.consent_tables`.
    admissible : ndarray of bool, shape (rows of ``truth``, actions)
        Actions that consent, validity and eligibility admitted.
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
        """Customer, time and recent history of every row of ``truth``, to evaluate counterfactual actions."""
        columns = (self.truth[name].to_numpy() for name in ("customer_index", "at", "recent_contacts", "activity"))
        return CustomerMoments(*columns)


@dataclass(frozen=True)
class World:
    """Customers and their ground truth.

    Attributes
    ----------
    seed : int
        The same seed, number of customers and calendar give the same world and history.
    calendar : Calendar
        The simulated period.
    people : Population
        The customers.
    permissions : Permissions
        Consents, contact points and suppressions, without opt-outs caused by simulated contacts.
    vectors : ndarray of shape (actions, tastes)
        Taste vector of each action.
    """

    seed: int
    calendar: Calendar
    people: Population
    permissions: Permissions
    vectors: Floats

    @property
    def consents(self) -> pd.DataFrame:
        """Consents recorded before the end, without the opt-outs of a :class:`SimulationRun`."""
        return consent_tables.consents_frame(self.seed, self.people, self.permissions, self.calendar.stop)

    @property
    def contact_points(self) -> pd.DataFrame:
        """Every contact point: customer_id, contact_point, channel."""
        return consent_tables.contact_points_frame(self.seed, self.people, self.permissions)

    def engage(self) -> EngagementData:
        """Run the simulation and return its history as engagement data."""
        return self.play().data

    def play(self) -> SimulationRun:
        """Run the simulation under the logging policy. The same world gives the same history, byte for byte."""
        state = simulation.initial_state(self.seed, self.people, self.permissions)
        constants = simulation.world_constants(self.people, self.calendar, self.vectors)
        days, parts = zip(*simulation.simulate_days(self.seed, constants, state), strict=True)
        history = engagement_tables.history_frame(self.people, days)
        signals = engagement_tables.signals_frame(self.people, parts, self.calendar.stop)
        recorded = (self.people, state.permissions, self.calendar.stop)
        return SimulationRun(
            data=engagement_tables.engagement_data(self.people, self.calendar, history, signals),
            truth=history,
            consents=consent_tables.consents_frame(self.seed, *recorded),
            contact_points=self.contact_points,
            suppressions=consent_tables.suppressions_frame(*recorded),
            admissible=_admissible(constants, state.permissions, history),
            recent_contacts=state.recent_contacts,
            activity=state.activity,
        )

    def situation(
        self,
        customers: Ints | None = None,
        at: datetime | Ints | None = None,
        recent_contacts: Floats | float = 0.0,
        activity: Floats | None = None,
    ) -> CustomerMoments:
        """Customers at given times; by default all, at the end, without recent contacts and with baseline activity."""
        who = np.arange(len(self.people)) if customers is None else np.asarray(customers, dtype=np.int64)
        moment = at if isinstance(at, np.ndarray) else to_microseconds(at or self.calendar.end)
        resting = simulation.baseline_activity(self.people)[who] if activity is None else activity
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
        """True net value in EUR, without weights: shape (n, actions + 1), 0 for hold."""
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
        """Index of each customer id in the arrays of this world; -1 for unknown ids."""
        known = pd.Index(self.people.frame["customer_id"])
        return np.asarray(known.get_indexer(pd.Index(customer_ids)), dtype=np.int64)


def make_world(seed: int, customers: int, days: int = 120, end: datetime = END) -> World:
    """Create a world with known ground truth.

    Parameters
    ----------
    seed : int
        At least 0; the same arguments give the same world, byte for byte.
    customers : int
        Number of customers, at least 1.
    days : int
        Simulated days, at least 1.
    end : datetime
        End of the history, exclusive, with a UTC offset; it starts `days` days before the UTC midnight of that day.

    Raises
    ------
    InvalidInput
        If a count is below 1, the seed is negative or `end` has no offset.
    """
    for field, value, least in (("seed", seed, 0), ("customers", customers, 1), ("days", days, 1)):
        if value < least:
            raise InvalidInput("number too small", field=field, value=value, remedy=f"give at least {least}")
    calendar = Calendar(end, days)
    to_microseconds(end)
    people = draw_population(seed, customers)
    permissions = consent_arrays.draw_permissions(seed, people, calendar)
    return World(seed, calendar, people, permissions, ground_truth.action_vectors(seed))


def _admissible(constants: WorldConstants, permissions: Permissions, history: pd.DataFrame) -> Bools:
    """Actions admissible at each decision; consent withdrawn later still counts."""
    who, at = history["customer_index"].to_numpy(), history["at"].to_numpy()
    return logging_policy.admissible_actions(permissions, constants.eligibility, constants.spans, who, at)[:, :-1]
