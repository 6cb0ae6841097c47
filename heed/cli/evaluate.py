"""`heed evaluate`: how well a model keeps its word, on any engagement data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from heed.cli import certify
from heed.cli.certify import certify_model, certify_options, certify_request, report_sections
from heed.cli.output import json_option, print_json, progress
from heed.cli.train import format_evaluation
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.training.certificate.certify import CertificationResult
    from heed.training.evaluation.assessment import Assessment, EvaluationRequest
    from heed.training.pipeline.certificate_registration import CertifiedVersion
    from heed.training.reporting.report_section import ReportSection

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEW_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_EXPERIMENT = "heed"
_MORE_STEPS = 1


@click.command()
@click.option("--data", "directory", required=True, type=_FOLDER, help="A folder in the form of the data contract.")
@click.option("--model", default="champion", show_default=True, help="A version, an alias, or the folder of a bundle.")
@click.option("--predictions", type=_NEW_FILE, help="Write a row for each contact or hold: .parquet or .csv.")
@click.option("--policy-values", is_flag=True, help="Say what heed would choose in every randomised row.")
@click.option(
    "--policy", "policy_file", type=_FILE, help="Whose terms and fairness attributes count; the one in force."
)
@click.option(
    "--report", "report_folder", type=_NEW_FOLDER, help="Write the report (HTML, JSON, pictures) there as well."
)
@click.option("--no-log", is_flag=True, help="Keep no run with the report in MLflow.")
@click.option("--by", multiple=True, help="An attribute to judge segments and fairness by; may be repeated.")
@click.option(
    "--cluster", help="Part of a customer's id that intervals go by, such as a household: a regular expression."
)
@certify_options
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1))
@json_option
def evaluate(
    directory: Path,
    model: str,
    predictions: Path | None,
    policy_values: bool,  # noqa: FBT001
    policy_file: Path | None,
    report_folder: Path | None,
    no_log: bool,  # noqa: FBT001
    by: tuple[str, ...],
    cluster: str | None,
    seed: int,
    as_json: bool,  # noqa: FBT001
    **wished: Any,
) -> None:
    """Judge a model on a folder of engagement data, also one it has never seen."""
    from heed.training.evaluation.assessment import STEPS, evaluate_model

    settings = Settings()
    wishes = certify_request(model, seed, **wished)
    _refuse_other_suffixes(predictions)
    asked = _asked(policy_file or settings.policy, by=by, policy_values=policy_values, cluster=cluster, seed=seed)
    with progress(STEPS + _MORE_STEPS) as steps:
        found = evaluate_model(
            directory,
            tracking_uri=settings.mlflow_uri,
            model_name=settings.model_name,
            model=model,
            asked=asked,
            progress=steps,
        )
        steps.step("writing")
        finding = None if wishes.certificate is None else certify_model(found, wishes.certificate)
        extras = report_sections(found, finding, wishes.capacities)
        where = _written(found, extras, predictions, report_folder, None if no_log else settings.mlflow_uri)
        made = _registered(found, finding, extras, settings)
        steps.done("done")
    if as_json:
        further = {extra.name: extra.numbers for extra in extras}
        print_json(found.to_dict() | further | where | ({} if finding is None else {"registered": made}))
    else:
        click.echo(format_assessment(found, extras, where))
        click.echo("" if made is None else certify.certified_message(made), nl=made is not None)


def format_assessment(found: "Assessment", extras: Sequence["ReportSection"], where: Mapping[str, str | None]) -> str:
    """What an evaluation found, and where it is written, for people."""
    from heed.training.reporting.narrative import cli_sentences

    sealed = " (the sealed part of its own data)" if found.sealed else ""
    head = f"model {found.version}{sealed}\n{format_evaluation(found.evaluation)}"
    said = [f"  {one}" for one in (*cli_sentences(found.findings, found.bundle.catalogue.currency), *found.notes)]
    further = [f"  {one}" for extra in extras for one in extra.sentences]
    files = [f"  {name.replace('_', ' ')}: {place}" for name, place in where.items() if place is not None]
    return "\n".join((head, *said, *further, *files))


def _asked(policy: Path | None, **asked: Any) -> "EvaluationRequest":
    """What is asked, with the terms and the attributes that the policy names."""
    from heed.decisioning.value import ValueTerms
    from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy
    from heed.training.evaluation.assessment import EvaluationRequest

    loaded = load_policy(policy or DEFAULT_POLICY).policy
    terms = ValueTerms(dict(loaded.terms.levers), loaded.terms.harm_cost, loaded.terms.tolerance)
    return EvaluationRequest(terms=terms, fairness=loaded.evaluation.fairness, **asked)


def _refuse_other_suffixes(predictions: Path | None) -> None:
    """Refuse a file that could not be written before the work rather than after."""
    from heed.training.evaluation.predictions import check_suffix

    if predictions is not None:
        check_suffix(predictions)


def _registered(
    found: "Assessment", finding: "CertificationResult | None", extras: Sequence["ReportSection"], settings: Settings
) -> "CertifiedVersion | None":
    if finding is None:
        return None
    return certify.register_certified(found, finding, extras, settings.mlflow_uri, _EXPERIMENT, settings.model_name)


def _written(
    found: "Assessment",
    extras: Sequence["ReportSection"],
    predictions: Path | None,
    folder: Path | None,
    tracking_uri: str | None,
) -> dict[str, str | None]:
    """Write what was asked for; where each is."""
    from heed.training.evaluation.predictions import write_predictions
    from heed.training.reporting.report import PAGE, build_report

    if predictions is not None:
        write_predictions(found.predictions, predictions)
    files = build_report(found, extras) if folder is not None or tracking_uri is not None else {}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    return {
        "predictions": None if predictions is None else str(predictions),
        "report": None if folder is None else str(folder / PAGE),
        "run_id": None if tracking_uri is None else _logged(found, files, tracking_uri),
    }


def _logged(found: "Assessment", files: Mapping[str, bytes], tracking_uri: str) -> str:
    from heed.training.pipeline.mlflow_run import log_evaluation_run, mlflow_metrics

    tags = {"model_version": found.version, "bundle_digest": found.digest, "data_digest": found.data_digest}
    metrics = mlflow_metrics(found.evaluation)
    return log_evaluation_run(tracking_uri, _EXPERIMENT, metrics=metrics, tags=tags, files=files)
