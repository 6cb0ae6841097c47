"""A simulated world with its truth: what could have been done at each decision, and what it would have been worth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heed.training.contract.engagement_data import EngagementData
from heed.training.simulator import logging_policy, simulation
from heed.training.simulator.world import SimulationRun, World, make_world

CUSTOMERS, DAYS = 4_000, 120
CONTACTS_A_CUSTOMER = 22
# The worlds in which heed's own tests play have small seeds.
FIRST_SEED = 9_000


@dataclass(frozen=True, eq=False)
class SimulatedDataset:
    """A world that was played.

    Attributes
    ----------
    admissible : array of bool, shape (contacts, actions)
        Whether consent, validity and eligibility let the logging policy take each action.
    """

    world: World
    played: SimulationRun
    admissible: NDArray[np.bool_]

    @property
    def data(self) -> EngagementData:
        """What the business would have on file."""
        return self.played.data

    def worth(self, harm_cost: float) -> NDArray[np.float64]:
        """True net value of every action, and of hold last, at every contact; shape (contacts, actions + 1)."""
        return np.asarray(self.world.true_net_value(self.played.situation, harm_cost))

    def propensity(self) -> NDArray[np.float64]:
        """True probability of the outcome of what was done, shape (contacts,)."""
        return self.played.truth["propensity"].to_numpy()


def simulate(seed: int, contacts: int | None) -> SimulatedDataset:
    """The world of a seed, with about so many contacts."""
    customers = CUSTOMERS if contacts is None else max(contacts // CONTACTS_A_CUSTOMER, 100)
    world = make_world(FIRST_SEED + seed, customers, DAYS)
    played = world.play()
    return SimulatedDataset(world, played, _admissible(world, played))


def _admissible(world: World, played: SimulationRun) -> NDArray[np.bool_]:
    """Played again for the withdrawals, and held against the number of choices that the world wrote down."""
    board = simulation.initial_state(world.seed, world.people, world.permissions)
    stage = simulation.world_constants(world.people, world.calendar, world.vectors)
    for _ in simulation.simulate_days(world.seed, stage, board):
        pass
    when = played.situation
    allowed = logging_policy.admissible_actions(board.permissions, stage.eligibility, stage.spans, when.who, when.at)
    counted = played.truth["admissible"].to_numpy()
    if not np.array_equal(allowed.sum(axis=1), counted):
        raise RuntimeError("the world, played again, allows other actions than it wrote down")
    return np.asarray(allowed[:, :-1])
