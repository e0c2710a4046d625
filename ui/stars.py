"""What a person says of a title: one of five stars, whatever the scale of the data's ratings, or a heart."""

from typing import Final

from serving.schemas import RatingScale

__all__ = ["STARS", "in_words", "rating_of", "said_of", "shown_value"]

STARS: Final = 5


def rating_of(said: float, scale: RatingScale) -> float:
    """The rating that so many of five stars are: 8 of 10 for four.

    Of counts and events, 1 is a heart: the count that says as much as a count can; and 0 takes it back.
    """
    if scale.kind != "ratings":
        return scale.highest if said > 0 else scale.lowest
    wanted = scale.highest * said / STARS
    if scale.step > 0:
        wanted = scale.lowest + round((wanted - scale.lowest) / scale.step) * scale.step
    return min(scale.highest, max(scale.lowest, wanted))


def said_of(rating: float, scale: RatingScale) -> float:
    """How many of five stars a rating is; 1 where a count or an event stands for a heart."""
    if scale.kind != "ratings":
        return float(rating >= scale.highest)
    return STARS * rating / scale.highest


def in_words(said: float, scale: RatingScale) -> str:
    """Such as "4 of 5 stars"."""
    if scale.kind == "ratings":
        return f"{said:g} of {STARS} stars"
    return "you like it" if said > 0 else "taken back"


def shown_value(rating: float, scale: RatingScale) -> str:
    """A value of somebody's history: "★ 4.5", "12 ×"; of an event there is nothing to say."""
    if scale.kind == "events":
        return ""
    return f"{rating:,.6g} ×" if scale.kind == "counts" else f"★ {rating:g}"
