"""Training from end to end: engagement data in, a registered model out, promoted if every gate is open."""

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
from heed.training.reporting.plots.reliability_diagram import picture, reliability_by_action_figure, reliability_figure
from heed.training.reporting.plots.shap_summary import mean_shap_effects, sample_rows, summary_figure

# Who is put off by one message is put off by most: in simulated worlds three quarters of what differs is common to all.
_SHARE_OF_HARM = 0.75


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What came of a training.

    Attributes
    ----------
    alias : str
        ``champion`` if every gate was open and promotion was asked for, else ``challenger``.
    digest : str
        Of the bundle.
    report : ValidationReport
        What was read of the data, and which rows were set aside.
    sensitive : tuple of str
        Attributes that the model did not see because they are sensitive, in the order of their names.
    refitted_rows : int or None
        On how many contacts the model that serves was fitted after it had been judged, the sealed ones among them.
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
    """Train, judge, register and, where every gate is open, promote.

    Parameters
    ----------
    data_dir : Path
        A directory that keeps the data contract.
    tracking_uri : str
        Of MLflow. Beside a SQLite database a new experiment keeps its files in ``mlartifacts``.
    outcome : str or None
        The outcome type to learn; None where the actions share one.
    split : str
        ``customer`` or ``time``.
    exclude : frozenset of str
        Customer attributes that the model may not see.
    include : frozenset of str
        Sensitive attributes that it may see nevertheless; see :mod:`heed.training.features.sensitive_names`.
    words : mapping of str to str
        What people are told that features say; see :mod:`heed.training.features.feature_names`.
    refit : bool
        Whether the model is fitted again on all rows once it was judged; see :mod:`heed.training.pipeline.refit`. It is
        the better for it, and can then be certified by later contacts alone.

    Raises
    ------
    ContractError
        If the data do not keep the contract.
    TrainingError
        If they keep it and still no model can be made of them.
    Unavailable
        If the registry does not answer.
    """
    said = progress or NullProgress()
    in_office = find_model_version(tracking_uri, model_name)
    said.step("reading and checking the data")
    data, report = read_engagement(Path(data_dir))
    said.step("assembling features")
    prepared = build_dataset(data, outcome=outcome, by=split, seed=seed, exclude=exclude, include=include, words=words)
    blind = train_bundle(prepared, settings=settings, model_name=model_name, seed=seed, currency=currency, said=said)
    said.step("judging on the sealed part")
    judged = predict_part(blind, prepared)
    rival = None if in_office is None else _rival(in_office, prepared, seed)
    evaluation = evaluate(judged, prepared.samples[Part.FIT], prepared.schema, prepared.outcome, rival, seed)
    blind = replace(blind, card=replace(blind.card, metrics=mlflow_metrics(evaluation)))
    said.step("refitting on all rows" if refit else "keeping to the fitting rows")
    bundle = refit_bundle(blind, prepared, _grown_by(blind.card)) if refit else blind
    said.step("drawing what was found")
    kept = _kept(bundle, prepared, judged, evaluation, report, seed)
    said.step("registering the model")
    registered = log_training_run(tracking_uri, experiment, model_name, bundle, kept, judged=blind if refit else None)
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


def _grown_by(card: ModelCard) -> BoosterSettings:
    """The settings by which the model of a card was grown."""
    return BoosterSettings(**{name: value for name, value in card.parameters.items() if name != "searched"})


def predict_part(bundle: Bundle, prepared: TrainingDataset, part: Part = Part.TEST) -> HoldoutPredictions:
    """What the bundle says of a part, the sealed one if no other is named."""
    sample = prepared.samples[part]
    said = bundle.score_frame(sample.matrix, sample.pooling_groups)[0]
    return HoldoutPredictions(said, sample.label, prepared.action(part), bundle.card.base_rate)


