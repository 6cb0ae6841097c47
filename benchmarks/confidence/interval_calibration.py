"""Whether intervals hold the truth of the very customer, and whether what is stated of many is true of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.confidence.deciles import Bools, Group, Ints, clustered_half, deciles
from benchmarks.confidence.worlds import Intervals, WorldScores
from heed.decisioning.score import Floats
from heed.training.evaluation.metrics.bins import bin_indices

_RAREST = 3
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How often intervals held the truth.

    Attributes
    ----------
    share, half : float
        Share of intervals that held it, and half width of its 95 % interval by customers.
    width : float
        Mean width of the intervals.
    """

    name: str
    rows: int
    share: float
    half: float
    width: float


@dataclass(frozen=True, slots=True)
class WideningRow:
    """Intervals of customers made unlike the training data, beside those of the same customers as they are.

    Attributes
    ----------
    ratio, ratio_log_odds : float
        Mean width as a multiple of the usual, of probabilities and of log-odds.
    """

    covered: CoverageRow
    ratio: float
    ratio_log_odds: float


@dataclass(frozen=True, slots=True)
class IntervalCalibration:
    """All that is found of intervals and means."""

    propensity: tuple[CoverageRow, ...]
    actions: tuple[CoverageRow, ...]
    uplift: tuple[CoverageRow, ...]
    strange: tuple[WideningRow, ...]
    propensity_means: tuple[Group, ...]
    uplift_means: tuple[Group, ...]
    harm_means: tuple[Group, ...]


def interval_calibration(worlds: Sequence[WorldScores]) -> IntervalCalibration:
    """Pooled over worlds."""
    spans, stated = _propensity(worlds), _flat(worlds, "propensity")
    lifted, uplift = _uplift(worlds), _flat(worlds, "uplift")
    groups = {
        "all": np.ones(len(stated), dtype=np.bool_),
        f"the {_RAREST} rarest actions": _pairs(worlds, lambda one: rarest(one.taught)[None, :]),
        "the tenth with the fewest signals": _pairs(worlds, lambda one: fewest(one.signals)[:, None]),
    }
    return IntervalCalibration(
        propensity=(*_groups(spans, groups), *_tenths(spans, stated), *_barred(worlds)),
        actions=tuple(_actions(worlds, spans)),
        uplift=(coverage_row("all", lifted), *_tenths(lifted, uplift)),
        strange=widening_rows({name: _joined([one.strange[name] for one in worlds]) for name in worlds[0].strange}),
        propensity_means=deciles(stated, spans.truth, spans.cluster),
        uplift_means=deciles(uplift, lifted.truth, lifted.cluster),
        harm_means=_harm(worlds),
    )


def coverage_row(name: str, spans: Intervals, mine: Bools | None = None) -> CoverageRow:
    """How often the intervals, ends included, or those picked out, hold their truth."""
    picked = np.ones(len(spans.truth), dtype=np.bool_) if mine is None else mine
    low, high, truth = (values[picked] for values in (spans.low, spans.high, spans.truth))
    held = ((low <= truth) & (truth <= high)).astype(np.float64)
    return CoverageRow(
        name, len(held), float(held.mean()), clustered_half(held, spans.cluster[picked]), float(np.mean(high - low))
    )


def widening_rows(strange: Mapping[str, Intervals]) -> tuple[WideningRow, ...]:
    """Every kind of customer beside the first."""
    usual = next(iter(strange.values()))
    return tuple(
        WideningRow(
            coverage_row(name, spans),
            float((spans.high - spans.low).mean() / (usual.high - usual.low).mean()),
            float(_log_odds_width(spans) / _log_odds_width(usual)),
        )
        for name, spans in strange.items()
    )


def rarest(taught: Ints) -> Bools:
    """The three actions with the least contacts to learn from."""
    found = np.zeros(len(taught), dtype=np.bool_)
    found[np.argsort(taught, kind="stable")[:_RAREST]] = True
    return found


