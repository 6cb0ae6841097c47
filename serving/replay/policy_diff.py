"""What a change of policy would have done: recorded decisions made again under the old and the new one.

Each decision is made again on the facts of its receipt, by the model that made it. Where the record does not support
an answer, the answer is that it does not, with a count and the reason, and never an estimate in its place.
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
        Told how many decisions are done, of how many.

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
            found = opened.decisions.list_receipts(since, limit=limit + 1)
    else:
        found = ledger.list_receipts(since, limit=limit + 1)
    return compare_records(found[:limit], old, new, since, by=by, truncated=len(found) > limit, progress=progress)


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
    for place, one in enumerate(records):
        results.append(rerun(one, old, new))
        if progress is not None:
            progress(place + 1, len(records))
    known = [one for one in results if isinstance(one, Rerun)]
    untried = _untried(records, known)
    worth = None if untried or not known else _worth(known)
    return PolicyDiff(
        old=old.versions.policy,
        new=new.versions.policy,
        since=since,
        recorded=len(records),
        compared=len(known),
        truncated=truncated,
        changed=sum(one.changed for one in known),
        changes=_changes(known),
        contacts=_shift(known, Disposition.ACT),
        holds=_shift(known, Disposition.HOLD),
        reviews=_shift(known, Disposition.REVIEW),
        expected_value=worth,
        currency=old.catalogue.currency,
        by=by,
        groups=() if by is None else _groups(known, by),
        not_supported=(*_unsaid(results), *untried),
        leaves_out=LEAVES_OUT,
    )


def _unsaid(results: Iterable[Rerun | Unsupported]) -> list[NotSupported]:
    reasons = Counter(one.reason for one in results if isinstance(one, Unsupported))
    return [NotSupported(count, f"not supported by the log: {reason}") for reason, count in reasons.most_common()]


def _untried(records: Sequence[DecisionReceipt], known: Sequence[Rerun]) -> list[NotSupported]:
    """Acts of the new policy with actions that no recorded decision has ever led to: their value is anyone's guess."""
    tried = {None} | {one.contacted_action_id for one in records} | {one.action_id for one in records}
    acts = Counter(one.new.action_id for one in known if one.new.action_id not in tried)
    return [
        NotSupported(
            count,
            f"expected value is not supported by the log: no recorded decision led to `{action_id}`, with which the "
            "new policy acts",
        )
        for action_id, count in acts.most_common()
    ]


def _shift(known: Sequence[Rerun], disposition: Disposition) -> Shift | None:
    return _counts(known, disposition) if known else None


def _counts(known: Sequence[Rerun], disposition: Disposition) -> Shift:
    old = sum(one.old.disposition is disposition for one in known)
    return Shift(old, sum(one.new.disposition is disposition for one in known))


def _worth(known: Sequence[Rerun]) -> Shift:
    values = [({one.action_id: one.net_value for one in both.new.candidates}, both) for both in known]
    old = sum(value.get(both.old.action_id or "", 0.0) for value, both in values)
    return Shift(old, sum(value.get(both.new.action_id or "", 0.0) for value, both in values))


def _changes(known: Sequence[Rerun]) -> tuple[Change, ...]:
    found: dict[tuple[str, str, str | None], list[str]] = defaultdict(list)
    for one in known:
        if one.changed:
            rule = one.new.binding_rule or one.old.binding_rule
            found[_named(one.old), _named(one.new), rule].append(one.recorded.decision_id)
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0][:2], item[0][2] or ""))
    return tuple(Change(*what, count=len(ids), examples=tuple(ids[:_EXAMPLES])) for what, ids in ordered)


def _named(decision: Decision) -> str:
    action_id = decision.action_id or decision.proposed_action_id
    return decision.disposition.value if action_id is None else f"{decision.disposition.value} {action_id}"


def _groups(known: Sequence[Rerun], by: str) -> tuple[Group, ...]:
    members: dict[str, list[Rerun]] = defaultdict(list)
    for one in known:
        members[_value(one, by)].append(one)
    ordered = sorted(members.items(), key=lambda item: (-len(item[1]), item[0]))
    if len(ordered) > _GROUPS:
        rest = [one for _, few in ordered[_GROUPS - 1 :] for one in few]
        ordered = [*ordered[: _GROUPS - 1], (OTHER, rest)]
    return tuple(_group(value, some) for value, some in ordered)


def _value(one: Rerun, by: str) -> str:
    customer = one.facts.customer
    own = getattr(customer, by) if by in ("jurisdiction", "time_zone") else customer.attributes.get(by)
    return UNKNOWN if own is None else str(own)


def _group(value: str, some: Sequence[Rerun]) -> Group:
    ended = (_counts(some, one) for one in (Disposition.ACT, Disposition.HOLD, Disposition.REVIEW))
    return Group(value, len(some), sum(one.changed for one in some), *ended)
