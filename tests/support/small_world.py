"""Small worlds, played once for all tests that only look at them."""

from functools import cache

from heed.training.simulator.world import SimulationRun, World, make_world


@cache
def small_world() -> tuple[World, SimulationRun]:
    world = make_world(seed=11, customers=1500, days=60)
    return world, world.play()
