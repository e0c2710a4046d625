"""Ideas about titles that nobody has rated."""

from bench.ideas.cold import BOTH, PLAIN_COLD, Cosine, MetadataCount
from bench.ideas.idea import Configuration, Idea

__all__ = ["cold_additions", "cold_controls", "cold_titles"]


def cold_titles() -> Idea:
    return Idea(
        "Title words and rating counts in the regression",
        (
            Configuration(PLAIN_COLD.but("title words", title=True), PLAIN_COLD),
            Configuration(PLAIN_COLD.but("titles count √ratings", count_power=0.5), PLAIN_COLD),
            Configuration(BOTH, PLAIN_COLD),
        ),
        built=True,
        cold=True,
        note="Against the ridge regression from the other features to ALS, in which every rated title counts once.",
    )


def cold_additions() -> Idea:
    return Idea(
        "Further scores carried over",
        (
            *(Configuration(BOTH.but(f"and EASE, {weight:g}", ease=weight), BOTH) for weight in (0.5, 1.0)),
            *(Configuration(BOTH.but(f"and content, {weight:g}", content=weight), BOTH) for weight in (0.1, 0.2, 0.4)),
            Configuration(BOTH.but("and popularity, .2", popularity=0.2), BOTH),
            Configuration(BOTH.but("and EASE, .5, content, .2", ease=0.5, content=0.2), BOTH),
        ),
        built=False,
        cold=True,
        note="Added to the regression with title words and counts. Of these, the defaults have content (.2).",
    )


def cold_controls() -> Idea:
    return Idea(
        "Controls",
        (Configuration(Cosine(), PLAIN_COLD, role="beside"), Configuration(MetadataCount(), PLAIN_COLD, role="beside")),
        built=False,
        cold=True,
    )
