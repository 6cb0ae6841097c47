"""An ensemble of boosters that differ only in their random subsamples, merged into one booster.

The margin of the ensemble is the mean of the members' margins, which reduces variance (bagging; Breiman, "Bagging
predictors", Machine Learning 24, 1996). The mean of sums over trees is a sum over trees: the trees of all members, with
leaf values divided by the number of members, form one booster. Its SHAP values are the means of the members' values.
"""

from collections.abc import Iterator, Sequence
from itertools import chain

from lightgbm import Booster

_END = "end of trees"
# The fields of a tree in units of the margin.
_VALUE_FIELDS = ("leaf_value=", "internal_value=")


def average_boosters(members: Sequence[Booster]) -> Booster:
    """Merge boosters into one whose margin is their mean, keeping the members' trees in order.

    The result is parsed from its own text, as it will be when loaded from a bundle.

    Parameters
    ----------
    members : sequence of Booster
        At least one, of the same features and without linear leaves.
    """
    texts = [member.model_to_string(num_iteration=-1) for member in members]
    if len(texts) == 1:
        return Booster(model_str=texts[0])
    head, tail = _head(texts[0]), texts[0].partition(_END)[2]
    trees = chain.from_iterable(map(_trees, texts))
    numbered = [f"Tree={index}\n{_scaled_tree(tree, len(texts))}" for index, tree in enumerate(trees)]
    # Saved again, because only LightGBM itself writes correct importances and tree sizes.
    joined = Booster(model_str="".join([head, *numbered, _END, tail]))
    return Booster(model_str=joined.model_to_string(num_iteration=-1))


def _head(text: str) -> str:
    """The text before the first tree, without the tree sizes, which change."""
    lines = text.partition("Tree=0\n")[0].splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("tree_sizes="))


def _trees(text: str) -> Iterator[str]:
    """The text of each tree, without its number."""
    for part in text.partition(_END)[0].split("Tree=")[1:]:
        yield part.partition("\n")[2]


def _scaled_tree(tree: str, members: int) -> str:
    """The tree with its values divided by the number of members."""
    return "".join(_divided(line, members) for line in tree.splitlines(keepends=True))


def _divided(line: str, members: int) -> str:
    name = next((field for field in _VALUE_FIELDS if line.startswith(field)), None)
    if name is None:
        return line
    values = (float(value) / members for value in line.removeprefix(name).split())
    return f"{name}{' '.join(map(repr, values))}\n"
