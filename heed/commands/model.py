"""`heed train` and `heed promote`: from engagement data to the model in office."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from heed.output import json_option, print_json, progress
from serving.settings import Settings

if TYPE_CHECKING:
    from training.pipeline import TrainingResult

_STEPS = 7


@click.command()
@click.option("--data", "directory", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--outcome", help="The outcome type to learn, where the actions do not share one.")
@click.option("--split", type=click.Choice(["customer", "time"]), default="customer", show_default=True)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
@click.option("--exclude", multiple=True, help="A customer attribute that the model may not see; may be repeated.")
@click.option("--no-promote", is_flag=True, help="Register only; the champion stays.")
@json_option
def train(
    directory: Path,
    outcome: str | None,
    split: str,
    seed: int,
    exclude: tuple[str, ...],
    no_promote: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Train on a folder of engagement data, judge, register, and promote if every gate is open."""
    from training.pipeline import train as run

    settings = Settings()
    settings.home.mkdir(parents=True, exist_ok=True)
    with progress(_STEPS) as steps:
        result = run(
            directory,
            tracking_uri=settings.mlflow_uri,
            model_name=settings.model_name,
            outcome=outcome,
            seed=seed,
            split=split,
            exclude=frozenset(exclude),
            promote=not no_promote,
            currency=settings.currency,
            progress=steps,
        )
        steps.done("done")
    print_json(summary(result)) if as_json else click.echo(told(result))


@click.command()
@click.option("--version", help="The registered version to promote; the champion stays where none is named.")
@click.option("--to-bento", is_flag=True, help="Pack the champion for `bentoml build`.")
def promote(version: str | None, to_bento: bool) -> None:  # noqa: FBT001
    """Put a registered model into office, whatever its gates said, and pack it for a Bento if asked."""
    from training.registry import champion
    from training.registry import promote as put_into_office

    settings = Settings()
    uri, name = settings.mlflow_uri, settings.model_name
    found = champion(uri, name) if version is None else put_into_office(uri, version, name)
    click.echo(f"champion of `{name}`: version {found.version}")
    if to_bento:
        from serving.model_source import pack

        click.echo(f"packed as {pack(settings, found.path, found.version)}")


def summary(result: "TrainingResult") -> dict[str, object]:
    """What came of a training, for programs."""
    return {
        "model": result.model_name,
        "version": result.version,
        "alias": result.alias,
        "run_id": result.run_id,
        "digest": result.digest,
        "rows": dict(result.rows),
        "features": result.features,
        "trees": result.trees,
        "rejected_rows": result.report.rejected,
        "evaluation": result.evaluation.to_dict(),
    }


def told(result: "TrainingResult") -> str:
    """The same in words."""
    overall = result.evaluation.overall
    figures = "  ".join(f"{name} {value:.4f}" for name, value in _figures(overall).items())
    gates = [f"  {'open  ' if one.passed else 'CLOSED'} {one.name}: {one.sentence}" for one in result.evaluation.gates]
    head = f"{result.model_name} version {result.version} is registered as {result.alias}"
    return "\n".join((head, f"  {figures}", *gates))


def _figures(overall: object) -> dict[str, float]:
    names = ("log_loss", "base_log_loss", "brier", "auc", "ece")
    return {name: float(getattr(overall, name)) for name in names if getattr(overall, name, None) is not None}