def train_bundle(
    prepared: TrainingDataset,
    *,
    settings: BoosterSettings | None = None,
    model_name: str = "heed",
    seed: int = 0,
    currency: str = "EUR",
    said: Progress | None = None,
) -> Bundle:
    """The bundle that the fitting rows teach; nothing is judged or registered.

    Parameters
    ----------
    settings : BoosterSettings or None
        How boosters are grown; searched for where none are given.
    """
    told = said or NullProgress()
    fit, schema = prepared.samples[Part.FIT], prepared.schema
    told.step("choosing settings")
    chosen, losses = search_settings(fit, schema, BoosterSettings(), seed) if settings is None else (settings, {})
    told.step("cross-fitting and calibrating")
    learnt = train_head(fit, schema, chosen, seed)
    told.step("rehearsing to learn how wide intervals must be")
    scale = bootstrap_scale(draw_bootstrap_sample(fit, learnt.head, seed), schema, chosen, seed)
    told.step("learning harm and uplift")
    harm = _harm(prepared, chosen, scale, learnt.head.heterogeneity, seed)
    card = ModelCard(
        name=model_name,
        created_at=datetime.now(UTC),
        data_digest=prepared.data.digest,
        seed=seed,
        split=prepared.parts.by,
        rows={part.value: len(prepared.parts[part]) for part in Part},
        base_rate=float(fit.label.mean()),
        parameters={**chosen.to_dict(), "searched": losses},
        calibration=learnt.record,
    )
    bundle = Bundle(
        head=learnt.head.rescaled(scale),
        harm=harm,
        uplift=_uplift(prepared, learnt),
        schema=schema,
        catalogue=_learnt_actions(to_catalogue(prepared.data, currency), prepared.outcome),
        outcome=prepared.outcome,
        card=card,
        digest="",
    )
    return with_digest(bundle)


def _harm(
    prepared: TrainingDataset, settings: BoosterSettings, scale: float, heterogeneity: Heterogeneity, seed: int
) -> ProbabilityHead | None:
    """Harm is learnt as the outcome is, and its leaves are taken to be as uncertain.

    It is rare, so that the booster draws actions to one another more than they are alike, and actions that were seldom
    taken weigh little in its loss: they get offsets of their own in any case. Nor do its pairs say much: customers are
    expected to differ in it as they do in the outcome.
    """
    sample = harm_sample(prepared)
    if sample is None:
        return None
    prior = HeterogeneityPrior(heterogeneity.total, _SHARE_OF_HARM)
    learnt = train_head(sample, prepared.schema, settings, seed, by_action=True, prior=prior)
    return learnt.head.rescaled(scale)


def _uplift(prepared: TrainingDataset, learnt: TrainedHead) -> UpliftCorrection | None:
    if prepared.instead is None:
        return None
    other = out_of_fold_probability(learnt.out_of_fold, learnt.head.calibration, prepared.instead)
    return fit_uplift_correction(prepared.samples[Part.FIT], learnt.propensity, other)


def _learnt_actions(catalogue: Catalogue, outcome: str) -> Catalogue:
    return replace(catalogue, actions=tuple(action for action in catalogue.actions if action.outcome == outcome))


def _rival(in_office: BundleRef, prepared: TrainingDataset, seed: int) -> ChampionScores:
    try:
        bundle = load_evaluated_bundle(in_office.path) or load_bundle(in_office.path)
    except HeedError as error:
        return ChampionScores(in_office.version, None, f"its bundle cannot be read ({error}).")
    rows, split = prepared.contacts(Part.TEST), prepared.parts.by
    return score_champion(bundle, in_office.version, prepared.data, rows, prepared.outcome, seed, split)


def _kept(
    bundle: Bundle,
    prepared: TrainingDataset,
    judged: HoldoutPredictions,
    evaluation: Evaluation,
    report: ValidationReport,
    seed: int,
) -> RunContents:
    card = bundle.card
    matrix = sample_rows(prepared.samples[Part.TEST].matrix, seed)
    failed = [gate.name for gate in evaluation.gates if not gate.passed]
    return RunContents(
        parameters={
            **{name: value for name, value in card.parameters.items() if name != "searched"},
            "seed": seed,
            "split": card.split,
            "outcome": bundle.outcome,
            "trees_grown": len(bundle.head.trees.offsets),
            "features": len(bundle.schema.features),
            **_learnt_parameters(bundle),
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
            **_pictures(bundle, judged, matrix),
            "shap_importance.json": pretty_json(mean_shap_effects(bundle, matrix)),
            "features.json": pretty_json(bundle.schema.to_dict()),
            "evaluation.json": pretty_json(evaluation.to_dict()),
            "data_report.json": pretty_json(report.to_dict()),
        },
        example=matrix,
    )


def _learnt_parameters(bundle: Bundle) -> dict[str, object]:
    """What was learnt beside the trees, in the numbers that people compare."""
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


def _pictures(bundle: Bundle, judged: HoldoutPredictions, matrix: Floats) -> dict[str, bytes]:
    overall = reliability_figure(
        judged.propensity, judged.label, f"Probability of `{bundle.outcome}`, sealed test part"
    )
    parts = {name: (said, label) for name, said, label in judged.by_action()}
    return {
        "reliability.png": picture(overall),
        "reliability.svg": picture(overall, "svg"),
        "reliability_by_action.png": picture(reliability_by_action_figure(parts)),
        "shap_summary.png": picture(summary_figure(bundle, matrix)),
    }
