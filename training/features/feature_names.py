"""A feature dictionary: what people are told that a feature says, in words of their own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from heed.decisioning.errors import ContractError
from heed.training.features.feature import Feature, FeatureSource

# Features of these are read from one attribute, by whose name they may be called.
_OF_ONE = (FeatureSource.CUSTOMER, FeatureSource.ACTION, FeatureSource.CONTEXT)


def apply_feature_names(
    features: Iterable[Feature], words: Mapping[str, str], known: Iterable[str]
) -> tuple[Feature, ...]:
    """The features with the words of a dictionary.

    Parameters
    ----------
    words : mapping of str to str
        By the name of a feature, such as ``customer.segment``, or of the attribute it is read from, such as
        ``segment``; the feature's own name counts first.
    known : iterable of str
        Names that may stand in a dictionary although no feature is made of them.

    Raises
    ------
    ContractError
        If a name is nobody's, has no words, or two features would be told alike.
    """
    listed = tuple(features)
    names = {*known, *(name for feature in listed for name in _names(feature))}
    for name, text in words.items():
        _refuse(name, text, names)
    said = tuple(replace(feature, words=_said(feature, words)) for feature in listed)
    _refuse_alike(said)
    return said


def _names(feature: Feature) -> tuple[str, ...]:
    return (feature.name, feature.of) if feature.source in _OF_ONE else (feature.name,)


def _said(feature: Feature, words: Mapping[str, str]) -> str:
    return next((" ".join(words[name].split()) for name in _names(feature) if name in words), feature.words)


def _refuse(name: str, text: str, names: set[str]) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.6)
        remedy = f"did you mean `{near[0]}`?" if near else "name a feature or an attribute of the data"
        raise ContractError("the dictionary names no feature", field="words", value=name, remedy=remedy)
    if not text.strip():
        raise ContractError(
            "the dictionary has no words", field=name, remedy="say what the feature is, or leave it out"
        )


def _refuse_alike(features: Sequence[Feature]) -> None:
    taken: dict[str, str] = {}
    for feature in features:
        other = taken.setdefault(feature.words, feature.name) if feature.words else feature.name
        if other != feature.name:
            message = f"the dictionary tells `{other}` and `{feature.name}` alike"
            raise ContractError(message, field="words", value=feature.words, remedy="give each words of its own")
