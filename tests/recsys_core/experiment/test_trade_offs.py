"""What the weight of content buys, on validation users: on all of a few, on some of many."""

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from recsys_core.evaluation import EvaluationParameters
from recsys_core.evaluation.trade_off import TradeOff
from recsys_core.experiment import trade_offs
from recsys_core.splitting import SplitParameters, split_interactions
from recsys_core.testing.hybrids import planted_hybrid


@pytest.mark.parametrize(("most", "expected"), [(None, None), (5, 5), (1_000, None)])
def test_as_many_validation_users_are_judged_as_in_a_slice(
    most: int | None, expected: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, train = planted_hybrid()
    parameters = SplitParameters(validation_share=0.4, test_share=0.1)
    split = split_interactions(train, parameters, catalogue_ids=train.item_ids)
    judged: list[Any] = []

    def noted(scorers: Mapping[str, object], part: Any, **_: object) -> list[TradeOff]:
        judged.append(part.user_ids)
        return [TradeOff(label, 0.0, 0.0) for label in scorers]

    monkeypatch.setattr(sys.modules[trade_offs.__module__], "trade_offs_of", noted)
    found = trade_offs(model, split, EvaluationParameters(max_slice_users=most))

    assert len(found) > 5
    (users,) = judged
    assert len(users) == (expected or len(split.validation.user_ids))
    assert np.isin(users, split.validation.user_ids).all()
