"""The list of customers who must be left alone, on one channel or on all, for a time or for good."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from heed.decisioning.catalogue import Action
from heed.decisioning.customer import Facts, Suppression
from heed.decisioning.verdict import Verdict
from heed.guardrails.rules import formatting
from heed.guardrails.rules.rule import Rule


class SuppressionRule(Rule):
    """Suppresses whoever is on the list. The entry's own reason may be personal and is not repeated."""

    kind: Literal["suppression"]


def share(_: SuppressionRule, action: Action) -> str:
    """Actions of one channel get the same verdict."""
    return action.channel


def judge(rule: SuppressionRule, facts: Facts, action: Action) -> Verdict:
    """Suppress while an entry for the channel, or for all, has not ended; entries dated ahead count already."""
    entries = [one for one in facts.customer.suppressions if one.channel in (None, action.channel)]
    standing = [one for one in entries if one.until is None or facts.now < one.until]
    if not standing:
        return rule.allow(f"Not on the suppression list for {action.channel}.")
    until = _end(standing)
    since = formatting.day(min(one.recorded_at for one in standing))
    end = "without an end" if until is None else f"until {formatting.moment(until)}"
    where = "all channels" if any(one.channel is None for one in standing) else action.channel
    return rule.suppress(f"On the suppression list for {where} since {since}, {end}.", until)


def _end(entries: Sequence[Suppression]) -> datetime | None:
    ends = [one.until for one in entries if one.until is not None]
    return max(ends) if len(ends) == len(entries) else None
