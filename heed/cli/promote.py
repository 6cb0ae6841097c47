"""`heed promote`: makes a registered model the champion."""

import click

from heed.cli.command import command
from heed.cli.output import announce, without_password
from heed.serving.settings import Settings


@command()
@click.option("--version", help="The registered version to promote. Default: the current champion stays.")
@click.option("--to-bento", is_flag=True, help="Pack the champion for `bentoml build`.")
def promote(version: str | None, to_bento: bool) -> None:  # noqa: FBT001
    """Make a registered model the champion, whatever its gates say, and pack it for a Bento if asked.

    A running service loads the new champion by itself.
    """
    from heed.training.pipeline import model_registry

    settings = Settings()
    uri, name = settings.mlflow_uri, settings.model_name
    if version is None:
        champion = model_registry.champion(uri, name)
    else:
        announce(f"promoting version {version} of `{name}` in the registry at {without_password(uri)}")
        champion = model_registry.promote(uri, version, name)
    click.echo(f"champion of `{name}`: version {champion.version}")
    if to_bento:
        from heed.serving.deployment.model_source import pack

        click.echo(f"packed as {pack(settings, champion.path, champion.version)}")
