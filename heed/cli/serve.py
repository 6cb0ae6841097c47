"""`heed serve`: replaces this process with the service."""

import os
import socket
import sys
from pathlib import Path

import click

from heed.cli.command import command
from heed.decisioning.errors import InvalidInput
from heed.serving.settings import Settings


@command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on. Default: HEED_PORT.")
def serve(port: int | None) -> None:
    """Serve decisions on HEED_HOST. With no API keys, only localhost is accepted."""
    settings = Settings()
    chosen = port or settings.port
    check_bind(settings)
    check_port_free(settings.host, chosen)
    jobs = "in `heed worker`" if settings.separate_worker else "inside"
    where = f"ledger: {settings.ledger_location}, workers: {settings.service_workers}, background jobs: {jobs}"
    click.echo(where, err=True)
    os.execve(sys.executable, service_command(settings, chosen), service_environment(settings))  # noqa: S606


def service_command(settings: Settings, port: int) -> list[str]:
    """The command that runs the service."""
    where = ["--host", settings.host, "--port", str(port)]
    return [sys.executable, "-m", "bentoml", "serve", "heed.serving.bento:Heed", *where]


def service_environment(settings: Settings) -> dict[str, str]:
    """The environment of the service: all state under one home, and no telemetry."""
    home = settings.home.absolute()
    fixed = {"HEED_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return {**os.environ, "BENTOML_HOME": str(home / "bentoml"), **fixed}


def check_bind(settings: Settings) -> None:
    """Raise Unavailable if heed would listen beyond localhost and there are no API keys."""
    from heed.serving.auth.bind_check import check_bind_address
    from heed.serving.auth.loopback import is_loopback
    from heed.serving.ledger.connect import open_ledger

    if is_loopback(settings.host):
        return
    place = settings.ledger_location
    keys = False
    if not isinstance(place, Path) or place.exists():
        with open_ledger(place, readonly=True, key=settings.sealing_key) as ledger:
            keys = bool(ledger.api_keys.list())
    check_bind_address([settings.host], keys=keys)


def check_port_free(host: str, port: int) -> None:
    """Raise InvalidInput if something already listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((host, port)) == 0:
            remedy = "stop what listens on it, or set HEED_PORT"
            raise InvalidInput("the port is taken", field="HEED_PORT", value=port, remedy=remedy)
