"""A feature dictionary: display names of features, given by the user."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from heed.decisioning.errors import ContractError
from heed.training.features.feature import Feature, FeatureSource

# Features from these sources are read from one attribute, whose name may stand for them.
_SINGLE_ATTRIBUTE = (FeatureSource.CUSTOMER, FeatureSource.ACTION, FeatureSource.CONTEXT)


def apply_feature_names(
    features: Iterable[Feature], words: Mapping[str, str], known: Iterable[str]
) -> tuple[Feature, ...]:
    """Apply a feature dictionary.

    Parameters
    ----------
    words : mapping of str to str
        Display name by the name of a feature, such as ``customer.segment``, or of the attribute it is read from, such
        as ``segment``; the name of the feature takes precedence.
    known : iterable of str
        Further names that the dictionary may contain.

    Raises
    ------
    ContractError
        If a name is unknown, a display name is empty, or two features would share one.
    """
    listed = tuple(features)
    names = {*known, *(name for feature in listed for name in _names(feature))}
    for name, text in words.items():
        _refuse(name, text, names)
    renamed = tuple(replace(feature, words=_words(feature, words)) for feature in listed)
    _refuse_duplicates(renamed)
    return renamed


def _names(feature: Feature) -> tuple[str, ...]:
    return (feature.name, feature.of) if feature.source in _SINGLE_ATTRIBUTE else (feature.name,)


def _words(feature: Feature, words: Mapping[str, str]) -> str:
    return next((" ".join(words[name].split()) for name in _names(feature) if name in words), feature.words)


def _refuse(name: str, text: str, names: set[str]) -> None:
    if name not in names:
        near = get_close_matches(name, names, n=1, cutoff=0.6)
        remedy = f"did you mean `{near[0]}`?" if near else "name a feature or an attribute of the data"
        raise ContractError("the feature dictionary has an unknown name", field="words", value=name, remedy=remedy)
    if not text.strip():
        raise ContractError(
            "the feature dictionary has an empty display name", field=name, remedy="give a name, or remove the entry"
        )


def _refuse_duplicates(features: Sequence[Feature]) -> None:
    taken: dict[str, str] = {}
    for feature in features:
        other = taken.setdefault(feature.words, feature.name) if feature.words else feature.name
        if other != feature.name:
            message = f"the feature dictionary gives `{other}` and `{feature.name}` the same name"
            raise ContractError(message, field="words", value=feature.words, remedy="give each a name of its own")
