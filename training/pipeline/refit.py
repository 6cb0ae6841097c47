"""Fitting a judged model again on all rows, those that judged it too: it then knows all there is to know.

Its figures stay those of the model that had not seen the sealed rows, which is kept beside it: it is what a later model
is held against, and what is judged again on the same data. Calibration, uplift and the number of trees rest on
customers whom a model had not seen, and are taken over. What the sealed rows can no longer do is certify, since the
model that serves has learnt from them: see :mod:`heed.training.certificate.holdout_check`.
"""

from dataclasses import replace

from heed.training.model.booster import BoosterSettings
from heed.training.model.bundle import Bundle
from heed.training.model.bundle_files import with_digest
from heed.training.model.model_card import RefitRecord
from heed.training.model.train_head import retrain_head
from heed.training.pipeline.dataset import TrainingDataset, full_samples


def refit_bundle(judged: Bundle, prepared: TrainingDataset, settings: BoosterSettings) -> Bundle:
    """The model of all rows that takes the place of the one that was judged.

    Parameters
    ----------
    settings : BoosterSettings
        By which the judged one was grown.
    """
    sample, contacted = full_samples(prepared)
    seed, schema = judged.card.seed, prepared.schema
    latest = prepared.data.contacts["at"].iloc[prepared.rows].max().to_pydatetime()
    served = replace(
        judged,
        head=retrain_head(judged.head, sample, schema, settings, seed),
        harm=None if judged.harm is None else retrain_head(judged.harm, contacted, schema, settings, seed),
        card=replace(judged.card, refit=RefitRecord(len(sample), latest, judged.digest)),
    )
    return with_digest(served)
