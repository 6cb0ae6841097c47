"""Everything that is found of a model beside its gates, as plain values that become JSON and a report."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from decisioning.canonical import plain
from decisioning.errors import InvalidInput
from training.contract.data import EngagementData
from training.evaluation.bins import equal_mass
from training.evaluation.coverage import Bands, bands
from training.evaluation.decomposition import Decomposition, decompose
from training.evaluation.estimates import Estimate
from training.evaluation.evaluate import finite
from training.evaluation.fairness import Fairness, fairness
from training.evaluation.groups import group_of, is_of_customers
from training.evaluation.lift import Tenth, tenths
from training.evaluation.material import Material
from training.evaluation.metrics import Labels
from training.evaluation.policies import Policies, Surest, policies, surest
from training.evaluation.segments import Segment, segments, share
from training.evaluation.trials import uplifts
from training.evaluation.uplift import ALL, UpliftFound

_BINS, _ACTION_BINS = 10, 5


@dataclass(frozen=True, slots=True)
class Confidence:
    """How sure heed would be of its choices, guardrails aside.

    Attributes
    ----------
    acts : Estimate
        Share of decisions in which it would contact.
    mean : float
        Mean confidence.
    tenths : tuple of float
        Confidence at 10, 20, ... 90 % of the decisions.
    surest : tuple of Surest
        What the surest decisions are worth; none where too little was randomised.
    area, area_by_chance : float or None
        Mean of that value over all shares, and the same for decisions drawn at random: what the order is good for.
    """

    acts: Estimate
    mean: float
    tenths: tuple[float, ...]
    surest: tuple[Surest, ...]
    area: float | None
    area_by_chance: float | None


@dataclass(frozen=True, eq=False)
class Findings:
    """What was found.

    Attributes
    ----------
    overall : Segment
        All rows as one.
    reliability : mapping of str to mapping
        Groups of rising probability, of ``all`` rows and by action; see :class:`training.evaluation.bins.Bins`.
    segments : mapping of str to tuple of Segment
        By attribute; `action` always among them.
    harm : tuple of Segment
        Opt-outs, complaints and unsubscribes among contacts, all as one, then by action; none where nothing is known.
    notes : tuple of str
        What could not be told, and why.
    """

    overall: Segment
    decomposition: Decomposition
    lift: tuple[Tenth, ...]
    bands: Bands
    reliability: Mapping[str, Mapping[str, Any]]
    segments: Mapping[str, tuple[Segment, ...]]
    fairness: tuple[Fairness, ...]
    harm: tuple[Segment, ...]
    uplift: tuple[UpliftFound, ...]
    confidence: Confidence
    policies: Policies | None
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form; a number that cannot be told is null."""
        return {name: finite(plain(getattr(self, name))) for name in self.__dataclass_fields__}


def find(material: Material, attributes: Sequence[str], wished: Sequence[str] = (), seed: int = 0) -> Findings:
    """Everything that the contacts tell.

    Parameters
    ----------
    attributes : sequence of str
        By which segments are made, and fairness is judged where they are of customers.
    wished : sequence of str
        The same; those that the data do not have are noted rather than refused.

    Raises
    ------
    InvalidInput
        If the data have no such attribute.
    """
    present, absent = _present(material.data, wished)
    named = list(dict.fromkeys([*attributes, *present]))
    groups = {name: group_of(material.data, material.rows, name) for name in named}
    said, propensity, label = material.said, material.propensity, material.label
    people = [name for name in named if is_of_customers(material.data, name)]
    (overall,) = segments(np.full(len(label), ALL), said, seed)
    return Findings(
        overall=overall,
        decomposition=decompose(propensity, label),
        lift=tenths(propensity, label),
        bands=bands(propensity, material.low, material.high, label, _BINS),
        reliability=_reliability(material),
        segments={name: segments(one, said, seed) for name, one in {"action": material.action, **groups}.items()},
        fairness=tuple(fairness(name, groups[name], said, material.acts, seed) for name in people),
        harm=_harm(material, seed),
        uplift=uplifts(material, seed),
        confidence=_confidence(material),
        policies=policies(material),
        notes=tuple(f"The data have no attribute `{name}`, which the policy names for fairness." for name in absent),
    )


def _present(data: EngagementData, wished: Sequence[str]) -> tuple[list[str], list[str]]:
    present: list[str] = []
    absent: list[str] = []
    for name in wished:
        try:
            group_of(data, np.arange(min(1, len(data.contacts))), name)
            present.append(name)
        except InvalidInput:
            absent.append(name)
    return present, absent


def _reliability(material: Material) -> dict[str, dict[str, Any]]:
    found = {ALL: _binned(material.propensity, material.label, _BINS)}
    for name, propensity, label in material.judged.by_action():
        found[f"action/{name}"] = _binned(propensity, label, _ACTION_BINS)
    return found


def _binned(propensity: np.ndarray, label: Labels, bins: int) -> dict[str, Any]:
    grouped = equal_mass(propensity, label, bins)
    return {name: getattr(grouped, name).tolist() for name in ("count", "stated", "rate", "low", "high")}


def _harm(material: Material, seed: int) -> tuple[Segment, ...]:
    said = material.said_of_harm
    if said is None:
        return ()
    action = material.action[material.contacted]
    return (*segments(np.full(len(action), ALL), said, seed), *segments(action, said, seed))


def _confidence(material: Material) -> Confidence:
    stated = material.choices.confidence
    ranks = tuple(float(one) for one in np.quantile(stated, np.arange(1, 10) / 10))
    best = surest(material)
    area, by_chance = _areas(best) if best else (None, None)
    return Confidence(share(material.acts), float(stated.mean()), ranks, best, area, by_chance)


def _areas(best: Sequence[Surest]) -> tuple[float, float]:
    shares = [0.0, *(one.share for one in best)]
    values = [0.0, *(one.value.value for one in best)]
    return float(np.trapezoid(values, shares)), best[-1].value.value / 2.0
