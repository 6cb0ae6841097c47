from benchmarks.soak import Window, verdict


def windows(memory: list[float], p99: list[float], bad: int = 0) -> list[Window]:
    return [Window(n / 4, 100, bad, held, 1.0, tail) for n, (held, tail) in enumerate(zip(memory, p99, strict=True))]


def test_memory_that_stays_is_flat():
    said = verdict(windows([90.0, 90, 200, 200, 205, 205, 210, 210], [5.0] * 8))
    assert said == "800 requests, 0 not answered by 200; memory x1.050 (flat), p99 x1.00"


def test_memory_that_grows_is_not():
    said = verdict(windows([100.0, 100, 100, 100, 120, 130, 140, 150], [5.0] * 6 + [10.0] * 2, bad=1))
    assert said == "800 requests, 8 not answered by 200; memory x1.450 (NOT flat), p99 x2.00"
