"""Several boosters that differ by chance alone, served as one.

The margin of the whole is the mean of the members' margins, which takes away much of what each owes to its draws of
rows and features (bagging; Breiman, "Bagging predictors", Machine Learning 24, 1996). A sum over trees stays a sum over
trees: the trees of all members, each leaf worth its value divided by the number of members, are one booster. Its SHAP
values are the means of the members' own.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from lightgbm import Booster

_END = "end of trees"
# Of a tree, what is counted in units of the margin.
_WORTHS = ("leaf_value=", "internal_value=")


def average_boosters(members: Sequence[Booster]) -> Booster:
    """One booster whose margin is the mean of the members', their trees one member after the other.

    It comes back through its own text, as it will from the bundle.

    Parameters
    ----------
    members : sequence of Booster
        At least one, of the same features; linear leaves are not understood.
    """
    texts = [member.model_to_string(num_iteration=-1) for member in members]
    if len(texts) == 1:
        return Booster(model_str=texts[0])
    head, tail = _head(texts[0]), texts[0].partition(_END)[2]
    trees = chain.from_iterable(map(_trees, texts))
    placed = [f"Tree={place}\n{_shared(tree, len(texts))}" for place, tree in enumerate(trees)]
    # Only what LightGBM itself writes has importances and sizes that are right.
    joined = Booster(model_str="".join([head, *placed, _END, tail]))
    return Booster(model_str=joined.model_to_string(num_iteration=-1))


def _head(text: str) -> str:
    """All that stands before the first tree, without the sizes of the trees, which change."""
    lines = text.partition("Tree=0\n")[0].splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("tree_sizes="))


def _trees(text: str) -> Iterator[str]:
    """The text of each tree, without its number."""
    for part in text.partition(_END)[0].split("Tree=")[1:]:
        yield part.partition("\n")[2]


def _shared(tree: str, members: int) -> str:
    """A tree whose leaves are worth so many times less."""
    return "".join(_divided(line, members) for line in tree.splitlines(keepends=True))


def _divided(line: str, members: int) -> str:
    name = next((one for one in _WORTHS if line.startswith(one)), None)
    if name is None:
        return line
    values = (float(value) / members for value in line.removeprefix(name).split())
    return f"{name}{' '.join(map(repr, values))}\n"
