import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recsys_core.errors import ParameterError
from registry.interface import output_columns

FAKE = Path(__file__).parent / "data" / "fake_pyfunc_model.py"


@pytest.fixture
def model(make_bundle):
    from registry.serving_model import RecommenderModel

    served = RecommenderModel(runpy.run_path(str(FAKE))["CountingBundle"].load)
    served.load_context(SimpleNamespace(artifacts={"bundle": str(make_bundle("A"))}))
    return served


def test_each_person_gets_their_own_rows_in_order(model):
    answer = model.predict(None, pd.DataFrame({"user_id": [5, 0, 500], "liked": ["", "[1, 3]", None]}), {"k": 2})
    assert answer[["row", "user_id", "rank", "movie_id", "path"]].values.tolist() == [
        [0, 5, 1, 1, "warm"],
        [0, 5, 2, 2, "warm"],
        [1, 0, 1, 2, "folded_in"],
        [1, 0, 2, 4, "folded_in"],
        [2, 500, 1, 1, "cold"],
        [2, 500, 2, 2, "cold"],
    ]


@pytest.mark.parametrize("user_id", [0, -5])
def test_nought_and_negative_ids_are_people_too(model, user_id):
    answer = model.predict(None, pd.DataFrame({"user_id": [user_id]}), {"k": 1})
    assert answer[["user_id", "path"]].values.tolist() == [[user_id, "warm"]]


@pytest.mark.parametrize("person", [{"user_id": [np.nan]}, {"liked": [""]}, {"liked": [None]}])
def test_somebody_of_whom_nothing_is_known_gets_the_cold_answer(model, person):
    answer = model.predict(None, pd.DataFrame(person), {"k": 1})
    assert answer[["user_id", "path"]].values.tolist() == [[0, "cold"]]


def test_without_parameters_ten_are_recommended_by_the_hybrid(model):
    answer = model.predict(None, pd.DataFrame({"user_id": [5]}))
    assert len(answer) == 10
    assert answer["title"][0] == "A hybrid 1"


def test_an_answer_to_nobody_is_an_empty_table_of_the_declared_columns(model):
    answer = model.predict(None, pd.DataFrame({"user_id": np.zeros(0, dtype=np.int64)}))
    assert (len(answer), list(answer.columns)) == (0, list(output_columns("integer", "integer")))
    assert answer["movie_id"].dtype == np.int64


@pytest.mark.parametrize(
    ("person", "params", "message"),
    [
        ({"user_id": [5], "liked": ["1"]}, {}, "row 0: has both"),
        ({"user_id": [1, 0], "liked": ["", "1;2"]}, {}, "row 1: liked = '1;2'"),
        ({"user_id": [5]}, {"k": 0}, "k = 0: expected 1 to 1000"),
        ({"user_id": [5]}, {"k": 1001}, "k = 1001"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(model, person, params, message):
    with pytest.raises(ParameterError, match=message):
        model.predict(None, pd.DataFrame(person), params)
