"""Find citations that were not checked against the law."""

from collections.abc import Iterator

from heed.guardrails.lint.finding import Finding
from heed.guardrails.lint.lint_context import LintContext


def check_citations(context: LintContext) -> Iterator[Finding]:
    """Rules, including those of packs, with an unconfirmed part of their citation."""
    for place, rule in enumerate(context.rules):
        if rule.unconfirmed is not None:
            message = f"unconfirmed part of the citation `{rule.citation}`: {rule.unconfirmed}"
            remedy = "have it checked by whoever is responsible for it"
            yield context.warning("citation-unconfirmed", place, "unconfirmed", message, remedy)
