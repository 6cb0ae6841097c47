"""`heed serve`: the service, in this process's place."""

import os
import socket
import sys
from pathlib import Path

import click

from heed.decisioning.errors import InvalidInput
from heed.serving.auth.bind_check import check_bind_address
from heed.serving.auth.loopback import is_loopback
from heed.serving.ledger.connect import open_ledger
from heed.serving.settings import Settings


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Where to listen; HEED_PORT otherwise.")
def serve(port: int | None) -> None:
    """Serve decisions until stopped: on loopback, or where HEED_HOST says once there are keys."""
    settings = Settings()
    chosen = port or settings.port
    check_bind(settings)
    check_port_free(settings.host, chosen)
    click.echo(f"ledger: {settings.ledger_location}, workers: {settings.service_workers}", err=True)
    os.execve(sys.executable, service_command(settings, chosen), service_environment(settings))  # noqa: S606


def service_command(settings: Settings, port: int) -> list[str]:
    """The command that serves."""
    where = ["--host", settings.host, "--port", str(port)]
    return [sys.executable, "-m", "bentoml", "serve", "heed.serving.bento:Heed", *where]


def service_environment(settings: Settings) -> dict[str, str]:
    """The environment to serve in: all state under one home, and nothing reported to anyone."""
    home = settings.home.absolute()
    fixed = {"HEED_HOME": str(home), "BENTOML_DO_NOT_TRACK": "True", "MLFLOW_DISABLE_TELEMETRY": "true"}
    return {**os.environ, "BENTOML_HOME": str(home / "bentoml"), **fixed}


def check_bind(settings: Settings) -> None:
    """Raise Unavailable if others than this machine would be served and there are no keys."""
    if is_loopback(settings.host):
        return
    place = settings.ledger_location
    keys = False
    if not isinstance(place, Path) or place.exists():
        with open_ledger(place, readonly=True, key=settings.sealing_key) as ledger:
            keys = bool(ledger.api_keys())
    check_bind_address([settings.host], keys=keys)


def check_port_free(host: str, port: int) -> None:
    """Raise InvalidInput if something listens there already."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex((host, port)) == 0:
            remedy = "stop what listens there or set HEED_PORT"
            raise InvalidInput("the port is taken", field="HEED_PORT", value=port, remedy=remedy)
