"""Named random generators: each part of a simulation has its own, so changes to one part leave others unchanged."""

from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def named_generator(seed: int, part: str) -> np.random.Generator:
    """Generator of one part; the same seed and name give the same draws, other names independent ones."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, crc32(part.encode())])))


def sample_columns(weights: Floats, generator: np.random.Generator) -> Ints:
    """Draw one column per row with the probabilities of that row.

    Parameters
    ----------
    weights : ndarray of shape (n, k)
        Each row sums to 1; a column of weight 0 is never drawn.

    Returns
    -------
    ndarray of shape (n,)
        Column indices in [0, k).
    """
    edges = np.cumsum(weights, axis=1)
    level = generator.random(len(weights)) * edges[:, -1]
    return np.asarray((edges <= level[:, None]).sum(axis=1), dtype=np.int64)


def sigmoid(margin: Floats) -> Floats:
    """Probability for log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-margin)))
