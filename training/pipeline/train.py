"""Train, evaluate and register a model, and promote it if it passes every gate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from heed.decisioning.catalogue import Catalogue
from heed.decisioning.errors import HeedError
from heed.decisioning.score import Floats
from heed.training.contract.action_catalogue import to_catalogue
from heed.training.contract.engagement_io import read_engagement
from heed.training.contract.validation_report import ValidationReport
from heed.training.evaluation.gates.champion_scores import score_champion
from heed.training.evaluation.gates.model_evaluation import Evaluation, evaluate
from heed.training.evaluation.gates.promotion_gates import ChampionScores
from heed.training.evaluation.metrics.probability_scores import HoldoutPredictions
from heed.training.features.definition import sensitive_attributes
from heed.training.model.booster import BoosterSettings
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import load_bundle, load_evaluated_bundle, with_digest
from heed.training.model.heterogeneity import Heterogeneity, HeterogeneityPrior
from heed.training.model.model_card import ModelCard
from heed.training.model.parametric_bootstrap import bootstrap_scale, draw_bootstrap_sample
from heed.training.model.probability_head import ProbabilityHead
from heed.training.model.split import Part
from heed.training.model.train_head import TrainedHead, out_of_fold_probability, search_settings, train_head
from heed.training.model.uplift_correction import UpliftCorrection, fit_uplift_correction
from heed.training.pipeline.dataset import TrainingDataset, build_dataset, harm_sample
from heed.training.pipeline.mlflow_run import RunContents, log_training_run, mlflow_metrics, pretty_json, set_alias
from heed.training.pipeline.model_registry import CHALLENGER, CHAMPION, BundleRef, find_model_version
from heed.training.pipeline.refit import refit_bundle
from heed.training.progress import NullProgress, Progress
from heed.training.reporting.plots.plot_style import render_figure
from heed.training.reporting.plots.reliability_diagram import reliability_by_action_figure, reliability_figure
from heed.training.reporting.plots.shap_summary import mean_shap_effects, sample_rows, shap_summary_figure

# Harm differs between customers more than between messages: in simulations three quarters of the variance is shared.
_SHARE_OF_HARM = 0.75


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """The result of a training run.

    Attributes
    ----------
    alias : str
        ``champion`` if every gate passed and promotion was requested, else ``challenger``.
    digest : str
        Digest of the bundle.
    report : ValidationReport
        What was read, and which rows were rejected.
    sensitive : tuple of str
        Attributes excluded because they are sensitive, sorted.
    refitted_rows : int or None
        Number of rows, test set included, on which the serving model was refitted after evaluation.
    """

    model_name: str
    version: str
    alias: str
    run_id: str
    digest: str
    evaluation: Evaluation
    report: ValidationReport
    rows: Mapping[str, int]
    features: int
    trees: int
    sensitive: tuple[str, ...] = ()
    refitted_rows: int | None = None


def train(
    data_dir: Path,
    *,
    tracking_uri: str,
    experiment: str = "heed",
    model_name: str = "heed",
    outcome: str | None = None,
    seed: int = 0,
    split: str = "customer",
    exclude: frozenset[str] = frozenset(),
    include: frozenset[str] = frozenset(),
    words: Mapping[str, str] | None = None,
    promote: bool = True,
    refit: bool = True,
    currency: str = "EUR",
    settings: BoosterSettings | None = None,
    progress: Progress | None = None,
) -> TrainingResult:
    """Train, evaluate, register and, if every gate passes, promote a model.

    Parameters
    ----------
    data_dir : Path
        A directory that satisfies the data contract.
    tracking_uri : str
        Of MLflow. With a SQLite database, a new experiment keeps its files in ``mlartifacts`` beside it.
    outcome : str or None
        The outcome type to predict; None where the actions share one.
    split : str
        ``customer`` or ``time``.
    exclude : frozenset of str
        Customer attributes that the model must not use.
    include : frozenset of str
        Sensitive attributes that it may use nevertheless; see :mod:`heed.training.features.sensitive_names`.
    words : mapping of str to str
        Display names of features; see :mod:`heed.training.features.feature_names`.
    refit : bool
        Whether to refit the model on all rows after evaluation; see :mod:`heed.training.pipeline.refit`. It is better
        for it, but only later contacts can then certify it.

    Raises
    ------
    ContractError
        If the data violate the contract.
    TrainingError
        If no model can be trained on them.
    Unavailable
        If the registry does not answer.
    """
    steps = progress or NullProgress()
    champion = find_model_version(tracking_uri, model_name)
    steps.step("reading and validating the data")
    data, report = read_engagement(Path(data_dir))
    steps.step("computing features")
    dataset = build_dataset(data, outcome=outcome, by=split, seed=seed, exclude=exclude, include=include, words=words)
    evaluated = train_bundle(
        dataset, settings=settings, model_name=model_name, seed=seed, currency=currency, progress=steps
    )
    steps.step("evaluating on the test set")
    holdout = predict_part(evaluated, dataset)
    champion_scores = None if champion is None else _score_champion(champion, dataset, seed)
    evaluation = evaluate(holdout, dataset.samples[Part.FIT], dataset.schema, dataset.outcome, champion_scores, seed)
    evaluated = replace(evaluated, card=replace(evaluated.card, metrics=mlflow_metrics(evaluation)))
    steps.step("refitting on all rows" if refit else "skipping the refit")
    bundle = refit_bundle(evaluated, dataset, _settings_of(evaluated.card)) if refit else evaluated
    steps.step("rendering figures")
    contents = _run_contents(bundle, dataset, holdout, evaluation, report, seed)
    steps.step("registering the model")
    registered = log_training_run(
        tracking_uri, experiment, model_name, bundle, contents, evaluated=evaluated if refit else None
    )
    alias = CHAMPION if promote and evaluation.passed else CHALLENGER
    set_alias(tracking_uri, model_name, alias, registered.version)
    return TrainingResult(
        model_name=model_name,
        version=registered.version,
        alias=alias,
        run_id=registered.run_id,
        digest=bundle.digest,
        evaluation=evaluation,
        report=report,
        rows=bundle.card.rows,
        features=len(bundle.schema.features),
        trees=len(bundle.head.trees.offsets),
        sensitive=tuple(sorted(sensitive_attributes(data, include))),
        refitted_rows=None if bundle.card.refit is None else bundle.card.refit.rows,
    )


def _settings_of(card: ModelCard) -> BoosterSettings:
    """The booster settings recorded on a model card."""
    return BoosterSettings(**{name: value for name, value in card.parameters.items() if name != "searched"})


def predict_part(bundle: Bundle, dataset: TrainingDataset, part: Part = Part.TEST) -> HoldoutPredictions:
    """Predictions and labels of one part, by default the test set."""
    sample = dataset.samples[part]
    propensity = bundle.score_frame(sample.matrix, sample.pooling_groups)[0]
    return HoldoutPredictions(propensity, sample.label, dataset.action(part), bundle.card.base_rate)


def train_bundle(
    dataset: TrainingDataset,
    *,
    settings: BoosterSettings | None = None,
    model_name: str = "heed",
    seed: int = 0,
    currency: str = "EUR",
    progress: Progress | None = None,
) -> Bundle:
    """Train a bundle on the training rows, without evaluating or registering it.

    Parameters
    ----------
    settings : BoosterSettings or None
        Booster settings; searched for by default.
    """
    steps = progress or NullProgress()
    fit, schema = dataset.samples[Part.FIT], dataset.schema
    steps.step("selecting hyperparameters")
    chosen, losses = search_settings(fit, schema, BoosterSettings(), seed) if settings is None else (settings, {})
    steps.step("cross-fitting and calibrating")
    trained = train_head(fit, schema, chosen, seed)
    steps.step("calibrating intervals (parametric bootstrap)")
    scale = bootstrap_scale(draw_bootstrap_sample(fit, trained.head, seed), schema, chosen, seed)
    steps.step("training harm and uplift models")
    harm = _harm(dataset, chosen, scale, trained.head.heterogeneity, seed)
    card = ModelCard(
        name=model_name,
        created_at=datetime.now(UTC),
        data_digest=dataset.data.digest,
        seed=seed,
        split=dataset.parts.by,
        rows={part.value: len(dataset.parts[part]) for part in Part},
        base_rate=float(fit.label.mean()),
        parameters={**chosen.to_dict(), "searched": losses},
        calibration=trained.record,
    )
    bundle = Bundle(
        head=trained.head.rescaled(scale),
        harm=harm,
        uplift=_uplift(dataset, trained),
        schema=schema,
        catalogue=_actions_of_outcome(to_catalogue(dataset.data, currency), dataset.outcome),
        outcome=dataset.outcome,
        card=card,
        digest="",
    )
    return with_digest(bundle)


def _harm(
    dataset: TrainingDataset, settings: BoosterSettings, scale: float, heterogeneity: Heterogeneity, seed: int
) -> ProbabilityHead | None:
    """Train the harm model, with the interval scale of the outcome model.

    Harm is rare: the booster shrinks actions to one another too much, and rare actions weigh little in its loss, so the
    model always gets partially pooled intercepts per action. Repeated contacts say little about heterogeneity, so its
    prior is that of the outcome.
    """
    sample = harm_sample(dataset)
    if sample is None:
        return None
    prior = HeterogeneityPrior(heterogeneity.total, _SHARE_OF_HARM)
    trained = train_head(sample, dataset.schema, settings, seed, by_action=True, prior=prior)
    return trained.head.rescaled(scale)


def _uplift(dataset: TrainingDataset, trained: TrainedHead) -> UpliftCorrection | None:
    if dataset.counterfactual is None:
        return None
    other = out_of_fold_probability(trained.out_of_fold, trained.head.calibration, dataset.counterfactual)
    return fit_uplift_correction(dataset.samples[Part.FIT], trained.propensity, other)


def _actions_of_outcome(catalogue: Catalogue, outcome: str) -> Catalogue:
    return replace(catalogue, actions=tuple(action for action in catalogue.actions if action.outcome == outcome))


def _score_champion(champion: BundleRef, dataset: TrainingDataset, seed: int) -> ChampionScores:
    try:
        bundle = load_evaluated_bundle(champion.path) or load_bundle(champion.path)
    except HeedError as error:
        return ChampionScores(champion.version, None, f"its bundle cannot be read ({error}).")
    rows, split = dataset.contacts(Part.TEST), dataset.parts.by
    return score_champion(bundle, champion.version, dataset.data, rows, dataset.outcome, seed, split)


def _run_contents(
    bundle: Bundle,
    dataset: TrainingDataset,
    holdout: HoldoutPredictions,
    evaluation: Evaluation,
    report: ValidationReport,
    seed: int,
) -> RunContents:
    card = bundle.card
    matrix = sample_rows(dataset.samples[Part.TEST].matrix, seed)
    failed = [gate.name for gate in evaluation.gates if not gate.passed]
    return RunContents(
        parameters={
            **{name: value for name, value in card.parameters.items() if name != "searched"},
            "seed": seed,
            "split": card.split,
            "outcome": bundle.outcome,
            "trees_grown": len(bundle.head.trees.offsets),
            "features": len(bundle.schema.features),
            **_trained_parameters(bundle),
            **{f"rows_{part}": count for part, count in card.rows.items()},
            **({} if card.refit is None else {"rows_refitted": card.refit.rows}),
        },
        metrics=card.metrics,
        tags={
            "data_digest": card.data_digest,
            "bundle_digest": bundle.digest,
            "feature_schema_digest": bundle.schema.digest,
            "outcome": bundle.outcome,
            "gates": f"failed: {', '.join(failed)}" if failed else "passed",
        },
        files={
            **_figures(bundle, holdout, matrix),
            "shap_importance.json": pretty_json(mean_shap_effects(bundle, matrix)),
            "features.json": pretty_json(bundle.schema.to_dict()),
            "evaluation.json": pretty_json(evaluation.to_dict()),
            "data_report.json": pretty_json(report.to_dict()),
        },
        example=matrix,
    )


def _trained_parameters(bundle: Bundle) -> dict[str, object]:
    """Trained quantities beside the trees, for comparison between runs."""
    head, line = bundle.head, bundle.uplift
    chosen = bundle.card.calibration["chosen"]
    return {
        "calibration": chosen["family"],
        "calibration_offsets": chosen["offsets"],
        "interval_scale": head.posterior.scale,
        **{f"hidden_{name}": value for name, value in head.heterogeneity.to_dict().items()},
        "learns_harm": bundle.harm is not None,
        **({} if line is None else {"uplift_slope": line.slope, "uplift_slope_error": line.slope_error}),
    }


def _figures(bundle: Bundle, holdout: HoldoutPredictions, matrix: Floats) -> dict[str, bytes]:
    overall = reliability_figure(holdout.propensity, holdout.label, f"Probability of `{bundle.outcome}`, test set")
    by_action = {name: (propensity, label) for name, propensity, label in holdout.by_action()}
    return {
        "reliability.png": render_figure(overall),
        "reliability.svg": render_figure(overall, "svg"),
        "reliability_by_action.png": render_figure(reliability_by_action_figure(by_action)),
        "shap_summary.png": render_figure(shap_summary_figure(bundle, matrix)),
    }
