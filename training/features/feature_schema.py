"""The feature schema: columns of a model's matrix, stored with the model and read at serving time."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from heed.decisioning.canonical import Scalar, digest, to_plain
from heed.decisioning.errors import ContractError
from heed.training.features.display_names import display_name
from heed.training.features.feature import EventGroup, Feature, FeatureKind, FeatureSource, WindowMeasure, WindowOp

_RATED = (EventGroup.SIGNAL_TYPE, EventGroup.SIGNAL_CHANNEL)
_OWNED = (EventGroup.CONTACT_CHANNEL, EventGroup.CONTACT_ACTION, EventGroup.SIGNAL_CHANNEL)


@dataclass(frozen=True)
class FeatureSchema:
    """The columns of a feature matrix in order, and the vocabulary of its windows.

    Attributes
    ----------
    features : tuple of Feature
        Grouped by source, in the order of :class:`FeatureSource`.
    signal_types, channels, actions : tuple of str
        Vocabulary of windows; other words count only in the total of contacts.
    attributes : tuple of (name, type)
        Every customer attribute in the data, whether a feature or not: ``number``, ``boolean`` or ``text``.

    Raises
    ------
    ContractError
        If two columns share a name, sources are out of order, or a window counts a word outside the vocabulary.
    """

    features: tuple[Feature, ...]
    signal_types: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        doubled = next((name for name in self.names if self.names.count(name) > 1), None)
        if doubled is not None:
            raise ContractError("two features share a name", field="features", value=doubled)
        order = [list(FeatureSource).index(feature.source) for feature in self.features]
        if order != sorted(order):
            remedy = f"put them in the order {', '.join(FeatureSource)}"
            raise ContractError("features are not grouped by source", field="features", remedy=remedy)
        for feature in self.features:
            _check_measure(self, feature)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def display_names(self) -> tuple[str, ...]:
        """Display name of each column."""
        return tuple(display_name(feature) for feature in self.features)

    @property
    def display_name_by_column(self) -> dict[str, str]:
        """Display name of each column by its name."""
        return dict(zip(self.names, self.display_names, strict=True))

    @cached_property
    def words(self) -> Mapping[EventGroup, tuple[str | None, ...]]:
        """Vocabulary of each group of events."""
        return {
            EventGroup.CONTACT: (None,),
            EventGroup.CONTACT_CHANNEL: self.channels,
            EventGroup.CONTACT_ACTION: self.actions,
            EventGroup.SIGNAL_TYPE: self.signal_types,
            EventGroup.SIGNAL_CHANNEL: self.channels,
        }

    @cached_property
    def first_columns(self) -> Mapping[FeatureSource, int]:
        """First column of each source; where a source has none, the column where it would start."""
        counts = [len(self.of_source(source)) for source in FeatureSource]
        return {source: sum(counts[:number]) for number, source in enumerate(FeatureSource)}

    @cached_property
    def categorical_columns(self) -> tuple[int, ...]:
        """Indices of categorical columns."""
        return tuple(index for index, feature in enumerate(self.features) if feature.kind is FeatureKind.CATEGORICAL)

    @cached_property
    def windows(self) -> tuple[int, ...]:
        """Lengths of the windows in days, shortest first."""
        return tuple(sorted({feature.measure.days for feature in self.features if feature.measure is not None}))

    @property
    def horizon(self) -> timedelta:
        """Length of the longest window: older events have no effect."""
        return timedelta(days=max(self.windows, default=0))

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the schema's content."""
        return digest(self.to_dict())

    def of_source(self, source: FeatureSource) -> tuple[Feature, ...]:
        """The features from one source, in column order."""
        return tuple(feature for feature in self.features if feature.source is source)

    def describe(self, value: float, column: int) -> Scalar:
        """Decode a number of a column: a category, boolean or number, or None where it is missing."""
        if math.isnan(value):
            return None
        feature = self.features[column]
        if feature.kind is FeatureKind.CATEGORICAL:
            return feature.categories[int(value)]
        if feature.kind is FeatureKind.BOOLEAN:
            return bool(value)
        return int(value) if float(value).is_integer() else float(value)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, which :meth:`from_dict` reads."""
        return {name: to_plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "FeatureSchema":
        """The schema written by :meth:`to_dict`.

        Raises
        ------
        ContractError
            If a field is missing, unknown or invalid.
        """
        try:
            texts = {name: tuple(content[name]) for name in ("signal_types", "channels", "actions")}
            attributes = tuple((str(name), str(kind)) for name, kind in content["attributes"])
            return cls(tuple(map(_feature, content["features"])), **texts, attributes=attributes)
        except (KeyError, TypeError, ValueError) as error:
            remedy = "take the schema from the model's bundle"
            raise ContractError(f"not a feature schema ({error})", field="features", remedy=remedy) from error


def attribute_types(schema: FeatureSchema) -> Mapping[str, str]:
    """Type of every customer attribute in the training data: ``number``, ``boolean`` or ``text``."""
    return dict(schema.attributes)


def _check_measure(schema: FeatureSchema, feature: Feature) -> None:
    """The kernel does not check array bounds, so every measure must be countable."""
    measures = feature.source in (FeatureSource.WINDOW, FeatureSource.CROSS)
    if measures is not (feature.measure is not None) or (feature.measure and not _countable(schema, feature)):
        remedy = "take the schema from the model's bundle"
        raise ContractError("a feature has an invalid measure", field=feature.name, remedy=remedy)


def _countable(schema: FeatureSchema, feature: Feature) -> bool:
    measure = feature.measure
    if measure is None or measure.days < 1 or (measure.op is WindowOp.RATE and measure.group not in _RATED):
        return False
    if feature.source is FeatureSource.CROSS:
        return measure.group in _OWNED and measure.key is None
    return measure.key in schema.words[measure.group]


def _feature(content: Mapping[str, Any]) -> Feature:
    measure = content["measure"]
    given = {
        **content,
        "kind": FeatureKind(content["kind"]),
        "source": FeatureSource(content["source"]),
        "categories": tuple(content["categories"]),
        "measure": None if measure is None else _measure(measure),
    }
    return Feature(**given)


def _measure(content: Mapping[str, Any]) -> WindowMeasure:
    return WindowMeasure(**{**content, "op": WindowOp(content["op"]), "group": EventGroup(content["group"])})
