"""`heed evaluate`: metrics, report and certificate of a model on any engagement data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from heed.cli.certify import (
    certified_message,
    certify_model,
    certify_options,
    certify_request,
    register_certified,
    report_sections,
)
from heed.cli.command import command
from heed.cli.output import announce, json_option, print_json, progress, without_password
from heed.cli.train import format_evaluation
from heed.serving.settings import Settings

if TYPE_CHECKING:
    from heed.training.certificate.certify import CertificationResult
    from heed.training.evaluation.assessment import Assessment, EvaluationRequest
    from heed.training.pipeline.certificate_registration import CertifiedVersion
    from heed.training.reporting.blocks import ReportSection

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_NEW_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)
_EXPERIMENT = "heed"
_MORE_STEPS = 1


@command()
@click.option("--data", "directory", required=True, type=_FOLDER, help="A folder in the form of the data contract.")
@click.option("--model", default="champion", show_default=True, help="A version, an alias, or the folder of a bundle.")
@click.option("--predictions", type=_NEW_FILE, help="Write one row per contact or hold to a .parquet or .csv file.")
@click.option("--policy-values", is_flag=True, help="Add what heed would choose in every randomised row.")
@click.option(
    "--policy",
    "policy_file",
    type=_FILE,
    help="The policy whose value terms and fairness attributes apply. Default: the active policy.",
)
@click.option("--report", "report_folder", type=_NEW_FOLDER, help="Write the report (HTML, JSON, figures) there too.")
@click.option("--no-log", is_flag=True, help="Do not log the report to MLflow.")
@click.option("--by", multiple=True, help="An attribute for segments and fairness; repeatable.")
@click.option("--cluster", help="Cluster customers for intervals by this part of their id: a regular expression.")
@certify_options
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**32 - 1), help="Random seed.")
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
    **certificate_terms: Any,
) -> None:
    """Evaluate a model on a folder of engagement data, also data that it has never seen."""
    from heed.training.pipeline.evaluate_model import STEPS, evaluate_model

    settings = Settings()
    requested = certify_request(model, seed, **certificate_terms)
    _check_suffix(predictions)
    request = _request(policy_file or settings.policy, by=by, policy_values=policy_values, cluster=cluster, seed=seed)
    if requested.certificate is not None:
        announce(f"certifying `{settings.model_name}` in the registry at {without_password(settings.mlflow_uri)}")
    with progress(STEPS + _MORE_STEPS) as steps:
        assessment = evaluate_model(
            directory,
            tracking_uri=settings.mlflow_uri,
            model_name=settings.model_name,
            model=model,
            request=request,
            progress=steps,
        )
        steps.step("writing")
        certification = None if requested.certificate is None else certify_model(assessment, requested.certificate)
        sections = report_sections(assessment, certification, requested.capacities)
        tracking_uri = None if no_log else settings.mlflow_uri
        places = _write(assessment, sections, predictions, report_folder, tracking_uri)
        registered = _register(assessment, certification, sections, settings)
        steps.done("done")
    if as_json:
        numbers = {section.name: section.numbers for section in sections}
        outcome = {} if certification is None else {"registered": registered}
        print_json(assessment.to_dict() | numbers | places | outcome)
    else:
        click.echo(format_assessment(assessment, sections, places))
        click.echo("" if registered is None else certified_message(registered), nl=registered is not None)


def format_assessment(
    assessment: "Assessment", sections: Sequence["ReportSection"], places: Mapping[str, str | None]
) -> str:
    """The result of an evaluation and where it is written, for people."""
    from heed.training.reporting.narrative import cli_sentences

    test_set = " (the test set of its own data)" if assessment.test_set_only else ""
    head = f"model {assessment.version}{test_set}\n{format_evaluation(assessment.evaluation)}"
    findings = cli_sentences(assessment.results, assessment.bundle.catalogue.currency)
    lines = [f"  {sentence}" for sentence in (*findings, *assessment.notes)]
    more = [f"  {sentence}" for section in sections for sentence in section.sentences]
    files = [f"  {name.replace('_', ' ')}: {place}" for name, place in places.items() if place is not None]
    return "\n".join((head, *lines, *more, *files))


def _request(policy: Path | None, **options: Any) -> "EvaluationRequest":
    from heed.decisioning.value import ValueTerms
    from heed.guardrails.policy.load import DEFAULT_POLICY, load_policy
    from heed.training.evaluation.assessment import EvaluationRequest

    loaded = load_policy(policy or DEFAULT_POLICY).policy
    terms = ValueTerms(dict(loaded.terms.levers), loaded.terms.harm_cost, loaded.terms.tolerance)
    return EvaluationRequest(terms=terms, fairness=loaded.evaluation.fairness, **options)


def _check_suffix(predictions: Path | None) -> None:
    """Refuse a file that could not be written before the work, not after it."""
    from heed.training.evaluation.predictions import check_suffix

    if predictions is not None:
        check_suffix(predictions)


def _register(
    assessment: "Assessment",
    certification: "CertificationResult | None",
    sections: Sequence["ReportSection"],
    settings: Settings,
) -> "CertifiedVersion | None":
    if certification is None:
        return None
    uri, name = settings.mlflow_uri, settings.model_name
    return register_certified(assessment, certification, sections, uri, _EXPERIMENT, name)


def _write(
    assessment: "Assessment",
    sections: Sequence["ReportSection"],
    predictions: Path | None,
    folder: Path | None,
    tracking_uri: str | None,
) -> dict[str, str | None]:
    """Write what was requested, and return where each is."""
    from heed.training.evaluation.predictions import write_predictions
    from heed.training.reporting.report import PAGE, build_report

    if predictions is not None:
        write_predictions(assessment.predictions, predictions)
    files = build_report(assessment, sections) if folder is not None or tracking_uri is not None else {}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
    return {
        "predictions": None if predictions is None else str(predictions),
        "report": None if folder is None else str(folder / PAGE),
        "run_id": None if tracking_uri is None else _log(assessment, files, tracking_uri),
    }


def _log(assessment: "Assessment", files: Mapping[str, bytes], tracking_uri: str) -> str:
    from heed.training.pipeline.mlflow_run import log_evaluation_run, mlflow_metrics

    tags = {
        "model_version": assessment.version,
        "bundle_digest": assessment.digest,
        "data_digest": assessment.data_digest,
    }
    metrics = mlflow_metrics(assessment.evaluation)
    return log_evaluation_run(tracking_uri, _EXPERIMENT, metrics=metrics, tags=tags, files=files)
