"""The one place where the parts of heed are put together."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from heed.decisioning.catalogue import Catalogue
from heed.guardrails.guard import bind_policy, load_guard
from heed.guardrails.policy.load import DEFAULT_POLICY, parse_policy
from heed.serving.auth.access_control import AccessControl
from heed.serving.auth.key_cache import KeyCache
from heed.serving.auth.rate_limit import limiter_share
from heed.serving.decisions.service import DecisionService, new_id
from heed.serving.delivery.service import DeliveryService
from heed.serving.delivery.webhooks.config import build_webhook_worker, webhook_configs
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.deployment.deployment_manager import DeploymentManager, ModelUpdate
from heed.serving.deployment.model_source import champion_version, load_model, pinned_model
from heed.serving.deployment.policy_file import PolicyFile
from heed.serving.facts.service import FactService
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.ledger import Ledger
from heed.serving.ledger.migrate import upgrade
from heed.serving.monotonic_clock import MonotonicClock
from heed.serving.observability.job_monitor import JobMonitor
from heed.serving.observability.metrics import Metrics
from heed.serving.observability.observer import Observer
from heed.serving.observability.tracing import Tracing, tracing_of
from heed.serving.operations.api_keys import KeyService
from heed.serving.operations.health import HealthService
from heed.serving.operations.kill_switch import KillSwitch
from heed.serving.operations.metrics_export import MetricsService
from heed.serving.operations.policy import PolicyService
from heed.serving.operations.worker_presence import WorkerPresence
from heed.serving.replay.artifacts import ArtifactResolver, ReplayModel
from heed.serving.reviews.service import ReviewService
from heed.serving.runtime import Runtime, Services
from heed.serving.schemas.responses import PolicyRef, Versions
from heed.serving.settings import Settings
from heed.training.contract.action_catalogue import read_catalogue
from heed.training.features.feature_schema import attribute_types
from heed.training.model.bundle import Bundle


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def bootstrap(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    load: Callable[[], ActiveVersions] | None = None,
    policy: Path | None = None,
    identify: Callable[[], str] = new_id,
    newer: ModelUpdate | None = None,
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
    webhooks, shares = webhook_configs(settings), settings.rate_limit_processes
    separate_worker = settings.separate_worker
    metrics, jobs = Metrics(settings.silence_decisions), JobMonitor()
    tracing = tracing or tracing_of(settings.tracing)
    place = settings.ledger_location
    # A file that is not there is made at once. A database is made ready once, by `heed db upgrade`, before its workers.
    if isinstance(place, Path) and not place.exists():
        upgrade(place)
    steady = MonotonicClock(clock)
    ledger = open_ledger(place, clock=steady, key=settings.sealing_key, limits=settings.database_limits)
    steady.observe(ledger.newest(settings.clock_disregard_after))
    metrics.rule_monitor.restore(ledger.monitoring.load_rule_stats())
    watched = policy or (None if load is not None else settings.policy or DEFAULT_POLICY)
    file = None if watched is None else PolicyFile(watched, clock)
    deployment = DeploymentManager(
        load or (lambda: load_active_versions(settings)), file, newer or partial(newer_model, settings)
    )
    access = AccessControl(
        KeyCache(ledger.api_keys.list(), steady), limiter_share(settings.rate_limit, settings.rate_burst, shares)
    )
    decisions = DecisionService(
        ledger=ledger,
        deployment=deployment,
        clock=steady,
        review_time=timedelta(hours=settings.review_hours),
        identify=identify,
        observer=Observer(metrics, tracing),
        patience=settings.decide_seconds,
    )
    reviews = ReviewService(
        ledger=ledger,
        deployment=deployment,
        clock=steady,
        identify=identify,
        claim_lease=timedelta(minutes=settings.claim_minutes),
    )
    delivery = DeliveryService(
        ledger=ledger,
        deployment=deployment,
        clock=steady,
        patience=settings.message_lifetime,
        metrics=metrics,
        endpoints=[webhook.endpoint for webhook in webhooks],
    )
    presence = WorkerPresence(ledger)
    kill_switch = KillSwitch(ledger=ledger, deployment=deployment)
    services = Services(
        decisions=decisions,
        reviews=reviews,
        facts=FactService(ledger=ledger, deployment=deployment),
        delivery=delivery,
        kill_switch=kill_switch,
        keys=KeyService(ledger=ledger, cache=access.key_cache, clock=steady),
        policy=PolicyService(ledger=ledger, deployment=deployment, clock=steady, rule_monitor=metrics.rule_monitor),
        health=HealthService(
            ledger=ledger,
            deployment=deployment,
            decisions=decisions,
            delivery=delivery,
            kill_switch=kill_switch,
            keys=access.key_cache,
            jobs=jobs,
            worker=presence if separate_worker else None,
        ),
        presence=presence,
        metrics=MetricsService(
            ledger=ledger,
            deployment=deployment,
            decisions=decisions,
            delivery=delivery,
            kill_switch=kill_switch,
            metrics=metrics,
        ),
    )
    workers = tuple(build_webhook_worker(webhook, delivery=delivery, clock=steady) for webhook in webhooks)
    return Runtime(settings, steady, services, ledger, deployment, metrics, jobs, access, workers, tracing)


def newer_model(settings: Settings, in_force: ActiveVersions) -> ActiveVersions | None:
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
    guard = bind_policy(parse_policy(in_force.policy.content.decode()), catalogue, types)
    bundle.warm()
    versions = Versions(model, PolicyRef(guard.policy.name, guard.hash), catalogue.digest)
    return ActiveVersions(bundle, guard, guard.policy, catalogue, versions, bundle.level, bundle.certificate, types)


def load_active_versions(settings: Settings) -> ActiveVersions:
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
    return ActiveVersions(bundle, guard, guard.policy, catalogue, versions, bundle.level, bundle.certificate, types)


def open_configured_ledger(settings: Settings, *, readonly: bool = False) -> Ledger:
    """The ledger that the settings name, for a command."""
    return open_ledger(
        settings.ledger_location, readonly=readonly, key=settings.sealing_key, limits=settings.database_limits
    )


def artifact_resolver(settings: Settings, ledger: Ledger) -> ArtifactResolver:
    """Whatever decided once, by the texts of the ledger and the models of the registry."""
    return ArtifactResolver(ledger.artifacts, lambda ref: _model(pinned_model(settings, ref)))


def _model(bundle: Bundle) -> ReplayModel:
    return ReplayModel(bundle, bundle.level, bundle.certificate, attribute_types(bundle.schema))


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
