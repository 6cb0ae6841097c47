"""`heed demo`: builds a complete demo from nothing, and serves it."""

import json
import signal
import subprocess
import time
from datetime import UTC, datetime

import click
import httpx

from heed.cli.command import command
from heed.cli.output import progress
from heed.cli.serve import check_bind, check_port_free, service_command, service_environment
from heed.decisioning.errors import Unavailable
from heed.serving.settings import Settings

_START_SECONDS = 90.0


@command()
@click.option("--customers", default=3000, show_default=True, type=click.IntRange(200, 100_000), help="How many.")
@click.option("--no-serve", is_flag=True, help="Prepare everything, but do not serve.")
def demo(customers: int, no_serve: bool) -> None:  # noqa: FBT001
    """Simulate customers, train, promote, fill the ledger, decide for a day, and serve.

    What is already in HEED_HOME is used again.
    """
    settings = Settings()
    if not no_serve:
        check_bind(settings)
        check_port_free(settings.host, settings.port)
    prepared = settings.home / "demo.json"
    if not prepared.exists():
        _prepare(settings, customers)
    if not no_serve:
        _serve(settings, json.loads(prepared.read_text(encoding="utf-8"))["customer_id"])


def _prepare(settings: Settings, customers: int) -> None:
    # Imported here, since it imports pandas, which an existing demo does not need.
    from heed.demo.build import STEPS, build_home

    with progress(STEPS) as steps:
        build_home(settings, customers=customers, until=datetime.now(UTC), steps=steps)
        steps.done("ready to serve")


def _serve(settings: Settings, customer_id: str) -> None:
    service = subprocess.Popen(service_command(settings, settings.port), env=service_environment(settings))  # noqa: S603
    # The default handler would end the demo and leave the service running.
    signal.signal(signal.SIGTERM, lambda *_: service.terminate())
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
    """Wait until the service is ready, and say why if it does not become so."""
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

Read on
  {url}/docs           every route, to try in the browser
  {url}/v1/policy      the active rules
  {url}/v1/reviews     cases that wait for a person
  .venv/bin/heed decide --customer {customer_id}
  notebooks/review_explanations.ipynb
Stop with Ctrl-C. `make demo` starts it again with the same data.
"""
