import numpy as np
import pandas as pd
import pytest

from heed.training.errors import TrainingError
from heed.training.model.pyfunc import PyfuncModel, decode_rows, encode_frame
from heed.training.model.split import Part
from tests.support.small_model import bundle, prepared


def rows() -> np.ndarray:
    return prepared().samples[Part.TEST].matrix[:300]


def test_rows_come_back_from_their_frame_to_the_last_bit() -> None:
    frame = decode_rows(bundle().schema, rows())
    assert np.array_equal(encode_frame(bundle().schema, frame), rows(), equal_nan=True)


def test_categories_are_text_in_the_frame() -> None:
    frame = decode_rows(bundle().schema, rows())
    assert set(frame["action.action_id"]) <= {*prepared().data.actions["action_id"], "hold"}


def test_predictions_are_the_bundles_under_the_index_of_the_input() -> None:
    frame = decode_rows(bundle().schema, rows()).set_index(pd.RangeIndex(700, 1000))
    found = PyfuncModel(bundle()).predict(frame)
    assert list(found.columns) == ["propensity", "low", "high"]
    assert list(found.index) == list(range(700, 1000))
    assert np.array_equal(found.to_numpy().T, np.array(bundle().score_frame(rows())))


def test_columns_may_stand_in_any_order_and_missing_ones_are_missing() -> None:
    frame = decode_rows(bundle().schema, rows())
    dropped = frame.columns[0]
    encoded = encode_frame(bundle().schema, frame[list(frame.columns[:0:-1])])
    assert np.isnan(encoded[:, bundle().schema.names.index(dropped)]).all()
    assert np.array_equal(encoded[:, 1:], rows()[:, 1:], equal_nan=True)


def test_a_column_that_is_no_feature_is_named() -> None:
    with pytest.raises(TrainingError, match=r"not a feature of the model in `columns`.*agee.*features.json"):
        encode_frame(bundle().schema, pd.DataFrame({"agee": [1.0]}))
