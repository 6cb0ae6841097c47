"""Property tests look at the same examples every time; `pytest --hypothesis-profile=explore` looks at others."""

from hypothesis import settings

# A deadline on each example would measure the machine.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None)
settings.load_profile("steady")
