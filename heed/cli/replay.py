"""`heed replay`: decide again from the receipts, and compare with what was answered."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from heed.cli.output import json_option, print_json, progress
from heed.cli.policy import Span
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.serving.ledger.ledger import Ledger
    from heed.serving.replay.artifacts import ArtifactResolver
    from heed.serving.replay.replay import Replay


@click.command()
@click.argument("decision_id", required=False)
@click.option("--since", type=Span(), help="Every decision of so long ago until now, as in 24h or 30d.")
@json_option
@click.pass_context
def replay(
    context: click.Context,
    decision_id: str | None,
    since: timedelta | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Decide again from the receipt of DECISION_ID, or from those of a stretch of time.

    The model, the policy and the catalogue are those that decided, and the answer must come out as it was sent, byte
    by byte. A version that is gone is reported and nothing is put in its place. The exit code is 0 where every answer
    comes out the same, and 1 where one does not or cannot be made again. Customers who were erased took their receipts
    with them, and do not count against it.
    """
    from heed.serving.bootstrap import artifact_resolver, open_configured_ledger

    if (decision_id is None) == (since is None):
        raise click.UsageError("name one decision, or a stretch of time with --since")
    settings = Settings()
    with open_configured_ledger(settings, readonly=True) as ledger:
        found = list(_replayed(ledger, artifact_resolver(settings, ledger), decision_id, since))
    counts = Counter(one.result.value for one in found)
    if as_json:
        print_json({"decisions": len(found), "results": counts, "exceptions": [asdict(one) for one in _told(found)]})
    else:
        for one in _told(found):
            click.echo(f"{one.decision_id}  {one.result.value}: {one.reason or ', '.join(one.differences)}")
        click.echo(f"{len(found)} decisions made again: {_counted(counts)}")
    context.exit(int(any(one.result.failed for one in found)))


def _replayed(
    ledger: "Ledger", pinned: "ArtifactResolver", decision_id: str | None, since: timedelta | None
) -> "Iterator[Replay]":
    from heed.serving.replay.replay import replay as made_again

    if decision_id is not None:
        yield made_again(ledger, pinned, decision_id)
        return
    ids = ledger.decided_since(datetime.now(UTC) - (since or timedelta()))
    with progress(len(ids)) as steps:
        for one in ids:
            steps.step("deciding again")
            yield made_again(ledger, pinned, one)
        steps.done("done")


def _told(found: "Iterable[Replay]") -> "list[Replay]":
    return [one for one in found if one.result != "same"]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"
