"""Whether certificates keep their word: many logs of a world whose truth is known.

``python -m benchmarks.certificate`` prints the table of `benchmarks/RESULTS.md`. A model is trained on a world and
asked about the moments of its sealed customers. Each repetition then draws customers and a log of its own: who was
contacted how, by known probabilities, and who was harmed or converted, by the world's own. The certificate that the log
gives is held against the true risk at its threshold, which is the mean over all moments at which heed would act by
itself.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from heed.decisioning.catalogue import HOLD
from heed.decisioning.certificate import Loss
from heed.decisioning.score import Floats
from heed.decisioning.value import ValueTerms
from heed.training.certificate.decision_points import DecisionPoints, random_order
from heed.training.certificate.learn_then_test import GRID, learn_then_test
from heed.training.certificate.risk import decision_points
from heed.training.contract.engagement_io import read_engagement, write_engagement
from heed.training.evaluation.assessment import EvaluationRequest as Assessed
from heed.training.evaluation.assessment import assess_model
from heed.training.evaluation.candidate_scores import select_choices
from heed.training.evaluation.eval_data import EvalData
from heed.training.pipeline.evaluate_model import find_model
from heed.training.pipeline.train import train
from heed.training.simulator.offer_catalogue import ACTION_IDS
from heed.training.simulator.world import make_world

Ints = NDArray[np.int64]
TERMS = ValueTerms(harm_cost=20.0, tolerance=0.1)
CLIP = 20.0


@dataclass(frozen=True)
class MomentPool:
    """Moments of sealed customers with the truth about them.

    Attributes
    ----------
    outcome, harm : array of float, shape (n, actions + 1)
        True probabilities, hold last, in the order of the choices' actions.
    """

    eval_data: EvalData
    outcome: Floats
    harm: Floats

    @property
    def chosen(self) -> Ints:
        """Place of heed's choice, the last for hold."""
        return np.where(self.eval_data.acts, self.eval_data.choices.chosen, self.harm.shape[1] - 1)

    @property
    def harm_of_choice(self) -> Floats:
        """True probability of harm of heed's choice, shape (n,)."""
        return self.harm[np.arange(len(self.harm)), self.chosen]

    def loss_of_choice(self, harm_cost: float) -> Floats:
        """True loss of heed's choice against holding, shape (n,)."""
        made, rows = self.eval_data.choices, np.arange(len(self.harm))
        worth = np.array([*(one.value for one in made.actions), 0.0])[self.chosen]
        cost = np.array([*(one.cost for one in made.actions), 0.0])[self.chosen]
        gained = self.outcome[rows, self.chosen] - self.outcome[:, -1]
        return -(worth * gained - harm_cost * self.harm_of_choice - cost)

    def true_risk(self, losses: Floats, threshold: float) -> float:
        """Mean over the moments at which heed would act by itself; NaN where they are few."""
        mine = self.eval_data.acts & (self.eval_data.choices.confidence >= threshold)
        return float(losses[mine].mean()) if mine.sum() >= LEAST else float("nan")


def even(pool: MomentPool) -> Floats:
    """Everything with the same probability."""
    return np.full(pool.harm.shape, 1.0 / pool.harm.shape[1])


def frail_first(pool: MomentPool) -> Floats:
    """What heed would do the more often the more it harms: unweighted, the log makes heed look worse than it is."""
    return _leaning(pool, np.argsort(np.argsort(pool.harm_of_choice)) / len(pool.harm))


def sturdy_first(pool: MomentPool) -> Floats:
    """What heed would do the more often the less it harms: unweighted, the log makes heed look better than it is."""
    return _leaning(pool, 1.0 - np.argsort(np.argsort(pool.harm_of_choice)) / len(pool.harm))


def _leaning(pool: MomentPool, rank: Floats) -> Floats:
    count = pool.harm.shape[1]
    chance = np.tile(((0.9 - 0.5 * rank) / (count - 1))[:, None], (1, count))
    chance[np.arange(len(rank)), pool.chosen] = 0.1 + 0.5 * rank
    return chance


@dataclass(frozen=True)
class Setting:
    """One way of logging, and what is certified from it.

    Attributes
    ----------
    recorded : bool
        Whether the log says with what probability it did what it did.
    harm_cost : float
        At which regret is reckoned. At the policy's own heed's acts are worth so much more than holding that every
        threshold is good; a very dear harm puts the test to the test.
    alphas : tuple of float
        What is asked for; where none is given, what `LEVELS` make of the true risks.
    """

    name: str
    loss: Loss
    policy: Callable[[MomentPool], Floats]
    recorded: bool = True
    harm_cost: float = TERMS.harm_cost
    alphas: tuple[float, ...] = ()


SETTINGS = (
    Setting("harm, everything alike: counted", Loss.HARM, even),
    Setting("harm, frail customers first: weighted", Loss.HARM, frail_first),
    Setting("harm, sturdy customers first: weighted", Loss.HARM, sturdy_first),
    Setting("harm, sturdy customers first, nothing recorded: counted", Loss.HARM, sturdy_first, recorded=False),
    Setting("regret, everything alike: weighted", Loss.REGRET, even, harm_cost=800.0, alphas=(2.0, 12.0)),
)
# Just below the least true risk of any threshold every certificate is wrong, well above none is.
LEVELS = (0.98, 1.5)
# Thresholds that fewer moments reach have no true risk to speak of.
LEAST = 100


