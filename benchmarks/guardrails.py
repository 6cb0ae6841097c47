"""Guardrails beside the model: a whole base through a policy, one decision through many rules, and columns beside rows.

``python -m benchmarks.guardrails`` makes a world with 20 actions and trains on it. It then judges many customers x 20
actions through the default policy and lets LightGBM predict as many rows; judges single decisions of 20 candidates
through 50 rules and scores the same candidates with the trained bundle; and decides conditions at random both ways.
Everything runs on one thread. ``--quick`` is a smaller run of the same.

The customers are those of the world many times over, each copy with times of its own; the rows that LightGBM predicts
are those of the world's customers, as often as it takes.
"""

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from benchmarks.guardrails_agreement import agreement
from benchmarks.online_home import prepared
from heed.decisioning.customer import Customer, Facts
from heed.guardrails.guard import bind_policy
from heed.guardrails.policy.load import DEFAULT_POLICY, LoadedPolicy, load_policy, policy_from_data
from heed.guardrails.vectorized.column_guard import bind_column_policy
from heed.guardrails.vectorized.customer_batch import CustomerBatch
from heed.serving.ledger.connect import open_ledger
from heed.training.features.feature_schema import attribute_types
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "OPENBLAS_NUM_THREADS"), "1")
RULES = 50
SEGMENTS = tuple(f"context.segment_{place}" for place in range(RULES))
SCORING = "scoring call of the bundle"
T = TypeVar("T")
# What policies add to the default one: two caps, three conditions, and one rule each of further kinds.
_FURTHER: tuple[dict[str, Any], ...] = (
    {"kind": "frequency_cap", "limit": 9, "window": "30d", "per": "category"},
    {"kind": "condition", "suppress_when": "context.segment_{n} > 0.5 || customer.jurisdiction == 'XX'"},
    {"kind": "cool_down", "after": ["complaint"], "window": "30d"},
    {"kind": "frequency_cap", "limit": 5, "window": "60d", "scope": {"channels": ["email"]}},
    {"kind": "condition", "suppress_when": "customer.jurisdiction in ['AA', 'BB', 'C{n}']"},
    {"kind": "open_case", "opened_by": ["complaint"], "closed_by": ["complaint_resolved"]},
    {"kind": "condition", "review_when": "action.value > 500.0 + {n}.0", "scope": {"channels": ["call"]}},
    {"kind": "quiet_hours", "windows": [{"from": "00:00", "to": "05:00"}], "scope": {"channels": ["call", "sms"]}},
    {"kind": "conflict_group", "one_action": True, "window": "24h", "scope": {"channels": ["sms"]}},
)


@dataclass(frozen=True)
class World:
    """What is measured on."""

    bundle: Bundle
    customers: Sequence[Customer]
    now: datetime


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    if arguments.only in (None, "agreement"):
        _print_agreement(arguments.cases)
    if arguments.only in (None, "batch", "decision"):
        with tempfile.TemporaryDirectory() as folder:
            world = _world(Path(folder), arguments.world)
            if arguments.only != "decision":
                _print_batch(world, arguments.customers)
            if arguments.only != "batch":
                _print_decision(world)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", choices=("agreement", "batch", "decision"))
    parser.add_argument("--cases", type=int, default=200_000)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--world", type=int, default=2000, help="customers that the model is trained on")
    parser.add_argument("--quick", action="store_true", help="a smaller run of the same")
    parsed = parser.parse_args()
    if parsed.quick:
        parsed.cases, parsed.customers, parsed.world = 10_000, 5_000, 600
    return parsed


def _world(folder: Path, customers: int) -> World:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        home = prepared(folder, customers=customers)
    ledger = open_ledger(folder / "ledger.db", readonly=True)
    try:
        known = [ledger.customers.snapshot(one).customer for one in home.customer_ids]
    finally:
        ledger.close()
    return World(load_bundle(home.bundle), known, datetime.now(UTC))


def _print_agreement(cases: int) -> None:
    found, seconds = timed(agreement, cases, seed=20260304)
    shown = ", ".join(f"{found[name]:,} {name}" for name in ("holds", "does not hold", "undecidable"))
    how = f"{found['as columns']:,} as columns, {found['row by row']:,} row by row"
    print(f"\n{found['cases']:,} fuzzed cases ({how}; {shown}): {found['disagree']} disagree, {seconds:.0f} s")


