"""The effect of a policy change: recorded decisions evaluated under the old and the new policy.

Each decision is evaluated on the facts of its receipt by the model that made it. Where the record does not support an
answer, the decision is counted with the reason and nothing is estimated.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from heed.decisioning.decision import Decision, Disposition
from heed.guardrails.policy.load import parse_policy
from heed.serving.deployment.active_versions import ActiveVersions
from heed.serving.ledger.connect import open_ledger
from heed.serving.ledger.decisions.read import DecisionReceipt
from heed.serving.replay.rerun import Rerun, Unsupported, rerun
from heed.serving.schemas.responses import PolicyRef

MAX_DECISIONS = 100_000
_EXAMPLES = 3
_GROUPS = 20
UNKNOWN, OTHER = "unknown", "other"

LEAVES_OUT = (
    "Contacts that the new policy would have made, or not made, do not change the facts of the decisions after them.",
    "How customers would have answered is not known: expected value is what the model expects of what would be done.",
    "What people decide on review cases is not foreseen: a review counts as work and not as a contact.",
)


@dataclass(frozen=True)
class Shift:
    """One figure under the old and the new policy."""

    old: float
    new: float


@dataclass(frozen=True)
class Change:
    """Decisions that go from one outcome to another, and the rule that makes the difference.

    Attributes
    ----------
    rule : str or None
        The rule that binds under the new policy, or the one that bound under the old where none does now; None where
        no rule decides, as where levers change.
    examples : tuple of str
        Ids of some of the decisions.
    """

    old: str
    new: str
    rule: str | None
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The figures for customers who share one value of an attribute."""

    value: str
    decisions: int
    changed: int
    contacts: Shift
    holds: Shift
    reviews: Shift


@dataclass(frozen=True)
class NotSupported:
    """Decisions of which the record does not say what the new policy would have done, and why not."""

    count: int
    reason: str


@dataclass(frozen=True)
class PolicyDiff:
    """What changes from one policy to another on recorded decisions.

    Attributes
    ----------
    recorded, compared : int
        Decisions looked at, and those that could be made again under both policies.
    truncated : bool
        Whether there are older ones since the moment asked for that were not looked at.
    contacts, holds, reviews : Shift or None
        Counts of decisions that end so; None where none could be compared.
    expected_value : Shift or None
        Net value of all acts as the model expects it, weighed by the new policy, in the catalogue's currency; None
        where the record does not support it.
    by : str or None
        The attribute of customers that `groups` are about.
    not_supported : tuple of NotSupported
        Where nothing is estimated, with counts and reasons.
    leaves_out : tuple of str
        What no such comparison can see.
    """

    old: PolicyRef
    new: PolicyRef
    since: datetime
    recorded: int
    compared: int
    truncated: bool
    changed: int
    changes: tuple[Change, ...]
    contacts: Shift | None
    holds: Shift | None
    reviews: Shift | None
    expected_value: Shift | None
    currency: str
    by: str | None
    groups: tuple[Group, ...]
    not_supported: tuple[NotSupported, ...]
    leaves_out: tuple[str, ...]


class Reader(Protocol):
    """The decisions of a ledger, as far as a comparison reads them."""

    def list_receipts(self, since: datetime, *, limit: int) -> tuple[DecisionReceipt, ...]:
        """Decisions made from `since` on with their receipts, newest first."""
        ...


def diff(
    ledger: Reader | Path | str,
    old_text: str,
    new_text: str,
    since: datetime,
    *,
    pinned: ActiveVersions,
    by: str | None = None,
    limit: int = MAX_DECISIONS,
    progress: Callable[[int, int], None] | None = None,
) -> PolicyDiff:
    """Compare two policies on recorded decisions.

    Parameters
    ----------
    ledger : Reader, Path or str
        The decisions of an open ledger, or where a ledger is; it is only read.
    old_text, new_text : str
        The two policies, as YAML.
    since : datetime
        Decisions made before this moment, with an offset, are not looked at.
    pinned : ActiveVersions
        The model and the catalogue to decide with; its policy is not used. Decisions of others are not supported.
    by : str, optional
        Attribute of customers to group by; ``jurisdiction`` and ``time_zone`` are known of all.
    limit : int
        The newest so many decisions are looked at.
    progress : callable, optional
        Called with the number of decisions done and their total.

    Raises
    ------
    InvalidPolicy
        If one of the texts is no policy that fits the catalogue.
    Unavailable
        If the ledger cannot be read.
    """
    old = pinned.under(parse_policy(old_text, source="old policy"))
    new = pinned.under(parse_policy(new_text, source="new policy"))
    if isinstance(ledger, Path | str):
        with open_ledger(ledger, readonly=True) as opened:
            records = opened.decisions.list_receipts(since, limit=limit + 1)
    else:
        records = ledger.list_receipts(since, limit=limit + 1)
    return compare_records(records[:limit], old, new, since, by=by, truncated=len(records) > limit, progress=progress)


