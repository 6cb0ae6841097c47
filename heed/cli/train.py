"""`heed train` and `heed promote`: from engagement data to the model in office."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from heed.cli.output import json_option, print_json, progress
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.training.evaluation.gates.model_evaluation import Evaluation
    from heed.training.pipeline.train import TrainingResult

_STEPS = 10
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--data", "directory", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--outcome", help="The outcome type to learn, where the actions do not share one.")
@click.option("--split", type=click.Choice(["customer", "time"]), default="customer", show_default=True)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
@click.option("--exclude", multiple=True, help="A customer attribute that the model may not see; may be repeated.")
@click.option(
    "--policy", "policy_file", type=_FILE, help="Which sensitive attributes may be learnt from; the policy in force."
)
@click.option("--words", "dictionary", type=_FILE, help="YAML: what features are called, by feature or attribute name.")
@click.option("--no-promote", is_flag=True, help="Register only; the champion stays.")
@click.option(
    "--refit/--no-refit",
    default=None,
    help="Fit again on all rows once judged; then only later contacts can certify. Default: unless the policy demands "
    "a certificate.",
)
@json_option
def train(
    directory: Path,
    outcome: str | None,
    split: str,
    seed: int,
    exclude: tuple[str, ...],
    policy_file: Path | None,
    dictionary: Path | None,
    no_promote: bool,  # noqa: FBT001
    refit: bool | None,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Train on a folder of engagement data, judge, register, and promote if every gate is open."""
    from heed.cli.train_options import allowed_sensitive, feature_dictionary, requires_certificate
    from heed.training.pipeline.train import train as run

    settings = Settings()
    allowed = allowed_sensitive(policy_file or settings.policy)
    refitting = not requires_certificate(policy_file or settings.policy) if refit is None else refit
    words = {} if dictionary is None else feature_dictionary(dictionary)
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
            include=allowed,
            words=words,
            promote=not no_promote,
            refit=refitting,
            currency=settings.currency,
            progress=steps,
        )
        steps.done("done")
    print_json(training_summary(result)) if as_json else click.echo(format_training(result))


@click.command()
@click.option("--version", help="The registered version to promote; the champion stays where none is named.")
@click.option("--to-bento", is_flag=True, help="Pack the champion for `bentoml build`.")
def promote(version: str | None, to_bento: bool) -> None:  # noqa: FBT001
    """Put a registered model into office, whatever its gates said, and pack it for a Bento if asked."""
    from heed.training.pipeline.model_registry import champion
    from heed.training.pipeline.model_registry import promote as put_into_office

    settings = Settings()
    uri, name = settings.mlflow_uri, settings.model_name
    found = champion(uri, name) if version is None else put_into_office(uri, version, name)
    click.echo(f"champion of `{name}`: version {found.version}")
    if to_bento:
        from heed.serving.deployment.model_source import pack

        click.echo(f"packed as {pack(settings, found.path, found.version)}")


def training_summary(result: "TrainingResult") -> dict[str, object]:
    """What came of a training, for programs."""
    return {
        "model": result.model_name,
        "version": result.version,
        "alias": result.alias,
        "run_id": result.run_id,
        "digest": result.digest,
        "rows": dict(result.rows),
        "refitted_rows": result.refitted_rows,
        "features": result.features,
        "trees": result.trees,
        "sensitive_left_out": list(result.sensitive),
        "rejected_rows": result.report.rejected,
        "evaluation": result.evaluation.to_dict(),
    }


def format_training(result: "TrainingResult") -> str:
    """The same in words."""
    head = f"{result.model_name} version {result.version} is registered as {result.alias}"
    left_out = ", ".join(f"`{name}`" for name in result.sensitive)
    note = f"\n  sensitive, and not learnt from as the policy does not allow it: {left_out}" if left_out else ""
    refit = f"\n  {_refit(result.refitted_rows)}"
    return f"{head}\n{format_evaluation(result.evaluation)}{refit}{note}"


def _refit(rows: int | None) -> str:
    if rows is None:
        return "it keeps to the fitting rows: the sealed ones can certify it (heed evaluate --certify)"
    return f"judged, then refitted on all {rows:,} rows: only later contacts can certify it"


def format_evaluation(evaluation: "Evaluation") -> str:
    """What judging found: the figures, then gate by gate."""
    overall = evaluation.overall
    auc = "" if overall.auc is None else f"  AUC {overall.auc:.4f}"
    figures = (
        f"  {overall.rows:,} rows, {overall.rate:.2%} with the outcome  log-loss {overall.log_loss:.5f} "
        f"(base rate {overall.base_log_loss:.5f})  Brier {overall.brier:.5f}{auc}  "
        f"calibration error {overall.calibration_error:.4f}"
    )
    gates = [f"  {'open  ' if one.passed else 'CLOSED'} {one.name}: {one.sentence}" for one in evaluation.gates]
    return "\n".join((figures, *gates))
