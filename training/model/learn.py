"""Learning a model from samples: booster, calibration, posterior."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from training.features.schema import FeatureSchema
from training.model.calibration import Calibration, fit_calibration
from training.model.fit import Sample, Settings, fit_booster
from training.model.split import Part
from training.model.trees import Trees, read_trees
from training.model.uncertainty import Posterior, fit_posterior

Samples = Mapping[Part, Sample]


@dataclass(frozen=True, eq=False)
class Learnt:
    """What scoring needs of a model, without the words around it."""

    trees: Trees
    calibration: Calibration
    posterior: Posterior


def learn(samples: Samples, schema: FeatureSchema, settings: Settings, seed: int = 0) -> Learnt:
    """A model of unscaled uncertainty: fitted on fit, stopped by stop, calibrated on calibrate."""
    fit, calibrate = samples[Part.FIT], samples[Part.CALIBRATE]
    booster = fit_booster(fit, samples[Part.STOP], schema, settings, seed)
    trees = read_trees(booster)
    places = trees.places(fit.matrix)
    return Learnt(
        trees=trees,
        calibration=fit_calibration(trees.margin(calibrate.matrix), calibrate.label),
        posterior=fit_posterior(places, trees.sum(places), len(trees.values), seed),
    )


def stretched(model: Learnt, factor: float) -> Learnt:
    """The same model, its uncertainty stretched by a factor."""
    return replace(model, posterior=model.posterior.scaled(factor))
