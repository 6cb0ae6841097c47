"""The whole ledger: what each feature offers, and in which module it is read.

Writes are awaited: they return once they are durable, and a caller that is cancelled does not stop them. Reads answer
at once from one consistent snapshot. A ledger that cannot do its work raises `Unavailable`; it never answers without.
"""

from collections.abc import Callable
from typing import Self, TypeVar

from heed.serving.ledger import leases, outbox, reviews
from heed.serving.ledger.audit.signing import parse_head, public_key_of
from heed.serving.ledger.audit.verify import Progress, Verification, signed_head, silent, walk_chains
from heed.serving.ledger.backend.database import Database
from heed.serving.ledger.backend.repository import Repository
from heed.serving.ledger.decisions import artifacts, read
from heed.serving.ledger.decisions.commit import commit_decision
from heed.serving.ledger.decisions.idempotency import IdempotencyKeys
from heed.serving.ledger.facts import consents, contacts, objections, outcomes, profiles, signals
from heed.serving.ledger.facts.snapshot import customer_snapshot
from heed.serving.ledger.facts.volumes import read_volumes
from heed.serving.ledger.merge import merge_customers
from heed.serving.ledger.operations import api_keys, forecasts, kill_switch, rule_stats
from heed.serving.ledger.operations.worker_lease import WorkerLease
from heed.serving.ledger.privacy.access import export_customer
from heed.serving.ledger.privacy.erasure import erase_customer
from heed.serving.ledger.timeline import customer_timeline

T = TypeVar("T")


class Customers(Repository):
    """One customer: what is known of them, what they may ask for, and who else they turn out to be."""

    snapshot = customer_snapshot
    timeline = customer_timeline
    merge = merge_customers
    export = export_customer
    erase = erase_customer


class Facts(Repository):
    """What source systems and executors report: each fact taken once, all of a call or none."""

    record_customers = profiles.record_customers
    record_consents = consents.record_consents
    record_signals = signals.record_signals
    record_contacts = contacts.record_contacts
    record_objections = objections.record_objections
    record_outcomes = outcomes.record_outcomes
    volumes = read_volumes


class Decisions(Repository):
    """Decisions, from commit to receipt."""

    commit = commit_decision
    get = read.get_decision
    receipt = read.receipt
    list = read.list_decisions
    list_receipts = read.list_receipts
    list_ids = read.list_ids


class Artifacts(Repository):
    """Policies and catalogues that decisions rest on, kept for as long as the ledger is."""

    keep = artifacts.keep_artifacts
    get = artifacts.get_artifact


class Reviews(Repository):
    """Cases that a person must decide."""

    get = reviews.get_case
    list = reviews.list_cases
    events = reviews.case_events
    backlog = reviews.review_backlog
    claim = reviews.claim_case
    release = reviews.release_case
    approve = reviews.approve_case
    override = reviews.override_case
    reject = reviews.reject_case
    expire = reviews.expire_cases


class Outbox(Repository):
    """Messages for executors, each of which waits until it is delivered, or withdrawn before it was."""

    ready = outbox.ready_messages
    overdue = outbox.overdue_messages
    backlog = outbox.message_backlog
    state = outbox.message_state
    lease = leases.lease_message
    recheck = leases.recheck_message
    recheck_waiting = leases.recheck_waiting
    mark_delivered = leases.mark_delivered
    settle = leases.settle_lease
    cancel = contacts.cancel_message
    disabled_endpoint = outbox.disabled_endpoint
    disable_endpoint = outbox.disable_endpoint
    enable_endpoint = outbox.enable_endpoint


class KillSwitch(Repository):
    """Orders to stop and to resume. What an order covers is over before the order is acknowledged, or never done."""

    stop = kill_switch.stop
    resume = kill_switch.resume
    active = kill_switch.active_stops
    history = kill_switch.order_history


class ApiKeys(Repository):
    """Keys are made, used and revoked, and never forgotten."""

    list = api_keys.list_keys
    add = api_keys.add_key
    revoke = api_keys.revoke_key
    mark_used = api_keys.mark_keys_used


class Monitoring(Repository):
    """What is observed from outside: rules over time, and whether probabilities come true."""

    calibration = forecasts.calibration
    save_rule_stats = rule_stats.save_rule_stats
    load_rule_stats = rule_stats.load_rule_stats


class Audit(Repository):
    """What the ledger proves of itself."""

    head = signed_head
    public_key = public_key_of

    def verify(self, anchor: str | bytes | None = None, *, progress: Progress = silent) -> Verification:
        """Walk the hash chains, and compare them with a signed head of an earlier moment where one is given.

        Raises
        ------
        InvalidInput
            If the head is none, or was not signed by this ledger.
        """
        head = None if anchor is None else parse_head(anchor, self.public_key())
        return walk_chains(self.database.read, head, progress)


class _Records(Repository):
    """The record as a whole."""

    empty = read.is_empty
    newest = read.newest_record
    probe = read.probe


class Ledger:
    """The whole ledger. `connect.open_ledger` opens one."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._records = _Records(database)
        self.customers = Customers(database)
        self.facts = Facts(database)
        self.decisions = Decisions(database)
        self.idempotency_keys = IdempotencyKeys(database)
        self.artifacts = Artifacts(database)
        self.reviews = Reviews(database)
        self.outbox = Outbox(database)
        self.kill_switch = KillSwitch(database)
        self.api_keys = ApiKeys(database)
        self.monitoring = Monitoring(database)
        self.audit = Audit(database)
        self.worker_lease = WorkerLease(database)
        self.empty = self._records.empty
        self.newest = self._records.newest

    async def run_blocking(self, work: Callable[[], T]) -> T:
        """What `work` returns, which only reads; no event loop waits for a ledger that is beyond a network."""
        return await self._database.run_blocking(work)

    def healthy(self) -> None:
        """Return if decisions can be recorded, raise `Unavailable` with a remedy if not."""
        self._records.probe()
        self._database.healthy()

    def close(self) -> None:
        """Finish what was promised and let go of the database."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
