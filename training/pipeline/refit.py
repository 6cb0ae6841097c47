"""Refit an evaluated model on all rows, test set included.

Reported metrics are those of the model before refitting, which is kept in the bundle: later models are compared with
it, and it is evaluated in place of the refitted one on the same data. Calibration, uplift correction and the number of
trees come from held-out customers and are reused. The test set can no longer certify the serving model: see
:mod:`heed.training.certificate.holdout_check`.
"""

from dataclasses import replace

from heed.training.model.booster import BoosterSettings
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import with_digest
from heed.training.model.model_card import RefitRecord
from heed.training.model.train_head import retrain_head
from heed.training.pipeline.dataset import TrainingDataset, full_samples


def refit_bundle(evaluated: Bundle, dataset: TrainingDataset, settings: BoosterSettings) -> Bundle:
    """The model fitted on all rows, to serve in place of the evaluated one.

    Parameters
    ----------
    settings : BoosterSettings
        Of the evaluated model.
    """
    sample, contacted = full_samples(dataset)
    seed, schema = evaluated.card.seed, dataset.schema
    latest = dataset.data.contacts["at"].iloc[dataset.rows].max().to_pydatetime()
    served = replace(
        evaluated,
        head=retrain_head(evaluated.head, sample, schema, settings, seed),
        harm=None if evaluated.harm is None else retrain_head(evaluated.harm, contacted, schema, settings, seed),
        card=replace(evaluated.card, refit=RefitRecord(len(sample), latest, evaluated.digest)),
    )
    return with_digest(served)
