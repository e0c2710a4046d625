"""How often intervals mislead somebody who looks all the time, how soon they find a difference, and a whole report.

`python -m bench.experiments` prints the figures of docs/experiments.md.
"""

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench.options import options
from bench.page import circumstances
from recsys_core.plotting import Table
from serving.events import EventStore, StoredEvent
from serving.experiments import Arm, Experiment, assign, in_words, report
from serving.experiments.simulation import Scenario, look_at_all_times

SEED = 20_261_122
WITHOUT_EFFECT = {
    "rated or not, 30 %": Scenario("rate", 0.3, n_people=8_000),
    "rated or not, 30 %, arms 10 : 90": Scenario("rate", 0.3, share=0.1, n_people=8_000),
    "rated or not, 5 %": Scenario("rate", 0.05, n_people=8_000),
    "rated or not, 5 %, arms 10 : 90": Scenario("rate", 0.05, share=0.1, n_people=40_000),
    "rated or not, 1 %": Scenario("rate", 0.01, n_people=40_000),
    "clicks of impressions, 5 %": Scenario("clicks", 0.05, n_people=8_000),
    "clicks of impressions, 5 %, arms 10 : 90": Scenario("clicks", 0.05, share=0.1, n_people=8_000),
    "mean rating, 10 % rate": Scenario("ratings", 0.1, n_people=8_000),
    "mean rating, 10 % rate, arms 10 : 90": Scenario("ratings", 0.1, share=0.1, n_people=8_000),
}
GAINS = (1.1, 1.2, 1.3, 1.5)


def main(argv: Sequence[str] | None = None) -> None:
    parser = options("bench.experiments", __doc__)
    parser.add_argument("--experiments", type=int, default=2_000, help="simulated experiments for each row")
    n_experiments: int = parser.parse_args(argv).experiments
    print(circumstances("bench.experiments", argv))
    for table in (coverage(n_experiments), power(max(1, n_experiments // 4))):
        print(f"\n{table.markdown()}")
    print(f"\n```console\n$ recsys experiment report first-challenger\n{example()}\n```")


def coverage(n_experiments: int) -> Table:
    """A/A: the share of experiments in which an interval at 95 % ever excludes 0, looked at every 20 people."""
    rows = []
    for name, scenario in WITHOUT_EFFECT.items():
        seen = look_at_all_times(scenario, n_experiments=n_experiments, seed=SEED)
        rows.append((name, _percent(seen.sequence_missed_truth), _percent(seen.naive_missed_truth)))
    return Table(("without a difference", "sequence ever shows one", "usual interval does"), tuple(rows))


def power(n_experiments: int) -> Table:
    """How soon a gain in a click-through rate of 5 % is seen with the report's own correction for three metrics."""
    rows = []
    for gain in GAINS:
        scenario = Scenario("clicks", 0.05, treatment_gain=gain, n_people=40_000)
        seen = look_at_all_times(scenario, n_experiments=min(n_experiments, 400), seed=SEED, alpha=0.05 / 3, every=100)
        median = np.median(np.nan_to_num(seen.people_until_zero_was_excluded, nan=np.inf))
        rows.append((f"× {gain}", _percent(seen.sequence_excluded_zero), f"{median:,.0f}".replace("inf", "–")))
    return Table(("gain in clicks", "found within 40,000 people", "median people until then"), tuple(rows))


def example() -> str:
    """A report on 5,000 people who click 5 % of what the champion shows them and 7.5 % of the challenger's."""
    arms = (Arm(name="champion", model="champion", share=0.8), Arm(name="challenger", model="challenger", share=0.2))
    experiment = Experiment(name="first-challenger", arms=arms, control="champion", expected_people=5_000)
    rng, start = np.random.default_rng(SEED), datetime(2026, 12, 1, tzinfo=UTC)
    events = []
    for user_id in range(1, 5_001):
        arm, at = assign(experiment, user_id).name, start + timedelta(minutes=2 * user_id)
        events.append(StoredEvent(at, "exposure", user_id, experiment=experiment.name, arm=arm))
        chance = rng.beta(0.5, 9.5) * (1.5 if arm == "challenger" else 1.0)
        for movie_id in range(1, int(rng.poisson(12)) + 1):
            events.append(StoredEvent(at, "impression", user_id, movie_id))
            if rng.random() < chance:
                events.append(StoredEvent(at + timedelta(seconds=9), "click", user_id, movie_id))
        if rng.random() < 0.12:
            stars = float(rng.integers(4, 11)) / 2
            events.append(StoredEvent(at + timedelta(minutes=9), "rating", user_id, 1, stars))
    with tempfile.TemporaryDirectory() as directory, EventStore.open(Path(directory) / "events.db") as store:
        store.append(events)
        return in_words(report(experiment, store, now=start + timedelta(minutes=2 * 5_000)))


def _percent(hits: np.ndarray) -> str:
    """A share with the half-width of its 95 % interval."""
    share = float(hits.mean())
    return f"{share:.1%} ± {1.96 * np.sqrt(share * (1 - share) / len(hits)):.1%}"


if __name__ == "__main__":
    main()
