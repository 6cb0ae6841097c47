"""`heed decide`: one decision of a running service."""

import click
from rich.console import Console
from rich.table import Table

from heed.cli.command import command
from heed.cli.options import service_client, url_option
from heed.cli.output import json_option, print_json
from heed.client import Json


@command()
@click.option("--customer", "customer_id", required=True, help="The customer's id.")
@click.option("--candidate", "candidates", multiple=True, help="An action to consider; repeatable. Default: all.")
@click.option(
    "--explain",
    type=click.Choice(["none", "chosen", "all"]),
    default="chosen",
    show_default=True,
    help="Which candidates to explain.",
)
@click.option("--key", help="Idempotency key: the same key gets the same answer.")
@url_option
@json_option
def decide(
    customer_id: str,
    candidates: tuple[str, ...],
    explain: str,
    key: str | None,
    url: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Decide for one customer, and record the decision."""
    with service_client(url, order=f"deciding for customer {customer_id}") as client:
        answer = client.decide(customer_id, candidates=list(candidates) or None, explain=explain, idempotency_key=key)
    print_json(answer) if as_json else _show(answer)


def _show(answer: Json) -> None:
    console = Console()
    console.print(f"[bold]{answer['disposition'].upper()}[/bold]  decision {answer['decision_id']}")
    for reason in answer["reasons"]:
        console.print(f"  {reason}", highlight=False)
    console.print(_table(answer))


def _table(answer: Json) -> Table:
    table = Table(
        "rank", "candidate", "propensity", "interval", f"net value ({answer['currency']})", "verdict", box=None
    )
    for candidate in answer["candidates"]:
        blocking = [verdict["rule"] for verdict in candidate["verdicts"] if verdict["effect"] != "allow"]
        interval = candidate["interval"]
        table.add_row(
            str(candidate["rank"]),
            candidate["action_id"],
            "" if candidate["propensity"] is None else f"{candidate['propensity']:.1%}",
            "" if interval is None else f"{interval['low']:.1%} to {interval['high']:.1%}",
            f"{candidate['net_value']:.2f}",
            " ".join([candidate["effect"], *blocking]),
        )
    return table
