"""A shop's log and nothing else: from the folder as it is to recommendations."""

from pathlib import Path

import numpy as np
import pytest

from tests.end_to_end.calling import recsys

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("interactions_alone")]

_N_ITEMS = 60


def _write_log(path: Path) -> None:
    """300 visitors, each of one of two halves of the shop."""
    rng = np.random.default_rng(5)
    rows = [
        (visitor, 1_000 + visitor % 2 * (_N_ITEMS // 2) + int(item), 1_700_000_000 + int(rng.integers(1_000_000)))
        for visitor in range(300)
        for item in rng.integers(0, _N_ITEMS // 2, 12)
    ]
    path.write_text("visitorid,itemid,timestamp\n" + "".join(f"{v},{i},{t}\n" for v, i, t in rows))


def test_a_log_alone_gets_a_model_that_calls_items_by_their_ids(small_config: Path, tmp_path: Path) -> None:
    folder, home = tmp_path / "shop", tmp_path / "home"
    folder.mkdir()
    _write_log(folder / "clicks.csv")

    assert "items: none  (no file has a row for each item" in recsys("init-dataset", folder).out
    assert recsys("check", folder, "--json").document["status"] == "warnings"
    run = recsys("run", "--data", folder, "--home", home, "--config", small_config, "--json").document

    assert (run["status"], run["verdict"]) == ("succeeded", "FIRST")
    assert run["rows"]["items"] == {"in": _N_ITEMS, "accepted": _N_ITEMS, "rejected": 0}
    assert run["metrics"]["hybrid"]["recall@10"] > run["metrics"]["popularity"]["recall@10"]
    answer = recsys("recommend", "--home", home, "--user", "0", "-k", "5", "--explain", "--json").document
    assert answer["path"] == "warm"
    assert all(item["title"] == str(item["movie_id"]) for item in answer["items"])
    assert [item["terms"]["content"] for item in answer["items"]] == [0.0] * 5
