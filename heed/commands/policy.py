"""`heed policy`: check a policy file, and run its cases."""

from pathlib import Path

import click

from heed.output import json_option, print_json
from serving.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def policy() -> None:
    """Read, check and test policy files."""


@policy.command()
@click.argument("file", required=False, type=_FILE)
@json_option
def check(file: Path | None, as_json: bool) -> None:  # noqa: FBT001
    """Check FILE, or the policy in force, against the catalogue in force; every fault is named."""
    from decisioning.catalogue import Catalogue
    from decisioning.errors import Unavailable
    from guardrails.guard import load_guard
    from guardrails.loading import DEFAULT_POLICY
    from serving.bootstrap import load_catalogue

    settings = Settings()
    try:
        catalogue, types = load_catalogue(settings)
    except Unavailable:
        click.echo("no model is promoted yet, so names are not checked against a catalogue", err=True)
        catalogue, types = Catalogue(settings.currency, ()), {}
    path = file or settings.policy or DEFAULT_POLICY
    guard = load_guard(path, catalogue, types)
    found = {"file": str(path), "name": guard.policy.name, "hash": guard.hash, "rules": len(guard.policy.rules)}
    print_json(found) if as_json else click.echo(f"{path}: {found['rules']} rules, hash {guard.hash}")


@policy.command()
@click.argument("cases", required=False, type=click.Path(exists=True, path_type=Path))
@click.option("--policy", "file", type=_FILE, help="Run all cases against this policy.")
@click.pass_context
def test(context: click.Context, cases: Path | None, file: Path | None) -> None:
    """Run policy cases: heed's own, or those under CASES."""
    from guardrails.cases.runner import CASES, run

    results = run(cases or CASES, policy=file)
    for one in results:
        click.echo(f"{'held  ' if one.held else 'FAILED'} {one.path.parent.name}/{one.path.stem}: {one.purpose}")
        for difference in one.differences:
            click.echo(f"       {difference}")
    failed = sum(not one.held for one in results)
    click.echo(f"{len(results) - failed} held, {failed} failed")
    context.exit(1 if failed else 0)
