"""`recsys recommend`: the champion's recommendations for a person."""

from typing import Any

import click

from pipelines.cli.options import answers, places
from pipelines.settings import Settings
from recsys_core.errors import ParameterError

__all__ = ["recommend"]


@click.command()
@click.option("--user", "user_id", type=int, help="Id of a person; one that is not known gets what suits a newcomer.")
@click.option("--liked", help="Ids of liked movies, separated by commas.")
@click.option("-k", "k", type=click.IntRange(1, 1000), default=10, show_default=True, help="Number of titles.")
@click.option("--model", type=click.Choice(["hybrid", "als", "ease", "content"]), default="hybrid", show_default=True)
@click.option("--version", default="champion", show_default=True, help="Model version or alias.")
@click.option("--diversity", type=click.FloatRange(0, 1), default=0.0, help="0: best first; 0.4: less alike; 1: most.")
@click.option("--explain", is_flag=True, help="Say what each source gave, and because of which titles.")
@places("home")
@answers
def recommend(
    settings: Settings, user_id: int | None, liked: str | None, version: str, **wanted: Any
) -> tuple[dict[str, Any], str]:
    """Recommend titles: to a known person, to somebody who likes certain titles, or to a newcomer."""
    from recsys_core.bundle import ListOptions, ModelBundle
    from recsys_core.bundle.in_words import in_words
    from registry.models import ModelRegistry

    if user_id is not None and liked is not None:
        raise ParameterError("give --user or --liked, not both")
    if user_id is not None and not -(2**63) <= user_id < 2**63:
        raise ParameterError(f"--user {user_id}: ids of people are whole numbers of 64 bits")
    liked_ids = _ids(liked or "")
    registry = ModelRegistry(settings.existing_tracking())
    found = registry.versions.get(version)
    bundle = ModelBundle.load(registry.bundle_path(found.version))
    options = ListOptions(**wanted)
    if user_id is not None:
        answer = bundle.recommend_for_user(user_id, options)
    else:
        answer = bundle.recommend_for_liked(liked_ids, options)
    document = {"user_id": answer.user_id, "model_version": found.version, **answer.as_dict()}
    return document, in_words(answer, version=found.version)


def _ids(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ParameterError(f"--liked {text!r}: expected movie ids separated by commas, such as 1,260") from None