def compare_records(
    records: Sequence[DecisionReceipt],
    old: ActiveVersions,
    new: ActiveVersions,
    since: datetime,
    *,
    by: str | None = None,
    truncated: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> PolicyDiff:
    """The comparison itself, on records that were read; see :func:`diff`."""
    results: list[Rerun | Unsupported] = []
    for done, record in enumerate(records, start=1):
        results.append(rerun(record, old, new))
        if progress is not None:
            progress(done, len(records))
    reruns = [result for result in results if isinstance(result, Rerun)]
    untried = _untried_actions(records, reruns)
    expected_value = None if untried or not reruns else _expected_value(reruns)
    return PolicyDiff(
        old=old.versions.policy,
        new=new.versions.policy,
        since=since,
        recorded=len(records),
        compared=len(reruns),
        truncated=truncated,
        changed=sum(result.changed for result in reruns),
        changes=_changes(reruns),
        contacts=_shift(reruns, Disposition.ACT),
        holds=_shift(reruns, Disposition.HOLD),
        reviews=_shift(reruns, Disposition.REVIEW),
        expected_value=expected_value,
        currency=old.catalogue.currency,
        by=by,
        groups=() if by is None else _groups(reruns, by),
        not_supported=(*_unsupported(results), *untried),
        leaves_out=LEAVES_OUT,
    )


def _unsupported(results: Iterable[Rerun | Unsupported]) -> list[NotSupported]:
    reasons = Counter(result.reason for result in results if isinstance(result, Unsupported))
    return [NotSupported(count, f"not supported by the log: {reason}") for reason, count in reasons.most_common()]


def _untried_actions(records: Sequence[DecisionReceipt], reruns: Sequence[Rerun]) -> list[NotSupported]:
    """Acts of the new policy with actions that no recorded decision took, so that their value is unknown."""
    tried = {None} | {record.contacted_action_id for record in records} | {record.action_id for record in records}
    acts = Counter(result.new.action_id for result in reruns if result.new.action_id not in tried)
    return [
        NotSupported(
            count,
            f"expected value is not supported by the log: no recorded decision led to `{action_id}`, with which the "
            "new policy acts",
        )
        for action_id, count in acts.most_common()
    ]


def _shift(reruns: Sequence[Rerun], disposition: Disposition) -> Shift | None:
    return _counts(reruns, disposition) if reruns else None


def _counts(reruns: Sequence[Rerun], disposition: Disposition) -> Shift:
    old = sum(result.old.disposition is disposition for result in reruns)
    return Shift(old, sum(result.new.disposition is disposition for result in reruns))


def _expected_value(reruns: Sequence[Rerun]) -> Shift:
    values = [
        ({candidate.action_id: candidate.net_value for candidate in result.new.candidates}, result) for result in reruns
    ]
    old = sum(value.get(result.old.action_id or "", 0.0) for value, result in values)
    return Shift(old, sum(value.get(result.new.action_id or "", 0.0) for value, result in values))


def _changes(reruns: Sequence[Rerun]) -> tuple[Change, ...]:
    changes: dict[tuple[str, str, str | None], list[str]] = defaultdict(list)
    for result in reruns:
        if result.changed:
            rule = result.new.binding_rule or result.old.binding_rule
            changes[_label(result.old), _label(result.new), rule].append(result.recorded.decision_id)
    ordered = sorted(changes.items(), key=lambda item: (-len(item[1]), item[0][:2], item[0][2] or ""))
    return tuple(Change(*key, count=len(ids), examples=tuple(ids[:_EXAMPLES])) for key, ids in ordered)


def _label(decision: Decision) -> str:
    action_id = decision.action_id or decision.proposed_action_id
    return decision.disposition.value if action_id is None else f"{decision.disposition.value} {action_id}"


def _groups(reruns: Sequence[Rerun], by: str) -> tuple[Group, ...]:
    members: dict[str, list[Rerun]] = defaultdict(list)
    for result in reruns:
        members[_value(result, by)].append(result)
    ordered = sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))
    if len(ordered) > _GROUPS:
        rest = [result for _, group in ordered[_GROUPS - 1 :] for result in group]
        ordered = [*ordered[: _GROUPS - 1], (OTHER, rest)]
    return tuple(_group(value, reruns) for value, reruns in ordered)


def _value(result: Rerun, by: str) -> str:
    customer = result.facts.customer
    own = getattr(customer, by) if by in ("jurisdiction", "time_zone") else customer.attributes.get(by)
    return UNKNOWN if own is None else str(own)


def _group(value: str, reruns: Sequence[Rerun]) -> Group:
    shifts = (_counts(reruns, disposition) for disposition in (Disposition.ACT, Disposition.HOLD, Disposition.REVIEW))
    return Group(value, len(reruns), sum(result.changed for result in reruns), *shifts)
