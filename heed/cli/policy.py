"""`heed policy`: check a policy file, run its cases, compare two, and describe them to editors."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from heed.cli.output import json_option, print_json
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.decisioning.catalogue import Catalogue
    from heed.guardrails.cases.case_runner import CaseResult
    from heed.guardrails.policy_errors import InvalidPolicy

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Span(click.ParamType[timedelta]):
    """A length of time such as ``30d``."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read it as policies write it."""
        from heed.guardrails.field_types import parse_term

        try:
            return parse_term(value)
        except ValueError:
            self.fail(f"{value!r} is no length of time; write it as in 24h, 30d or 4w", param, ctx)


@click.group()
def policy() -> None:
    """Read, check, test and compare policy files."""


@policy.command()
@click.argument("file", required=False, type=_FILE)
@json_option
@click.pass_context
def check(context: click.Context, file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Check FILE, or the policy in force, against the catalogue in force.

    Faults, which keep a policy from being loaded, are all named, and the exit code is 2. A policy that loads is looked
    through for what nobody can want: rules that never speak, actions that nobody can receive, caps that are never
    reached. The exit code is 1 if an error is among the findings.
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
        found = lint_policy(loaded, catalogue, types, as_of=datetime.now(UTC))
    except InvalidPolicy as error:
        if not as_json:
            raise
        print_json(_faulty(path, error))
        context.exit(2)
    told = {
        "file": str(path),
        "name": loaded.policy.name,
        "hash": loaded.policy.hash,
        "rules": len(loaded.policy.rules),
        "findings": [asdict(one) for one in found],
    }
    if as_json:
        print_json(told)
    else:
        for line in format_findings(str(path), found):
            click.echo(line)
        click.echo(f"{path}: {told['rules']} rules, hash {told['hash']}")
    context.exit(int(any(one.severity.value == "error" for one in found)))


@policy.command()
@click.argument("cases", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--policy", "file", type=_FILE, help="Run the cases against this policy.")
@json_option
@click.pass_context
def test(context: click.Context, cases: Path | None, file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Run policy cases: those under CASES, or else heed's own and the policy's.

    A policy's own cases stand in a folder `cases` beside its file and are run against it. The policy is the one that
    is named, or else the one in force.
    """
    from heed.cli.policy_output import format_cases

    results = _run(cases, file, Settings().policy)
    if as_json:
        print_json([_case(one) for one in results])
    else:
        for line in format_cases(results):
            click.echo(line)
    context.exit(int(any(not one.held for one in results)))


@policy.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--since", type=Span(), default="30d", show_default=True, help="How far back decisions are looked at.")
@click.option("--by", help="An attribute of customers to group by, or jurisdiction or time_zone.")
@json_option
def diff(old: Path, new: Path, since: timedelta, by: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Make recorded decisions again under OLD and NEW, and say what changes.

    The decisions are those of the ledger, made again by the model in force. Where the record does not support an
    answer, that is said in place of a figure.
    """
    from heed.cli.policy_output import format_diff
    from heed.guardrails.policy.load import load_policy
    from heed.serving.bootstrap import load_active_versions
    from heed.serving.ledger.connect import open_ledger
    from heed.serving.replay import policy_diff

    settings = Settings()
    pinned = load_active_versions(settings)
    for path in (old, new):
        pinned.under(load_policy(path))
    texts = (old.read_text(encoding="utf-8"), new.read_text(encoding="utf-8"))
    begin = datetime.now(UTC) - since
    with open_ledger(settings.ledger_location, readonly=True, key=settings.sealing_key) as ledger:
        found = policy_diff.diff(ledger, *texts, begin, pinned=pinned, by=by)
    if as_json:
        print_json(asdict(found))
    else:
        for line in format_diff(found):
            click.echo(line)


@policy.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors."""
    from heed.guardrails.policy.json_schema import policy_schema

    print_json(policy_schema())


def _catalogue(settings: Settings) -> "tuple[Catalogue, Mapping[str, str]]":
    """The catalogue in force; an empty one where no model is promoted yet."""
    from heed.decisioning.catalogue import Catalogue
    from heed.decisioning.errors import Unavailable
    from heed.serving.bootstrap import load_catalogue

    try:
        return load_catalogue(settings)
    except Unavailable:
        click.echo("no model is promoted yet, so names are not checked against a catalogue", err=True)
        return Catalogue(settings.currency, ()), {}


def _run(cases: Path | None, file: Path | None, in_force: Path | None) -> "tuple[CaseResult, ...]":
    from heed.guardrails.cases.case_runner import CASES, run_cases

    if cases is not None:
        return run_cases(cases, policy=file)
    own = file or in_force
    beside = None if own is None else own.parent / "cases"
    if beside is None or not any(beside.rglob("*.yaml")):
        return run_cases(CASES, policy=file)
    mine = run_cases(beside, policy=own)
    return mine if file is not None else (*run_cases(CASES), *mine)


def _case(result: "CaseResult") -> dict[str, Any]:
    told = asdict(result)
    return {**told, "path": str(result.path), "held": result.held}


def _faulty(path: Path, error: "InvalidPolicy") -> dict[str, Any]:
    return {"file": str(path), "faults": [asdict(one) for one in error.faults]}
