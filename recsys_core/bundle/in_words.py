"""An answer as lines for people."""

from recsys_core.bundle.answer import Answer, RecommendedItem

__all__ = ["in_words"]

_PATHS = {
    "warm": "from this person's ratings",
    "folded_in": "from the liked titles",
    "cold": "nothing is known of this person: what suits newcomers",
}


def in_words(answer: Answer, *, version: str) -> str:
    """Whom model version ``version`` recommends what to; why, where ``answer`` says it."""
    whom = "you" if answer.user_id is None else f"user {answer.user_id}"
    heading = f"For {whom}, {_PATHS[answer.path]} (model version {version}):"
    return "\n".join([heading, *(_item(item) for item in answer.items)])


def _item(item: RecommendedItem) -> str:
    line = f"{item.rank:>4}  {item.score:6.2f}  {item.title}"
    if item.sources is None:
        return line
    sources = ", ".join(f"{name} {value:+.2f}" for name, value in item.sources.items())
    because = "; ".join(reason.title for reason in item.because or ())
    return f"{line}\n              {sources}" + (f"; because of {because}" if because else "")
