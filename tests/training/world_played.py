"""Small worlds, played once for all tests that only look at them."""

from functools import cache

from training.world.world import Played, World, make_world


@cache
def small() -> tuple[World, Played]:
    world = make_world(seed=11, customers=1500, days=60)
    return world, world.play()
