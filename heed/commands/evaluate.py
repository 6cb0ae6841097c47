"""`heed evaluate`: how well a model keeps its word, on any engagement data."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from heed.commands.model import judged
from heed.output import json_option, print_json, progress
from serving.settings import Settings

if TYPE_CHECKING:
    from training.assess import Asked, Assessment

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEW_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--data", "directory", required=True, type=_FOLDER, help="A folder in the form of the data contract.")
@click.option("--model", default="champion", show_default=True, help="A version, an alias, or the folder of a bundle.")
@click.option("--predictions", type=_NEW_FILE, help="Write a row for each contact or hold: .parquet or .csv.")
@click.option("--policy-values", is_flag=True, help="Say what heed would choose in every randomised row.")
@click.option(
    "--policy", "policy_file", type=_FILE, help="Whose terms and fairness attributes count; the one in force."
)
@click.option("--by", multiple=True, help="An attribute to judge segments and fairness by; may be repeated.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
@json_option
def evaluate(
    directory: Path,
    model: str,
    predictions: Path | None,
    policy_values: bool,  # noqa: FBT001
    policy_file: Path | None,
    by: tuple[str, ...],
    seed: int,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Judge a model on a folder of engagement data, also one it has never seen."""
    from training.assess import STEPS, assess

    settings = Settings()
    writes = _writes(predictions)
    asked = _asked(policy_file or settings.policy, by, policy_values=policy_values, seed=seed)
    with progress(STEPS + bool(writes)) as steps:
        found = assess(
            directory,
            tracking_uri=settings.mlflow_uri,
            model_name=settings.model_name,
            model=model,
            asked=asked,
            progress=steps,
        )
        if writes is not None:
            steps.step(f"writing {writes}")
            _write(found, writes)
        steps.done("done")
    said = found.to_dict() | {"predictions": None if writes is None else str(writes)}
    print_json(said) if as_json else click.echo(told(found))


def told(found: "Assessment") -> str:
    """What an evaluation found, for people."""
    sealed = " (the sealed part of its own data)" if found.sealed else ""
    head = f"model {found.version}{sealed}\n{judged(found.evaluation)}"
    return "\n".join((head, *(f"  {note}" for note in found.to_dict()["notes"])))


def _asked(policy: Path | None, by: tuple[str, ...], *, policy_values: bool, seed: int) -> "Asked":
    from decisioning.value import Terms
    from guardrails.loading import DEFAULT_POLICY, load_policy
    from training.assess import Asked

    loaded = load_policy(policy or DEFAULT_POLICY).policy
    weighed = loaded.terms
    return Asked(
        terms=Terms(levers=dict(weighed.levers), harm_cost=weighed.harm_cost, tolerance=weighed.tolerance),
        by=by,
        fairness=loaded.evaluation.fairness,
        policy_values=policy_values,
        seed=seed,
    )


def _writes(predictions: Path | None) -> Path | None:
    """The file to write, refused before hours of work rather than after."""
    from training.evaluation.predictions import check_suffix

    if predictions is not None:
        check_suffix(predictions)
    return predictions


def _write(found: "Assessment", path: Path) -> None:
    from training.evaluation.predictions import write

    write(found.predictions, path)