def make_pool(folder: Path, customers: int, days: int, seed: int) -> MomentPool:
    """Train on a world, and ask the model about the moments of its sealed customers."""
    world = make_world(seed, customers, days)
    played = world.play()
    write_engagement(played.data, folder / "data")
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    number = train(folder / "data", tracking_uri=uri, seed=seed, refit=False).version
    bundle, version = find_model(uri, "heed", number)
    found = assess_model(bundle, version, read_engagement(folder / "data")[0], request=Assessed(terms=TERMS))
    given = found.eval_data
    names = given.data.contacts["contact_id"].to_numpy()[given.rows]
    rows = played.truth.set_index("contact_id").index.get_indexer(names)
    situation = played.situation
    order = [*(ACTION_IDS.index(one.action_id) for one in given.choices.actions), -1]
    outcome, harm = world.true_propensity(situation)[rows], world.true_harm(situation)[rows]
    return MomentPool(given, outcome[:, order], harm[:, order])


def logged(pool: MomentPool, setting: Setting, customers: int, generator: np.random.Generator) -> EvalData:
    """A log of so many customers, drawn anew."""
    rows, cluster = _people(pool.eval_data.cluster, customers, generator)
    chance = setting.policy(pool)[rows]
    done = (chance.cumsum(axis=1) < generator.random(len(rows))[:, None]).sum(axis=1)
    done = np.minimum(done, chance.shape[1] - 1)
    names = np.array([*(one.action_id for one in pool.eval_data.choices.actions), HOLD])
    place = np.arange(len(rows))
    return replace(
        pool.eval_data,
        terms=replace(TERMS, harm_cost=setting.harm_cost),
        rows=pool.eval_data.rows[rows],
        action=names[done],
        done=np.where(done == chance.shape[1] - 1, -1, done),
        label=generator.random(len(rows)) < pool.outcome[rows, done],
        harmed=generator.random(len(rows)) < pool.harm[rows, done],
        logged=chance[place, done] if setting.recorded else np.full(len(rows), np.nan),
        cluster=cluster,
        choices=select_choices(pool.eval_data.choices, rows),
    )


def _people(cluster: Ints, customers: int, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Rows of customers drawn with replacement, and whose they are: one drawn twice is two customers."""
    order = np.argsort(cluster, kind="stable")
    ends = np.cumsum(np.bincount(cluster))
    parts = [order[ends[one - 1] if one else 0 : ends[one]] for one in generator.integers(0, len(ends), customers)]
    return np.concatenate(parts), np.repeat(np.arange(customers), [len(part) for part in parts])


def naive(points: DecisionPoints, alpha: float, seed: int) -> float | None:
    """The least threshold whose observed risk is small enough, as one would choose it by eye."""
    order = random_order(points, seed)
    fine = [one for one in GRID if (at := points.at(one, order)).executed and at.risk <= alpha]
    return min(fine, default=None)


def lines(pool: MomentPool, setting: Setting, customers: int, repetitions: int, delta: float, seed: int) -> list[str]:
    """Lines of the table, one for each bound."""
    losses = pool.harm_of_choice if setting.loss is Loss.HARM else pool.loss_of_choice(setting.harm_cost)
    truth = {one: pool.true_risk(losses, one) for one in GRID}
    least, most = (of(one for one in truth.values() if np.isfinite(one)) for of in (min, max))
    bounds = setting.alphas or (LEVELS[0] * least, LEVELS[1] * most)
    found: dict[float, list[tuple[float | None, float | None]]] = {alpha: [] for alpha in bounds}
    for number in range(repetitions):
        log = logged(pool, setting, customers, np.random.default_rng([seed, number]))
        points = decision_points(setting.loss, log, clip=CLIP)
        for alpha in bounds:
            certified = learn_then_test(points, alpha, delta, seed=number).certified
            found[alpha].append((None if certified is None else certified.threshold, naive(points, alpha, number)))
    return [_line(setting.name, alpha, truth, found[alpha], delta) for alpha in bounds]


def _line(
    name: str, alpha: float, truth: dict[float, float], found: list[tuple[float | None, float | None]], delta: float
) -> str:
    wrong, wrong_by_eye = (
        sum(one is not None and truth[one] > alpha for one in column) for column in zip(*found, strict=True)
    )
    made = [certified for certified, _ in found if certified is not None]
    allowed = int(binom.ppf(0.99, len(found), delta))
    middle = f"{np.median(made):.2f}" if made else "-"
    known = [one for one in truth.values() if np.isfinite(one)]
    risks = f"{min(known):.4g} to {max(known):.4g}"
    return f"| {name} | {risks} | {alpha:.4g} | {len(made)} | {middle} | {wrong} | {allowed} | {wrong_by_eye} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--world", type=int, default=6000, help="customers of the world that the model learns from")
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--customers", type=int, default=4000, help="customers of each log")
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--delta", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pool = make_pool(Path(folder), given.world, given.days, given.seed)
    print("| log | true risk | alpha | certified | threshold | wrong | may be wrong | wrong by eye |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for setting in SETTINGS:
        told = lines(pool, setting, given.customers, given.repetitions, given.delta, given.seed)
        print("\n".join(told), flush=True)


if __name__ == "__main__":
    main()
