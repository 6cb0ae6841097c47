"""Python's garbage collector, set for a service whose answers take about a millisecond."""

import gc


def tune_gc() -> None:
    """Take what start-up made out of the garbage collector's sight, and let it look less often.

    A decision makes some thousand small objects and frees them all by counting references; looking for cycles among
    them every 700 objects, as Python does by default, costs a quarter of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