def _print_batch(world: World, customers: int) -> None:
    catalogue = world.bundle.catalogue
    guard = bind_column_policy(load_policy(DEFAULT_POLICY), catalogue, attribute_types(world.bundle.schema))
    base = copies(world.customers, customers)
    gc.collect()
    gc.freeze()
    population = CustomerBatch(base, world.now, window=guard.window)
    said, whole = timed(guard.over, population, catalogue.actions)
    again = timed(guard.over, population, catalogue.actions)[1]
    few = base[: max(200, customers // 50)]
    alone, rows = timed(lambda: [guard.guard.verdicts(Facts(one, world.now), catalogue.actions) for one in few])
    predict = _predicted(world, customers * len(catalogue.actions))
    one_by_one = rows * customers / len(alone)
    print(f"\n{customers:,} customers x {len(catalogue.actions)} actions, {len(guard.guard.policy.rules)} rules\n")
    print("| through the default policy | s | of LightGBM's predict |\n| --- | ---: | ---: |")
    print(f"| as columns, once they are columns | {again:.2f} | {again / predict:.3f} |")
    print(f"| as columns, made from {_objects(base):.0f} objects a customer | {whole:.2f} | {whole / predict:.3f} |")
    print(f"| one by one (reckoned from {len(few):,}) | {one_by_one:.2f} | {one_by_one / predict:.3f} |")
    print(f"| LightGBM predict, {_trees(world)} trees, as many rows | {predict:.2f} | 1 |")
    print(f"\n{(said.effects == 0).mean():.1%} of the pairs are allowed")


def _print_decision(world: World) -> None:
    catalogue = world.bundle.catalogue
    booster = world.bundle.head.trees.booster
    types = attribute_types(world.bundle.schema)
    guards = {
        f"verdicts, {RULES} rules": bind_policy(many_rules(RULES), catalogue, types),
        "verdicts, default policy": bind_policy(load_policy(DEFAULT_POLICY), catalogue, types),
    }
    took: dict[str, list[float]] = {}
    for place, customer in enumerate((list(world.customers) * 2)[:600]):
        # Each at a moment and with objects of its own, so that nothing is known from the one before.
        now = world.now + timedelta(seconds=place)
        context = {name.partition(".")[2]: 0.1 for name in SEGMENTS}
        rows = world.bundle.assembler.matrix(Facts(customer, now, context), catalogue.actions)
        for name, guard in guards.items():
            facts = Facts(_afresh(customer), now, context)
            took.setdefault(name, []).append(timed(guard.verdicts, facts, catalogue.actions)[1])
        facts = Facts(_afresh(customer), now, context)
        took.setdefault(SCORING, []).append(timed(world.bundle.score, facts, catalogue.actions)[1])
        took.setdefault("LightGBM predict, same rows", []).append(timed(booster.predict, rows, num_threads=1)[1])
    middle = {name: 1e6 * statistics.median(seconds[50:]) for name, seconds in took.items()}
    print("\n| one decision, 20 candidates | median us | of the scoring call |\n| --- | ---: | ---: |")
    for name, us in middle.items():
        print(f"| {name} | {us:.0f} | {us / middle[SCORING]:.2f} |")


def copies(customers: Sequence[Customer], wanted: int) -> list[Customer]:
    """As many customers, each with consents and contacts of its own, made at other times."""
    made = []
    for place in range(wanted):
        one, shift = customers[place % len(customers)], timedelta(seconds=place // len(customers))
        contacts = tuple(replace(contact, at=contact.at - shift) for contact in one.contacts)
        consents = tuple(replace(consent, recorded_at=consent.recorded_at - shift) for consent in one.consents)
        made.append(replace(one, customer_id=f"{one.customer_id}-{place}", contacts=contacts, consents=consents))
    return made


def _afresh(customer: Customer) -> Customer:
    """The same customer, of whom nothing was reckoned yet."""
    return replace(customer, signals=replace(customer.signals))


def many_rules(wanted: int) -> LoadedPolicy:
    """The default policy with further rules of kinds as they occur, up to so many, some for all and some for a few."""
    content: dict[str, Any] = load_policy(DEFAULT_POLICY).policy.model_dump(
        mode="json", by_alias=True, exclude_defaults=True
    )
    rules = content["rules"]
    for place in range(wanted - len(rules)):
        filled = _filled(_FURTHER[place % len(_FURTHER)], place)
        rules.append({"id": f"further-{place}", "purpose": "To be measured.", "owner": "benchmark", **filled})
    content["context"] = dict.fromkeys(SEGMENTS, "float")
    return policy_from_data(content)


def _filled(fields: dict[str, Any], place: int) -> dict[str, Any]:
    return {name: value.format(n=place) if isinstance(value, str) else value for name, value in fields.items()}


def timed(call: Callable[..., T], *arguments: Any, **named: Any) -> tuple[T, float]:
    """What a call returns, and how many seconds it took."""
    began = perf_counter()
    result = call(*arguments, **named)
    return result, perf_counter() - began


def _predicted(world: World, rows: int) -> float:
    """Seconds that LightGBM takes for so many rows."""
    actions, booster = world.bundle.catalogue.actions, world.bundle.head.trees.booster
    few = world.customers[: max(1, min(len(world.customers), rows // len(actions)))]
    block = np.concatenate([world.bundle.assembler.matrix(Facts(one, world.now), actions) for one in few])
    booster.predict(block[:100], num_threads=1)
    whole, rest = divmod(rows, len(block))
    blocks = [block] * whole + [block[:rest]] * bool(rest)
    return sum(timed(booster.predict, one, num_threads=1)[1] for one in blocks)


def _objects(customers: Sequence[Customer]) -> float:
    """How many contacts, consents and contact points a customer has on average."""
    held = (len(one.contacts) + len(one.consents) + len(one.contact_points) for one in customers)
    return sum(held) / len(customers)


def _trees(world: World) -> int:
    return int(world.bundle.head.trees.booster.num_trees())


if __name__ == "__main__":
    # Libraries read how many threads to start when they are imported, which was just now.
    if any(os.environ.get(name) != count for name, count in ONE_THREAD.items()):
        command = [sys.executable, "-m", "benchmarks.guardrails", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False).returncode)
    main()
