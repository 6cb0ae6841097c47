"""`heed replay`: repeats recorded decisions and compares the answers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from heed.cli.command import command
from heed.cli.output import json_option, print_json, progress
from heed.cli.policy import Duration
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.serving.ledger.ledger import Ledger
    from heed.serving.replay.artifacts import ArtifactResolver
    from heed.serving.replay.replay import Replay


@command()
@click.argument("decision_id", required=False)
@click.option("--since", type=Duration(), help="All decisions since then, as in 24h or 30d.")
@json_option
@click.pass_context
def replay(
    context: click.Context,
    decision_id: str | None,
    since: timedelta | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Repeat the decision DECISION_ID, or all since a time, and compare byte by byte.

    Each decision is repeated from its receipt with the model, policy and catalogue that made it. A version that is gone
    is reported; no other takes its place. The exit code is 0 if every answer is the same, and 1 if one differs or
    cannot be repeated. The receipts of erased customers are gone with them and do not count.
    """
    from heed.serving.bootstrap import artifact_resolver, open_configured_ledger

    if (decision_id is None) == (since is None):
        raise click.UsageError("name one decision, or a time with --since")
    settings = Settings()
    with open_configured_ledger(settings, readonly=True) as ledger:
        replays = list(_replay(ledger, artifact_resolver(settings, ledger), decision_id, since))
    counts = Counter(each.result.value for each in replays)
    exceptions = [each for each in replays if each.result != "same"]
    if as_json:
        print_json({"decisions": len(replays), "results": counts, "exceptions": list(map(asdict, exceptions))})
    else:
        for each in exceptions:
            click.echo(f"{each.decision_id}  {each.result.value}: {each.reason or ', '.join(each.differences)}")
        click.echo(f"{len(replays)} decisions replayed: {_format_counts(counts)}")
    context.exit(int(any(each.result.failed for each in replays)))


def _replay(
    ledger: "Ledger", resolver: "ArtifactResolver", decision_id: str | None, since: timedelta | None
) -> "Iterator[Replay]":
    from heed.serving.replay.replay import replay as replay_decision

    if decision_id is not None:
        yield replay_decision(ledger.decisions, resolver, decision_id)
        return
    ids = ledger.decisions.list_ids(datetime.now(UTC) - (since or timedelta()))
    with progress(len(ids)) as steps:
        for each in ids:
            steps.step("replaying decisions")
            yield replay_decision(ledger.decisions, resolver, each)
        steps.done("done")


def _format_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"
