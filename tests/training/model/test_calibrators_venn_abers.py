import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from heed.decisioning.score import Floats
from heed.training.model.calibrators.venn_abers import fit_venn_abers, venn_abers_interval
from heed.training.model.log_odds import probability
from tests.support.calibration_data import bent


def by_definition(margin: Floats, label: np.ndarray, query: float, added: float) -> float:
    """The isotonic regression's value at a query that was added with this outcome."""
    rows, hits = np.append(margin, query), np.append(label.astype(float), added)
    return float(IsotonicRegression().fit(rows, hits).predict([query])[0])


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(-6, 6), st.booleans()), min_size=1, max_size=40),
    query=st.integers(-15, 15),
)
def test_both_probabilities_are_those_of_refitting_with_the_query_added(
    rows: list[tuple[int, bool]], query: int
) -> None:
    margin, label = np.array([one for one, _ in rows], dtype=float), np.array([one for _, one in rows])
    low, high = venn_abers_interval(margin, label, np.array([query / 2.0]))
    expected = [by_definition(margin, label, query / 2.0, added) for added in (0.0, 1.0)]
    assert [low[0], high[0]] == pytest.approx(expected, abs=1e-12)


def test_three_hundred_rows_without_ties_agree_with_refitting() -> None:
    generator = np.random.default_rng(0)
    margin = generator.normal(size=300)
    label = generator.random(300) < expit(2.0 * margin)
    query = np.concatenate([generator.normal(size=40), margin[:20]])
    low, high = venn_abers_interval(margin, label, query)
    assert low == pytest.approx([by_definition(margin, label, one, 0.0) for one in query], abs=1e-12)
    assert high == pytest.approx([by_definition(margin, label, one, 1.0) for one in query], abs=1e-12)


@pytest.mark.parametrize(("rows", "close"), [(300, 0.015), (30_000, 0.01)], ids=["few rows", "many rows"])
def test_the_curve_is_the_merged_probability(rows: int, close: float) -> None:
    generator = np.random.default_rng(1)
    margin = generator.normal(-1.0, 1.2, rows)
    label = generator.random(rows) < expit(bent(margin))
    low, high = venn_abers_interval(margin, label, margin)
    merged = high / (1.0 - low + high)
    told = probability(fit_venn_abers(margin, label)(margin))
    assert np.sqrt(np.mean((told - merged) ** 2)) < close
    assert told.mean() == pytest.approx(merged.mean(), abs=2e-3)
