"""What bench.spark computes from a run."""

from bench.spark.event_log import Step
from bench.spark.on_paper import on_paper


def test_a_billion_ratings_take_what_a_million_take_a_thousand_times() -> None:
    report = {
        "seconds": {"assets": {"raw_ratings": 3.0, "ratings": 2.0}},
        "rows": {"ratings": {"accepted": 1_000_000}},
    }
    steps = [
        Step("reading ratings.csv", 0.0, 2.0, 4, 3.6),
        Step("ALS of 600,000 ratings", 10.0, 60.0, 90, 72.0, 5, set(range(20))),
        Step("lists for 6,000 people", 70.0, 80.0, 5, 18.0),
    ]
    rows = {
        name: cells
        for name, *cells in on_paper(report, steps, csv_bytes=25 * 10**6, model_bytes=10**8, n_movies=10_000).rows
    }
    assert rows["CSV; pieces of 64 MB"] == ["25 GB; 373", "250 GB; 3,725"]
    assert rows["reading: in all tasks; numbering and writing, here"] == ["60 min; 17 min", "10 h; 2.8 h"]
    assert rows["validation, here: time; keys in memory"] == ["33 min; 16 GB", "5.6 h; 160 GB"]
    # 133 of 512 blocks hold a rating of somebody with 154, all of them one of a title with 4,000.
    assert rows["ALS: shuffled an iteration, people to titles; back"] == ["220 GB; 33 GB", "2.2 TB; 66 GB"]
    assert rows["ALS: in all tasks, an iteration"] == ["2 h", "20 h"]
    assert rows["lists: in all tasks"] == ["5 h", "2.1 days"]
    assert rows["lists: files of the model that every worker loads"] == ["2.5 GB", "5 GB"]