def fewest(signals: Ints) -> Bools:
    """The tenth of the moments before which there were the fewest signals, and all that have as few."""
    return np.asarray(signals <= np.quantile(signals, 0.1, method="lower"))


def _groups(spans: Intervals, groups: Mapping[str, Bools]) -> Iterator[CoverageRow]:
    for name, mine in groups.items():
        yield coverage_row(name, spans, mine)


def _tenths(spans: Intervals, stated: Floats) -> Iterator[CoverageRow]:
    place = bin_indices(stated, 10)
    for tenth in range(int(place.max()) + 1):
        yield coverage_row(f"tenth {tenth + 1} of what is stated", spans, place == tenth)


def _barred(worlds: Sequence[WorldScores]) -> Iterator[CoverageRow]:
    """Pairs of which nothing was ever recorded, since no rule lets them happen, where there are any."""
    if not all(one.admitted.all() for one in worlds):
        spans = _propensity([replace(one, admitted=~one.admitted) for one in worlds])
        yield coverage_row("what is not admissible", spans)


def _actions(worlds: Sequence[WorldScores], spans: Intervals) -> list[CoverageRow]:
    """Each action with the number of contacts it was learnt from, worst coverage first."""
    names = _pairs(worlds, lambda one: _ids(one)[None, :])
    learnt = {name: sum(int(one.taught[_ids(one) == name].sum()) for one in worlds) for name in np.unique(names)}
    found = [coverage_row(f"{name} ({learnt[name]:,} contacts)", spans, names == name) for name in learnt]
    return sorted(found, key=lambda one: one.share)


def _ids(one: WorldScores) -> np.ndarray:
    return np.array([action.action_id for action in one.choices.actions])


def _propensity(worlds: Sequence[WorldScores]) -> Intervals:
    return _joined([_spans(one, one.choices.low, one.choices.high, one.propensity) for one in worlds])


def _uplift(worlds: Sequence[WorldScores]) -> Intervals:
    return _joined([_spans(one, one.choices.uplift_low, one.choices.uplift_high, one.uplift) for one in worlds])


def _spans(one: WorldScores, low: Floats | None, high: Floats | None, truth: Floats) -> Intervals:
    if low is None or high is None:
        raise ValueError("worlds have hold rows and harm, so that both are learnt")
    mine = one.admitted
    return Intervals(low[mine], high[mine], truth[mine], _whose(one))


def _whose(one: WorldScores) -> Ints:
    """The customer of each pair that is admissible."""
    return np.broadcast_to(one.cluster[:, None], one.admitted.shape)[one.admitted]


def _joined(parts: Sequence[Intervals]) -> Intervals:
    return Intervals(
        *(np.concatenate([getattr(one, name) for one in parts]) for name in Intervals.__dataclass_fields__)
    )


def _flat(worlds: Sequence[WorldScores], name: str) -> Floats:
    return np.concatenate([getattr(one.choices, name)[one.admitted] for one in worlds])


def _pairs(worlds: Sequence[WorldScores], told: Callable[[WorldScores], np.ndarray]) -> np.ndarray:
    """What is told of moments or of actions, for each pair that is admissible."""
    return np.concatenate([np.broadcast_to(told(one), one.admitted.shape)[one.admitted] for one in worlds])


def _harm(worlds: Sequence[WorldScores]) -> tuple[Group, ...]:
    truth = np.concatenate([one.harm[one.admitted] for one in worlds])
    return deciles(_flat(worlds, "harm"), truth, np.concatenate([_whose(one) for one in worlds]))


def _log_odds_width(spans: Intervals) -> float:
    inside = (np.clip(ends, _LEAST_PROBABILITY, 1.0 - _LEAST_PROBABILITY) for ends in (spans.low, spans.high))
    low, high = (np.log(ends / (1.0 - ends)) for ends in inside)
    return float(np.mean(high - low))
