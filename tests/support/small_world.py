"""A small simulated world, run once per session."""

from heed.training.simulator.world import SimulationRun, World, make_world
from tests.support.session_cache import once_per_session


@once_per_session
def small_world() -> tuple[World, SimulationRun]:
    world = make_world(seed=11, customers=1500, days=60)
    return world, world.play()
