"""A world is played, heed learns from it, and says of the moments of customers it has not seen what it can."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.confidence.deciles import Bools, Ints, cluster_of
from heed.decisioning.score import ConfidenceMap, Floats, tolerance_ratio
from heed.decisioning.value import ValueTerms
from heed.training.contract.engagement_data import EngagementData
from heed.training.evaluation.policy_choices import PolicyChoices, choose_actions
from heed.training.features.event_arrays import event_times
from heed.training.features.feature import FeatureSource
from heed.training.features.feature_matrix import candidate_matrix
from heed.training.model.bundle import Bundle
from heed.training.model.out_of_distribution import TrainingSupport
from heed.training.model.split import Part
from heed.training.model.uncertainty import DRAWS
from heed.training.pipeline.dataset import TrainingDataset, build_dataset
from heed.training.pipeline.train import train_bundle
from heed.training.simulator.ground_truth import CustomerMoments
from heed.training.simulator.offer_catalogue import ACTION_IDS
from heed.training.simulator.world import SimulationRun, World, make_world

# The default policy's terms, and tolerances beside its own.
TERMS = ValueTerms(harm_cost=20.0, tolerance=1.00)
OTHER_TOLERANCES = (0.10, 3.00)
# Of so many moments customers are made strange.
_STRANGE_MOMENTS = 1_500


@dataclass(frozen=True, eq=False)
class Intervals:
    """Intervals of n pairs of moment and action, all arrays of shape (n,)."""

    low: Floats
    high: Floats
    truth: Floats
    cluster: Ints


@dataclass(frozen=True, eq=False)
class WorldScores:
    """What heed says of n moments among a actions, and what is true.

    Attributes
    ----------
    choices : PolicyChoices
        Among what is admissible, with the bare share of the draws for confidence.
    admitted : array of bool, shape (n, a)
        What consent, validity and eligibility leave to choose from; at least one action at each moment.
    shares : mapping of float to array of float, shape (n,)
        The share of the draws at other tolerances, by tolerance in EUR.
    trust : ConfidenceMap
        What makes confidence of a share.
    cluster : array of int, shape (n,)
        Whose moment it is; no two worlds share a number.
    propensity, uplift, harm, worth : array of float, shape (n, a)
        True ones; the worth is the net value, minus infinity where the action is not admissible.
    signals : array of int, shape (n,)
        How many signals the customer has before the moment.
    taught : array of int, shape (a,)
        From how many contacts each action was learnt.
    strange : mapping of str to Spans
        Propensity intervals of some moments: as they are, and for customers made unlike the training data.
    """

    seed: int
    choices: PolicyChoices
    admitted: Bools
    shares: Mapping[float, Floats]
    trust: ConfidenceMap
    cluster: Ints
    propensity: Floats
    uplift: Floats
    harm: Floats
    worth: Floats
    signals: Ints
    taught: Ints
    strange: Mapping[str, Intervals]

    @property
    def confidence(self) -> Floats:
        """As served, shape (n,)."""
        return self.stated(TERMS.tolerance, self.trust)

    def stated(self, tolerance: float, trust: ConfidenceMap) -> Floats:
        """Confidence at one of the tolerances, by these constants, shape (n,)."""
        return trust.of(self.share(tolerance), DRAWS, tolerance_ratio(tolerance, self.choices.shortfall))

    def share(self, tolerance: float) -> Floats:
        """The bare share of the draws at one of the tolerances, shape (n,)."""
        return self.choices.confidence if tolerance == TERMS.tolerance else self.shares[tolerance]


def taught(seed: int, customers: int) -> tuple[World, SimulationRun, TrainingDataset, Bundle]:
    """A world played, and what heed learns from all but a sealed part of its customers, settings searched for."""
    world = make_world(seed, customers)
    played = world.play()
    prepared = build_dataset(played.data, outcome=None, by="customer", seed=0)
    return world, played, prepared, train_bundle(prepared, seed=0)


def score_world(world: World, played: SimulationRun, prepared: TrainingDataset, bundle: Bundle) -> WorldScores:
    """What is said of every moment of the sealed customers."""
    data, actions = played.data, bundle.catalogue.actions
    order = [ACTION_IDS.index(one.action_id) for one in actions]
    rows = prepared.contacts(Part.TEST)
    # Where nothing but hold may be done there is nothing to be decided.
    rows = rows[played.admissible[rows].any(axis=1)]
    admitted = played.admissible[rows][:, order]
    bare = replace(bundle, trust=ConfidenceMap())
    made, *others = (
        choose_actions(bare, data, rows, replace(TERMS, tolerance=one), actions, admitted)
        for one in (TERMS.tolerance, *OTHER_TOLERANCES)
    )
    situation = situations(played, rows)
    propensity = world.true_propensity(situation)
    worth = world.true_net_value(situation, harm_cost=TERMS.harm_cost)[:, order]
    learnt = pd.Series(prepared.action(Part.FIT)).value_counts()
    cluster = cluster_of(world.seed, situation.who)
    return WorldScores(
        seed=world.seed,
        choices=made,
        admitted=admitted,
        shares={one: said.confidence for one, said in zip(OTHER_TOLERANCES, others, strict=True)},
        trust=bundle.trust,
        cluster=cluster,
        propensity=propensity[:, order],
        uplift=propensity[:, order] - propensity[:, -1:],
        harm=world.true_harm(situation)[:, order],
        worth=np.where(admitted, worth, -np.inf),
        signals=signals_before(data, rows),
        taught=learnt.reindex([one.action_id for one in actions], fill_value=0).to_numpy().astype(np.int64),
        strange=_strange(bundle, data, rows, propensity[:, order], cluster, admitted),
    )


def situations(played: SimulationRun, rows: Ints) -> CustomerMoments:
    """Customers and moments of these contacts, for the world to tell the truth about."""
    every = played.situation
    return CustomerMoments(every.who[rows], every.at[rows], every.recent_contacts[rows], every.activity[rows])


def signals_before(data: EngagementData, rows: Ints) -> Ints:
    """How many signals the customers of these contacts have before them, shape of `rows`."""
    known = pd.Index(data.customers["customer_id"])
    contacts, signals = data.contacts.iloc[rows], data.signals
    who, whose = (known.get_indexer(pd.Index(table["customer_id"])) for table in (contacts, signals))
    return earlier(
        who.astype(np.int64), event_times(contacts["at"]), whose.astype(np.int64), event_times(signals["at"])
    )


def earlier(who: Ints, at: Ints, whose: Ints, when: Ints) -> Ints:
    """How many of the events (whose, when) are of the same person as each (who, at) and before it, shape of `who`."""
    first = min(at.min(initial=0), when.min(initial=0))
    span = max(at.max(initial=0), when.max(initial=0)) - first + 1
    keys = np.sort(whose * span + (when - first))
    return np.asarray(np.searchsorted(keys, who * span + (at - first)) - np.searchsorted(keys, who * span))


def out_of_range(matrix: Floats, columns: Ints, seen: TrainingSupport) -> Floats:
    """The same rows, these columns beyond everything seen by as much as what was seen spans."""
    moved = matrix.copy()
    moved[:, columns] = (2.0 * seen.high - seen.low)[columns]
    return moved


def dropped(matrix: Floats, columns: Ints) -> Floats:
    """The same rows, these columns unknown."""
    moved = matrix.copy()
    moved[:, columns] = np.nan
    return moved


def _strange(
    bundle: Bundle, data: EngagementData, rows: Ints, truth: Floats, cluster: Ints, admitted: Bools
) -> dict[str, Intervals]:
    step = max(1, len(rows) // _STRANGE_MOMENTS)
    actions = bundle.catalogue.actions
    usual = candidate_matrix(bundle.schema, data, rows[::step], actions, hold=False)
    own, numbers = customer_columns(bundle)
    signals = np.array([one.source is FeatureSource.WINDOW for one in bundle.schema.features]).nonzero()[0]
    changed = {
        "as they are": usual,
        "numeric attributes out of range": out_of_range(usual, numbers, bundle.head.support),
        "every attribute unknown": dropped(usual, own),
        "signals out of range": out_of_range(usual, signals, bundle.head.support),
        "every attribute and signal unknown": dropped(usual, np.concatenate([own, signals])),
    }
    whose, mine = np.repeat(cluster[::step], len(actions)), admitted[::step].ravel()
    spans = {name: bundle.head.serve(matrix, actions, hold=False)[2:4] for name, matrix in changed.items()}
    return {
        name: Intervals(low[mine], high[mine], truth[::step].ravel()[mine], whose[mine])
        for name, (low, high) in spans.items()
    }


def customer_columns(bundle: Bundle) -> tuple[Ints, Ints]:
    """Columns of the customer's attributes, and those of them that hold numbers."""
    features, categorical = bundle.schema.features, set(bundle.schema.categorical_columns)
    own = [place for place, one in enumerate(features) if one.source is FeatureSource.CUSTOMER]
    return np.array(own, dtype=np.int64), np.array([one for one in own if one not in categorical], dtype=np.int64)
