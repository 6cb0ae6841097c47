import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from heed.training.model.log_odds import probability


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_probabilities_stay_inside_and_never_change_the_order(margins: list[float]) -> None:
    served = probability(np.sort(np.array(margins)))
    assert ((served > 0.0) & (served < 1.0)).all()
    assert (np.diff(served) >= 0.0).all()


def test_the_logistic_curve_is_that_of_scipy() -> None:
    log_odds = np.linspace(-30.0, 30.0, 301)
    np.testing.assert_allclose(probability(log_odds), expit(log_odds), rtol=1e-12)
