"""Suppression list: customers who must not be contacted, on one channel or all, for a time or permanently."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts, Suppression
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules import reason_text
from heed.guardrails.rules.rule import Rule


class SuppressionRule(Rule):
    """Suppresses customers on the list. The entry's own reason may be personal and is not repeated."""

    kind: Literal["suppression"]


def sharing_key(_: SuppressionRule, action: Action) -> str:
    """Key: the channel."""
    return action.channel


def evaluate(rule: SuppressionRule, facts: Facts, action: Action) -> Verdict:
    """Suppress while an entry for the channel or for all is active; entries dated in the future count already."""
    entries = [
        suppression for suppression in facts.customer.suppressions if suppression.channel in (None, action.channel)
    ]
    standing = [entry for entry in entries if entry.until is None or facts.now < entry.until]
    if not standing:
        return rule.allow(f"Not on the suppression list for {action.channel}.")
    until = _end(standing)
    since = reason_text.format_day(min(entry.recorded_at for entry in standing))
    end = "without an end" if until is None else f"until {reason_text.format_moment(until)}"
    where = "all channels" if any(entry.channel is None for entry in standing) else action.channel
    return rule.suppress(f"On the suppression list for {where} since {since}, {end}.", until)


def _end(entries: Sequence[Suppression]) -> datetime | None:
    ends = [entry.until for entry in entries if entry.until is not None]
    return max(ends) if len(ends) == len(entries) else None
