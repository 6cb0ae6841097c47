"""Which verdicts say that a rule failed or lacked a fact, rather than that it objects to the contact.

Both suppress, so that nothing goes out in doubt; yet the second is the policy at work and the first a fault to mend.
"""

import re

from decisioning.verdict import Effect, Verdict

_OBSERVED = re.compile(r"Observed, not applied; would have (allowed|asked for review|suppressed): ")
# The words in which the rules of `guardrails` say so.
_LACKING = re.compile(
    r"The rule failed \("
    r"|(Eligibility )?`.*` cannot be decided: "
    r"|The condition of eligibility was not checked with this catalogue\.$"
    r"|What all customers were contacted with lately is not known\.$"
    r"|How certain the customer's identity is has not been said\.$"
    r"|How likely the contact is to do harm is not known\.$"
    r"|A person decides, since `.*?` is not known: ",
    re.DOTALL,
)


def lacks(verdict: Verdict) -> bool:
    """Whether the rule failed or lacked a fact, its verdict applied or only observed."""
    reason = verdict.reason
    # Most objections are none of these, and this is asked of every one of every decision.
    hints = "not known" in reason or "rule failed" in reason or "cannot be" in reason or "not been" in reason
    if not hints and "not checked" not in reason:
        return False
    return _LACKING.match(_OBSERVED.sub("", reason, count=1)) is not None


def would_object(verdict: Verdict) -> bool:
    """Whether a rule that is only observed would have suppressed or asked for review."""
    if verdict.effect is not Effect.ALLOW:
        return False
    found = _OBSERVED.match(verdict.reason)
    return found is not None and found[1] != "allowed"
