"""The SHAP summary plot: which features move the probabilities, and in which direction."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from heed.decisioning.score import Floats
from heed.training.model.bundle import Bundle

_ROWS = 1_000


def sample_rows(matrix: Floats, seed: int, rows: int = _ROWS) -> Floats:
    """At most `rows` rows, sampled without replacement, in their order."""
    taken = np.random.default_rng(seed).choice(len(matrix), size=min(rows, len(matrix)), replace=False)
    return matrix[np.sort(taken)]


def shap_effects(bundle: Bundle, matrix: Floats) -> Floats:
    """SHAP values in calibrated log-odds, shape (n, columns)."""
    contributions = bundle.head.contributions(matrix)
    slope = bundle.head.calibration.curve.slope(contributions.sum(axis=1))
    return np.asarray(slope[:, None] * contributions[:, :-1])


def mean_shap_effects(bundle: Bundle, matrix: Floats) -> dict[str, float]:
    """Mean absolute SHAP value of each feature in calibrated log-odds, largest first."""
    sizes = np.abs(shap_effects(bundle, matrix)).mean(axis=0)
    order = sorted(range(len(sizes)), key=lambda column: (-sizes[column], bundle.schema.names[column]))
    return {bundle.schema.names[column]: float(sizes[column]) for column in order}


def shap_summary_figure(
    bundle: Bundle, matrix: Floats, features: int = 15, names: Sequence[str] | None = None, title: str = ""
) -> Figure:
    """A beeswarm of the most important features; categories are grey, since they have no order.

    Parameters
    ----------
    names : sequence of str
        Display names of the columns, in their order; by default their own names.
    """
    values = shap_effects(bundle, matrix)
    shown = np.array(matrix)
    shown[:, list(bundle.schema.categorical_columns)] = np.nan
    with warnings.catch_warnings():
        # shap colors by quantiles and warns about all-missing columns, which the grey ones are.
        warnings.simplefilter("ignore")
        return _beeswarm(values, shown, names or bundle.schema.names, features, title)


def _beeswarm(values: Floats, shown: Floats, names: Sequence[str], features: int, title: str) -> Figure:
    # Imported here: shap takes seconds to import, and only training uses it.
    from matplotlib import pyplot as plt
    from shap import summary_plot

    plt.switch_backend("agg")
    figure = plt.figure()
    try:
        frame = pd.DataFrame(shown, columns=list(names))
        summary_plot(values, frame, max_display=features, show=False, rng=np.random.default_rng(0), plot_size=(9, 6))
        figure.axes[0].set_xlabel("lowers the probability  ←  effect on its log-odds  →  raises it")
        figure.axes[0].set_title(title, fontsize=13)
        figure.tight_layout()
        FigureCanvasAgg(figure)
        return figure
    finally:
        plt.close(figure)
