"""`heed policy`: check, test and compare policy files."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from heed.cli.command import group
from heed.cli.output import announce, json_option, print_json
from heed.extras import missing_extra
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.decisioning.catalogue import Catalogue
    from heed.guardrails.cases.case_runner import CaseResult

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Duration(click.ParamType[timedelta]):
    """A duration such as ``30d``."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse it as policies write it."""
        from heed.guardrails.field_types import parse_term

        try:
            return parse_term(value)
        except ValueError:
            self.fail(f"{value!r} is not a duration; write it as in 24h, 30d or 4w", param, ctx)


@group()
def policy() -> None:
    """Check, test and compare policy files."""


@policy.command()
@click.argument("file", required=False, type=_FILE)
@json_option
@click.pass_context
def check(context: click.Context, file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Check FILE, or the active policy, against the active catalogue.

    All errors that keep a policy from loading are listed, and the exit code is 2. A policy that loads is searched for
    what nobody can want: rules that never trigger, actions that nobody can receive, caps that are never reached. The
    exit code is 1 if a finding is an error.
    """
    from heed.cli.policy_output import format_findings
    from heed.guardrails.lint.policy_lint import lint_policy
    from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy
    from heed.guardrails.policy_errors import InvalidPolicy

    settings = Settings()
    catalogue, types = _catalogue(settings)
    path = file or settings.policy or DEFAULT_POLICY
    try:
        loaded = load_policy(path)
        findings = lint_policy(loaded, catalogue, types, as_of=datetime.now(UTC))
    except InvalidPolicy as error:
        if not as_json:
            raise
        print_json({"file": str(path), "faults": [asdict(fault) for fault in error.faults]})
        context.exit(2)
    result = {
        "file": str(path),
        "name": loaded.policy.name,
        "hash": loaded.policy.hash,
        "rules": len(loaded.policy.rules),
        "findings": [asdict(finding) for finding in findings],
    }
    if as_json:
        print_json(result)
    else:
        for line in format_findings(str(path), findings):
            click.echo(line)
        click.echo(f"{path}: {result['rules']} rules, hash {result['hash']}")
    context.exit(int(any(finding.severity.value == "error" for finding in findings)))


@policy.command()
@click.argument("cases", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--policy", "file", type=_FILE, help="Run the cases against this policy. Default: the active policy.")
@json_option
@click.pass_context
def test(context: click.Context, cases: Path | None, file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Run policy cases: those in CASES, or else heed's own and the policy's.

    A policy's own cases are in a folder `cases` beside its file, and run against it.
    """
    from heed.cli.policy_output import format_cases

    results = _run(cases, file, Settings().policy)
    if as_json:
        print_json([_case_json(result) for result in results])
    else:
        for line in format_cases(results):
            click.echo(line)
    context.exit(int(any(not result.held for result in results)))


@policy.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--since", type=Duration(), default="30d", show_default=True, help="Compare decisions since then.")
@click.option("--by", help="Group by this attribute of customers, or by jurisdiction or time_zone.")
@json_option
def diff(old: Path, new: Path, since: timedelta, by: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Re-decide recorded decisions under OLD and NEW, and show what changes.

    The decisions come from the ledger and are repeated with the active model. Where the record does not support a
    figure, the output says so.
    """
    from heed.cli.policy_output import format_diff
    from heed.guardrails.policy.load import load_policy
    from heed.serving.bootstrap import load_active_versions
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.replay import policy_diff

    settings = Settings()
    versions = load_active_versions(settings)
    for path in (old, new):
        versions.under(load_policy(path))
    texts = (old.read_text(encoding="utf-8"), new.read_text(encoding="utf-8"))
    start = datetime.now(UTC) - since
    with open_ledger(settings.ledger_location, readonly=True, key=settings.sealing_key) as ledger:
        result = policy_diff.diff(ledger.decisions, *texts, start, pinned=versions, by=by)
    if as_json:
        print_json(asdict(result))
    else:
        for line in format_diff(result):
            click.echo(line)


@policy.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from heed.guardrails.policy.json_schema import policy_schema

    print_json(policy_schema())


def _catalogue(settings: Settings) -> "tuple[Catalogue, Mapping[str, str]]":
    """The active catalogue; an empty one where no model is promoted yet."""
    from heed.decisioning.catalogue import Catalogue
    from heed.decisioning.errors import Unavailable

    try:
        from heed.serving.bootstrap import load_catalogue

        return load_catalogue(settings)
    except Unavailable:
        reason = "no model is promoted yet"
    except ModuleNotFoundError as error:
        reason = missing_extra(error)
    announce(f"names are not checked against a catalogue: {reason}")
    return Catalogue(settings.currency, ()), {}


def _run(cases: Path | None, file: Path | None, active: Path | None) -> "tuple[CaseResult, ...]":
    from heed.guardrails.cases.case_runner import CASES, run_cases

    if cases is not None:
        return run_cases(cases, policy=file)
    own = file or active
    beside = None if own is None else own.parent / "cases"
    if beside is None or not any(beside.rglob("*.yaml")):
        return run_cases(CASES, policy=file)
    results = run_cases(beside, policy=own)
    return results if file is not None else (*run_cases(CASES), *results)


def _case_json(result: "CaseResult") -> dict[str, Any]:
    return {**asdict(result), "path": str(result.path), "held": result.held}
