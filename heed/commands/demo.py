"""`heed demo`: everything from nothing, then the service."""

import asyncio
import json
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import httpx

from decisioning.errors import Unavailable
from heed.commands.serve import command, environment, refuse_taken
from heed.output import Steps, progress
from serving.settings import Settings

if TYPE_CHECKING:
    from training.world.world import Played

_SEED = 7
_DAYS = 120
_START_SECONDS = 90.0


@click.command()
@click.option("--customers", default=3000, show_default=True, type=click.IntRange(200, 100_000))
@click.option("--no-serve", is_flag=True, help="Prepare everything and stop.")
def demo(customers: int, no_serve: bool) -> None:  # noqa: FBT001
    """Make a world, train, register, promote, fill the ledger and serve. What is there already is used again."""
    settings = Settings()
    if not no_serve:
        refuse_taken(settings.host, settings.port)
    prepared = settings.home / "demo.json"
    if not prepared.exists():
        _prepare(settings, customers, prepared)
    if not no_serve:
        _serve(settings, json.loads(prepared.read_text(encoding="utf-8"))["customer_id"])


def _prepare(settings: Settings, customers: int, marker: Path) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    directory = settings.home / "data"
    with progress(12) as steps:
        played = _played(customers, directory, steps)
        _train(settings, directory, steps)
        customer_id = asyncio.run(_fill(settings, played, steps))
        steps.done("ready to serve")
    marker.write_text(json.dumps({"customers": customers, "seed": _SEED, "customer_id": customer_id}), encoding="utf-8")


def _played(customers: int, directory: Path, steps: Steps) -> "Played":
    from training.contract.reading import write
    from training.world.world import make_world

    steps.step(f"simulating {customers:,} customers over {_DAYS} days")
    played = make_world(_SEED, customers, days=_DAYS, end=datetime.now(UTC)).play()
    steps.step("writing the engagement data")
    write(played.data, directory)
    return played


def _train(settings: Settings, directory: Path, steps: Steps) -> None:
    from training.pipeline import train

    train(directory, tracking_uri=settings.mlflow_uri, model_name=settings.model_name, progress=steps)


async def _fill(settings: Settings, played: "Played", steps: Steps) -> str:
    from heed.filling import Register, fill, since_of
    from serving.bootstrap import now
    from serving.ledger.migrating import upgrade
    from serving.ledger.sqlite import SqliteLedger
    from training.contract.catalogue import to_catalogue

    steps.step("preparing the ledger")
    upgrade(settings.ledger_path)
    catalogue = to_catalogue(played.data, settings.currency)
    register = Register(played.contact_points, played.consents, played.suppressions)
    ledger = SqliteLedger.open(settings.ledger_path, clock=now)
    try:
        since = since_of(played.data, 91)
        await fill(ledger, played.data, register, catalogue, since=since, said=steps.step)
    finally:
        ledger.close()
    return str(played.data.customers["customer_id"].iloc[0])


def _serve(settings: Settings, customer_id: str) -> None:
    service = subprocess.Popen(command(settings, settings.port), env=environment(settings))  # noqa: S603
    try:
        url = f"http://{settings.host}:{settings.port}"
        _await_ready(service, url)
        click.echo(_welcome(url, customer_id))
        service.wait()
    except KeyboardInterrupt:
        pass
    finally:
        service.terminate()
        service.wait(timeout=30)


def _await_ready(service: "subprocess.Popen[bytes]", url: str) -> None:
    """Wait until the service can decide, and say why if it cannot."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if service.poll() is not None:
            raise Unavailable(f"the service stopped while it started (exit code {service.returncode})")
        try:
            if httpx.get(f"{url}/readyz", timeout=2.0).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise Unavailable("the service did not become ready", remedy="its messages above say why")


def _welcome(url: str, customer_id: str) -> str:
    return f"""
heed decides at {url}

  curl -s {url}/decide -H 'content-type: application/json' -d '{{"customer_id": "{customer_id}"}}'

Where to look next
  {url}/docs           every call, to try in the browser
  {url}/v1/policy      the rules in force
  {url}/v1/reviews     what waits for a person
  .venv/bin/heed decide --customer {customer_id}
  notebooks/review_explanations.ipynb
Stop with Ctrl-C; `make demo` starts again with what is there.
"""
