"""Formats the results of the policy commands for people: findings, cases and comparisons."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heed.guardrails.cases.case_runner import CaseResult
    from heed.guardrails.lint.finding import Finding
    from heed.serving.replay.policy_diff import Change, Group, PolicyDiff, Shift


def format_findings(source: str, findings: Sequence["Finding"]) -> Iterable[str]:
    """One line per finding, and a line that counts them."""
    yield from (finding.shown(source) for finding in findings)
    errors = sum(finding.severity.value == "error" for finding in findings)
    if findings:
        yield f"{_count(errors, 'error')}, {_count(len(findings) - errors, 'warning')}"


def format_cases(results: Sequence["CaseResult"]) -> Iterable[str]:
    """One line per case with its differences below, and a line that counts them."""
    for result in results:
        yield f"{'held  ' if result.held else 'FAILED'} {result.path.parent.name}/{result.path.stem}: {result.purpose}"
        yield from (f"       {difference}" for difference in result.differences)
    failed = sum(not result.held for result in results)
    yield f"{len(results) - failed} held, {failed} failed"


def format_diff(result: "PolicyDiff") -> Iterable[str]:
    """The comparison: how much changes, what, for whom, and what is not known."""
    yield f"{result.old.name} {result.old.hash[:8]} -> {result.new.name} {result.new.hash[:8]}"
    since = f"since {result.since:%Y-%m-%d}{_older(result)}"
    yield f"{result.recorded:,} decisions {since}; {result.changed:,} would change"
    yield ""
    yield from _figures(result)
    yield from _changes(result.changes)
    if result.by is not None:
        yield from _groups(result.by, result.groups)
    yield from _bullets("Not known", [f"{gap.count:,}: {gap.reason}" for gap in result.not_supported])
    yield from _bullets("What this does not say", result.leaves_out)


def _older(result: "PolicyDiff") -> str:
    left = result.recorded - result.compared
    older = ", older ones left out" if result.truncated else ""
    return f"{older}, {left:,} of them not comparable" if left else older


def _figures(result: "PolicyDiff") -> Iterable[str]:
    counts = (("contacts", result.contacts), ("holds", result.holds), ("reviews", result.reviews))
    rows = [_row(name, shift, ",.0f") for name, shift in counts if shift is not None]
    if result.expected_value is not None:
        rows.append(_row(f"expected value, {result.currency}", result.expected_value, ",.2f"))
    return _table(("", "old", "new", "change"), rows) if rows else ["no decision could be repeated"]


def _row(name: str, shift: "Shift", form: str) -> tuple[str, ...]:
    change = shift.new - shift.old
    return (name, format(shift.old, form), format(shift.new, form), format(change, f"+{form}") if change else "0")


def _changes(changes: Sequence["Change"]) -> Iterable[str]:
    if changes:
        rows = [
            (f"{each.old} -> {each.new}", f"{each.count:,}", each.rule or "no rule", ", ".join(each.examples))
            for each in changes
        ]
        yield ""
        yield from _table(("what changes", "decisions", "at rule", "for example"), rows, text={2, 3})


def _groups(by: str, groups: Sequence["Group"]) -> Iterable[str]:
    rows = [
        (
            group.value,
            f"{group.decisions:,}",
            f"{group.changed:,}",
            *(f"{shift.old:,.0f} -> {shift.new:,.0f}" for shift in (group.contacts, group.holds, group.reviews)),
        )
        for group in groups
    ]
    yield ""
    yield from _table((f"by {by}", "decisions", "change", "contacts", "holds", "reviews"), rows)


def _bullets(title: str, lines: Sequence[str]) -> Iterable[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text: Iterable[int] = ()) -> list[str]:
    """Aligned columns: the first one and those in `text` to the left, numbers to the right."""
    left = {0, *text}
    widths = [max(len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    return [
        "  ".join(
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
