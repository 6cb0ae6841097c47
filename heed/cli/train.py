"""`heed train`: from engagement data to a registered model."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from heed.cli.command import command
from heed.cli.output import announce, json_option, print_json, progress, without_password
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.training.evaluation.gates.model_evaluation import Evaluation
    from heed.training.pipeline.train import TrainingResult

_STEPS = 10
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@command()
@click.option("--data", "directory", required=True, type=_FOLDER, help="A folder in the form of the data contract.")
@click.option("--outcome", help="The outcome type to learn, if the actions do not share one.")
@click.option(
    "--split",
    type=click.Choice(["customer", "time"]),
    default="customer",
    show_default=True,
    help="How the test set is held out.",
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1), help="Random seed.")
@click.option("--exclude", multiple=True, help="A customer attribute to leave out; repeatable.")
@click.option(
    "--policy",
    "policy_file",
    type=_FILE,
    help="The policy that allows sensitive attributes. Default: the active policy.",
)
@click.option("--words", "dictionary", type=_FILE, help="YAML with readable names of features and attributes.")
@click.option("--no-promote", is_flag=True, help="Only register; the champion stays.")
@click.option(
    "--refit/--no-refit",
    default=None,
    help="Refit on all rows after evaluation; then only later contacts can certify the model. Default: refit, unless "
    "the policy requires a certificate.",
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
    """Train on a folder of engagement data, evaluate, register, and promote if every gate passes.

    A running service loads a promoted model by itself.
    """
    from heed.cli.train_options import allowed_sensitive, feature_dictionary, requires_certificate
    from heed.training.pipeline import train as pipeline

    settings = Settings()
    allowed = allowed_sensitive(policy_file or settings.policy)
    if refit is None:
        refit = not requires_certificate(policy_file or settings.policy)
    words = {} if dictionary is None else feature_dictionary(dictionary)
    settings.home.mkdir(parents=True, exist_ok=True)
    announce(f"training `{settings.model_name}` for the registry at {without_password(settings.mlflow_uri)}")
    with progress(_STEPS) as steps:
        result = pipeline.train(
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
            refit=refit,
            currency=settings.currency,
            progress=steps,
        )
        steps.done("done")
    print_json(training_summary(result)) if as_json else click.echo(format_training(result))


def training_summary(result: "TrainingResult") -> dict[str, object]:
    """The result of a training, for programs."""
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
    """The result of a training, for people."""
    head = f"{result.model_name} version {result.version} is registered as {result.alias}"
    excluded = ", ".join(f"`{name}`" for name in result.sensitive)
    note = f"\n  sensitive attributes not used, since the policy does not allow them: {excluded}" if excluded else ""
    refit = f"\n  {_refit(result.refitted_rows)}"
    return f"{head}\n{format_evaluation(result.evaluation)}{refit}{note}"


def _refit(rows: int | None) -> str:
    if rows is None:
        return "not refitted; the test set can certify it (heed evaluate --certify)"
    return f"evaluated, then refitted on all {rows:,} rows; only later contacts can certify it"


def format_evaluation(evaluation: "Evaluation") -> str:
    """The metrics, then gate by gate."""
    overall = evaluation.overall
    auc = "" if overall.auc is None else f"  AUC {overall.auc:.4f}"
    figures = (
        f"  {overall.rows:,} rows, {overall.rate:.2%} with the outcome  log-loss {overall.log_loss:.5f} "
        f"(base rate {overall.base_log_loss:.5f})  Brier {overall.brier:.5f}{auc}  "
        f"calibration error {overall.calibration_error:.4f}"
    )
    gates = [f"  {'passed' if gate.passed else 'FAILED'} {gate.name}: {gate.sentence}" for gate in evaluation.gates]
    return "\n".join((figures, *gates))
