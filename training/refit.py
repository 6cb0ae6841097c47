"""Fitting a judged model again on all rows, those that judged it too: it then knows all there is to know.

Its figures stay those of the model that had not seen the sealed rows, which is kept beside it: it is what a later model
is held against, and what is judged again on the same data. Calibration, uplift and the number of trees rest on
customers whom a model had not seen, and are taken over. What the sealed rows can no longer do is certify, since the
model that serves has learnt from them: see :mod:`training.certificate.unlearnt`.
"""

from dataclasses import replace

from training.model.bundle import Bundle
from training.model.card import Refit
from training.model.fit import Settings
from training.model.learn import regrown
from training.model.storage import with_digest
from training.prepare import Prepared, whole


def refitted(judged: Bundle, prepared: Prepared, settings: Settings) -> Bundle:
    """The model of all rows that takes the place of the one that was judged.

    Parameters
    ----------
    settings : Settings
        By which the judged one was grown.
    """
    sample, contacted = whole(prepared)
    seed, schema = judged.card.seed, prepared.schema
    latest = prepared.data.contacts["at"].iloc[prepared.rows].max().to_pydatetime()
    served = replace(
        judged,
        head=regrown(judged.head, sample, schema, settings, seed),
        harm=None if judged.harm is None else regrown(judged.harm, contacted, schema, settings, seed),
        card=replace(judged.card, refit=Refit(len(sample), latest, judged.digest)),
    )
    return with_digest(served)
