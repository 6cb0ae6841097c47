"""The one place where the parts of heed are put together."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from decisioning.catalogue import Catalogue
from guardrails.guard import guard_of, load_guard
from guardrails.loading import DEFAULT_POLICY, parse_policy
from serving.access.access import Access
from serving.access.buckets import share
from serving.access.keyring import Keyring
from serving.answer import PolicyRef, Versions
from serving.deciding.engine import Engine, new_id
from serving.deciding.reviewing import Reviewing
from serving.deciding.steady_clock import SteadyClock
from serving.executors.handing_over import HandingOver
from serving.in_force.in_force import InForce, Newer, Standby
from serving.in_force.model_source import champion_version, load_model, pinned_model
from serving.in_force.policy_file import PolicyFile
from serving.ledger.ledger import Ledger
from serving.ledger.migrating import upgrade
from serving.ledger.opening import open_ledger
from serving.observing.gauges import Gauges
from serving.observing.metrics import Metrics
from serving.observing.observer import Observer
from serving.observing.tracing import Tracing, tracing_of
from serving.replay.pinning import Model, Pinned
from serving.runtime import Runtime
from serving.settings import Settings
from serving.webhooks.assembling import courier_of, pushing_of
from training.contract.catalogue import read_catalogue
from training.features.schema import attribute_types
from training.model.bundle import Bundle


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def bootstrap(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    load: Callable[[], InForce] | None = None,
    policy: Path | None = None,
    identify: Callable[[], str] = new_id,
    newer: Newer | None = None,
    tracing: Tracing | None = None,
) -> Runtime:
    """Put one heed together.

    Parameters
    ----------
    clock, load, identify, newer : callable
        What tests replace: time, what decides, ids, and what takes its place.
    tracing : Tracing or None
        Absent means what the settings say.
    policy : Path or None
        The policy file to watch; absent means the one that the settings name, unless `load` has its own.
    """
    # Before the ledger is opened: what cannot work is refused with nothing left open.
    pushing, shares = pushing_of(settings), settings.rate_shares
    metrics = Metrics(settings.silence_decisions)
    tracing = tracing or tracing_of(settings.tracing)
    place = settings.ledger_location
    # A file that is not there is made at once. A database is made ready once, by `heed db upgrade`, before its workers.
    if isinstance(place, Path) and not place.exists():
        upgrade(place, settings.sealing_key)
    steady = SteadyClock(clock)
    ledger = open_ledger(place, clock=steady, key=settings.sealing_key, limits=settings.database_limits)
    steady.observe(ledger.newest(settings.clock_disregard_after))
    metrics.liveness.remember(ledger.rule_counts())
    watched = policy or (None if load is not None else settings.policy or DEFAULT_POLICY)
    file = None if watched is None else PolicyFile(watched, clock)
    standby = Standby(load or (lambda: load_in_force(settings)), file, newer or partial(newer_model, settings))
    engine = Engine(
        ledger=ledger,
        standing=standby,
        clock=steady,
        review_time=timedelta(hours=settings.review_hours),
        identify=identify,
        observer=Observer(metrics, tracing),
        patience=settings.decide_seconds,
    )
    reviewing = Reviewing(ledger=ledger, standing=standby, clock=steady, identify=identify)
    buckets = share(settings.rate_limit, settings.rate_burst, shares)
    access = Access(Keyring(ledger.api_keys(), steady), buckets)
    handing = HandingOver(ledger=ledger, standing=standby, clock=steady, patience=settings.outbox_time, metrics=metrics)
    couriers = tuple(courier_of(one, ledger=ledger, handing=handing, clock=steady) for one in pushing)
    gauges = Gauges(metrics.registry)
    return Runtime(settings, ledger, standby, engine, reviewing, metrics, access, gauges, handing, couriers, tracing)


def newer_model(settings: Settings, in_force: InForce) -> InForce | None:
    """The registry's champion under the policy in force, None where it is the model in force or no registry is asked.

    Raises
    ------
    HeedError
        If it is missing or broken, or the policy does not fit it.
    """
    version = champion_version(settings)
    if version is None or version == in_force.versions.model.version:
        return None
    bundle, model = load_model(settings)
    catalogue, types = _catalogue(settings, bundle.catalogue), attribute_types(bundle.schema)
    guard = guard_of(parse_policy(in_force.policy.content.decode()), catalogue, types)
    bundle.warm()
    versions = Versions(model, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
    return InForce(bundle, guard, guard.policy, catalogue, versions, bundle.level, bundle.certificate, types)


def load_in_force(settings: Settings) -> InForce:
    """Model, policy and catalogue that the settings name.

    Raises
    ------
    HeedError
        If one of them is missing or broken.
    """
    bundle, model = load_model(settings)
    catalogue = _catalogue(settings, bundle.catalogue)
    types = attribute_types(bundle.schema)
    guard = load_guard(settings.policy or DEFAULT_POLICY, catalogue, types)
    bundle.warm()
    versions = Versions(model, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
    return InForce(bundle, guard, guard.policy, catalogue, versions, bundle.level, bundle.certificate, types)


def ledger_of(settings: Settings, *, readonly: bool = False) -> Ledger:
    """The ledger that the settings name, for a command."""
    return open_ledger(
        settings.ledger_location, readonly=readonly, key=settings.sealing_key, limits=settings.database_limits
    )


def pinned_versions(settings: Settings, ledger: Ledger) -> Pinned:
    """Whatever decided once, by the texts of the ledger and the models of the registry."""
    return Pinned(ledger, lambda ref: _model(pinned_model(settings, ref)))


def _model(bundle: Bundle) -> Model:
    return Model(bundle, bundle.level, bundle.certificate, attribute_types(bundle.schema))


def load_catalogue(settings: Settings) -> tuple[Catalogue, Mapping[str, str]]:
    """The catalogue that the settings name, and the types of customer attributes that the model knows.

    Raises
    ------
    Unavailable
        If no model can be loaded.
    """
    bundle, _ = load_model(settings)
    return _catalogue(settings, bundle.catalogue), attribute_types(bundle.schema)


def _catalogue(settings: Settings, packed: Catalogue) -> Catalogue:
    if settings.catalogue is None:
        return packed
    return read_catalogue(settings.catalogue, settings.currency)
