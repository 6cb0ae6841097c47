"""Training from end to end: engagement data in, a registered model out, promoted if every gate is open."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from decisioning.catalogue import Catalogue
from decisioning.errors import HeedError
from decisioning.score import Floats
from training.contract.catalogue import to_catalogue
from training.contract.reading import read
from training.contract.report import Report
from training.evaluation.champion import ask
from training.evaluation.evaluate import Evaluation, Judged, evaluate
from training.evaluation.gates import Rival
from training.evaluation.reliability import picture, reliability_by_action_figure, reliability_figure
from training.evaluation.summary import mean_effects, sampled, summary_figure
from training.features.declare import sensitive_attributes
from training.model.bundle import Bundle
from training.model.card import Card
from training.model.fit import Settings
from training.model.head import Head
from training.model.hidden import Expected, Hidden
from training.model.learn import Learnt, learn, search, unseen
from training.model.rehearsal import imagine, rehearsed_scale
from training.model.split import Part
from training.model.storage import load, load_judged, with_digest
from training.model.uplift import UpliftLine, fit_uplift
from training.prepare import Prepared, harm_sample, prepare
from training.progress import Progress, Silent
from training.refit import refitted
from training.registry import CHALLENGER, CHAMPION, BundleRef, find
from training.tracking import Kept, flat_metrics, keep, pretty, set_alias

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
    report : Report
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
    report: Report
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
    settings: Settings | None = None,
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
        Sensitive attributes that it may see nevertheless; see :mod:`training.features.sensitive`.
    words : mapping of str to str
        What people are told that features say; see :mod:`training.features.dictionary`.
    refit : bool
        Whether the model is fitted again on all rows once it was judged; see :mod:`training.refit`. It is the better
        for it, and can then be certified by later contacts alone.

    Raises
    ------
    ContractError
        If the data do not keep the contract.
    TrainingError
        If they keep it and still no model can be made of them.
    Unavailable
        If the registry does not answer.
    """
    said = progress or Silent()
    in_office = find(tracking_uri, model_name)
    said.step("reading and checking the data")
    data, report = read(Path(data_dir))
    said.step("assembling features")
    prepared = prepare(data, outcome=outcome, by=split, seed=seed, exclude=exclude, include=include, words=words)
    blind = learn_bundle(prepared, settings=settings, model_name=model_name, seed=seed, currency=currency, said=said)
    said.step("judging on the sealed part")
    judged = judge(blind, prepared)
    rival = None if in_office is None else _rival(in_office, prepared, seed)
    evaluation = evaluate(judged, prepared.samples[Part.FIT], prepared.schema, prepared.outcome, rival, seed)
    blind = replace(blind, card=replace(blind.card, metrics=flat_metrics(evaluation)))
    said.step("refitting on all rows" if refit else "keeping to the fitting rows")
    bundle = refitted(blind, prepared, _grown_by(blind.card)) if refit else blind
    said.step("drawing what was found")
    kept = _kept(bundle, prepared, judged, evaluation, report, seed)
    said.step("registering the model")
    registered = keep(tracking_uri, experiment, model_name, bundle, kept, judged=blind if refit else None)
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


def _grown_by(card: Card) -> Settings:
    """The settings by which the model of a card was grown."""
    return Settings(**{name: value for name, value in card.parameters.items() if name != "searched"})


def judge(bundle: Bundle, prepared: Prepared, part: Part = Part.TEST) -> Judged:
    """What the bundle says of a part, the sealed one if no other is named."""
    sample = prepared.samples[part]
    said = bundle.score_frame(sample.matrix, sample.kin)[0]
    return Judged(said, sample.label, prepared.action(part), bundle.card.base_rate)


def learn_bundle(
    prepared: Prepared,
    *,
    settings: Settings | None = None,
    model_name: str = "heed",
    seed: int = 0,
    currency: str = "EUR",
    said: Progress | None = None,
) -> Bundle:
    """The bundle that the fitting rows teach; nothing is judged or registered.

    Parameters
    ----------
    settings : Settings or None
        How boosters are grown; searched for where none are given.
    """
    told = said or Silent()
    fit, schema = prepared.samples[Part.FIT], prepared.schema
    told.step("choosing settings")
    chosen, losses = search(fit, schema, Settings(), seed) if settings is None else (settings, {})
    told.step("cross-fitting and calibrating")
    learnt = learn(fit, schema, chosen, seed)
    told.step("rehearsing to learn how wide intervals must be")
    scale = rehearsed_scale(imagine(fit, learnt.head, seed), schema, chosen, seed)
    told.step("learning harm and uplift")
    harm = _harm(prepared, chosen, scale, learnt.head.hidden, seed)
    card = Card(
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
        head=learnt.head.stretched(scale),
        harm=harm,
        uplift=_uplift(prepared, learnt),
        schema=schema,
        catalogue=_learnt_actions(to_catalogue(prepared.data, currency), prepared.outcome),
        outcome=prepared.outcome,
        card=card,
        digest="",
    )
    return with_digest(bundle)


def _harm(prepared: Prepared, settings: Settings, scale: float, hidden: Hidden, seed: int) -> Head | None:
    """Harm is learnt as the outcome is, and its leaves are taken to be as uncertain.

    It is rare, so that the booster draws actions to one another more than they are alike, and actions that were seldom
    taken weigh little in its loss: they get offsets of their own in any case. Nor do its pairs say much: customers are
    expected to differ in it as they do in the outcome.
    """
    sample = harm_sample(prepared)
    if sample is None:
        return None
    expected = Expected(hidden.total, _SHARE_OF_HARM)
    learnt = learn(sample, prepared.schema, settings, seed, by_action=True, expected=expected)
    return learnt.head.stretched(scale)


def _uplift(prepared: Prepared, learnt: Learnt) -> UpliftLine | None:
    if prepared.instead is None:
        return None
    other = unseen(learnt.crossed, learnt.head.calibration, prepared.instead)
    return fit_uplift(prepared.samples[Part.FIT], learnt.propensity, other)


def _learnt_actions(catalogue: Catalogue, outcome: str) -> Catalogue:
    return replace(catalogue, actions=tuple(action for action in catalogue.actions if action.outcome == outcome))


def _rival(in_office: BundleRef, prepared: Prepared, seed: int) -> Rival:
    try:
        bundle = load_judged(in_office.path) or load(in_office.path)
    except HeedError as error:
        return Rival(in_office.version, None, f"its bundle cannot be read ({error}).")
    rows, split = prepared.contacts(Part.TEST), prepared.parts.by
    return ask(bundle, in_office.version, prepared.data, rows, prepared.outcome, seed, split)


def _kept(
    bundle: Bundle, prepared: Prepared, judged: Judged, evaluation: Evaluation, report: Report, seed: int
) -> Kept:
    card = bundle.card
    matrix = sampled(prepared.samples[Part.TEST].matrix, seed)
    failed = [gate.name for gate in evaluation.gates if not gate.passed]
    return Kept(
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
            "shap_importance.json": pretty(mean_effects(bundle, matrix)),
            "features.json": pretty(bundle.schema.to_dict()),
            "evaluation.json": pretty(evaluation.to_dict()),
            "data_report.json": pretty(report.to_dict()),
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
        **{f"hidden_{name}": value for name, value in head.hidden.to_dict().items()},
        "learns_harm": bundle.harm is not None,
        **({} if line is None else {"uplift_slope": line.slope, "uplift_slope_error": line.slope_error}),
    }


def _pictures(bundle: Bundle, judged: Judged, matrix: Floats) -> dict[str, bytes]:
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
