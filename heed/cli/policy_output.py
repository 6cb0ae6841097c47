"""What the policy commands print for people: findings, cases, and what a change of policy would have done."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from heed.guardrails.cases.case_runner import CaseResult
    from heed.guardrails.lint.finding import Finding
    from heed.serving.replay.policy_diff import Change, Group, PolicyDiff, Shift


def format_findings(source: str, found: Sequence["Finding"]) -> Iterable[str]:
    """A line for each finding, and one that counts them."""
    yield from (one.shown(source) for one in found)
    errors = sum(one.severity.value == "error" for one in found)
    if found:
        yield f"{_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}"


def format_cases(results: Sequence["CaseResult"]) -> Iterable[str]:
    """A line for each case, with how it differs below, and one that counts them."""
    for one in results:
        yield f"{'held  ' if one.held else 'FAILED'} {one.path.parent.name}/{one.path.stem}: {one.purpose}"
        yield from (f"       {difference}" for difference in one.differences)
    failed = sum(not one.held for one in results)
    yield f"{len(results) - failed} held, {failed} failed"


def format_diff(found: "PolicyDiff") -> Iterable[str]:
    """The comparison as a marketing lead reads it: how much changes, what, for whom, and what is not known."""
    yield f"{found.old.name} {found.old.hash[:8]} -> {found.new.name} {found.new.hash[:8]}"
    yield f"{found.recorded:,} decisions since {found.since:%Y-%m-%d}{_older(found)}; {found.changed:,} would change"
    yield ""
    yield from _figures(found)
    yield from _changes(found.changes)
    if found.by is not None:
        yield from _groups(found.by, found.groups)
    yield from _bullets("Not known", [f"{one.count:,}: {one.reason}" for one in found.not_supported])
    yield from _bullets("What this does not say", found.leaves_out)


def _older(found: "PolicyDiff") -> str:
    left = found.recorded - found.compared
    older = ", older ones left out" if found.truncated else ""
    return f"{older}, {left:,} of them not comparable" if left else older


def _figures(found: "PolicyDiff") -> Iterable[str]:
    counts = (("contacts", found.contacts), ("holds", found.holds), ("reviews", found.reviews))
    rows = [_row(name, shift, ",.0f") for name, shift in counts if shift is not None]
    if found.expected_value is not None:
        rows.append(_row(f"expected value, {found.currency}", found.expected_value, ",.2f"))
    return _table(("", "old", "new", "change"), rows) if rows else ["no decision could be made again"]


def _row(name: str, shift: "Shift", form: str) -> tuple[str, ...]:
    change = shift.new - shift.old
    return (name, format(shift.old, form), format(shift.new, form), format(change, f"+{form}") if change else "0")


def _changes(changes: Sequence["Change"]) -> Iterable[str]:
    if changes:
        rows = [
            (f"{one.old} -> {one.new}", f"{one.count:,}", one.rule or "no rule", ", ".join(one.examples))
            for one in changes
        ]
        yield ""
        yield from _table(("what changes", "decisions", "at rule", "for example"), rows, text={2, 3})


def _groups(by: str, groups: Sequence["Group"]) -> Iterable[str]:
    rows = [
        (
            one.value,
            f"{one.decisions:,}",
            f"{one.changed:,}",
            *(f"{shift.old:,.0f} -> {shift.new:,.0f}" for shift in (one.contacts, one.holds, one.reviews)),
        )
        for one in groups
    ]
    yield ""
    yield from _table((f"by {by}", "decisions", "change", "contacts", "holds", "reviews"), rows)


def _bullets(title: str, lines: Sequence[str]) -> Iterable[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"- {line}" for line in lines)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text: Iterable[int] = ()) -> list[str]:
    """Columns as wide as what they hold; the first one and those of `text` to the left, figures to the right."""
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
