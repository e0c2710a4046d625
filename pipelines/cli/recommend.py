"""`recsys recommend`: the champion's recommendations for a person."""

from typing import TYPE_CHECKING, Any

import click

from pipelines.cli.options import answers, places
from pipelines.settings import Settings
from recsys_core.errors import ParameterError

if TYPE_CHECKING:
    from recsys_core.dataset.ids import Id, IdKind

__all__ = ["recommend"]


@click.command()
@click.option("--user", "user_id", help="Id of a person; one that is not known gets what suits a newcomer.")
@click.option("--liked", help="Ids of liked movies, separated by commas, or as a JSON list.")
@click.option("-k", "k", type=click.IntRange(1, 1000), default=10, show_default=True, help="Number of titles.")
@click.option("--model", type=click.Choice(["hybrid", "als", "ease", "content"]), default="hybrid", show_default=True)
@click.option("--version", default="champion", show_default=True, help="Model version or alias.")
@click.option("--diversity", type=click.FloatRange(0, 1), default=0.0, help="0: best first; 0.4: less alike; 1: most.")
@click.option("--explain", is_flag=True, help="Say what each source gave, and because of which titles.")
@places("home")
@answers
def recommend(
    settings: Settings, user_id: str | None, liked: str | None, version: str, **wanted: Any
) -> tuple[dict[str, Any], str]:
    """Recommend titles: to a known person, to somebody who likes certain titles, or to a newcomer."""
    from recsys_core.bundle import ListOptions, ModelBundle
    from recsys_core.bundle.in_words import in_words
    from registry.models import ModelRegistry

    if user_id is not None and liked is not None:
        raise ParameterError("give --user or --liked, not both")
    registry = ModelRegistry(settings.existing_tracking())
    found = registry.versions.get(version)
    bundle = ModelBundle.load(registry.bundle_path(found.version))
    options = ListOptions(**wanted)
    if user_id is not None:
        answer = bundle.recommend_for_user(_user(user_id, bundle.id_kinds["user_id"]), options)
    else:
        answer = bundle.recommend_for_liked(_liked(liked or "", bundle.id_kinds["item_id"]), options)
    document = {"user_id": answer.user_id, "model_version": found.version, **answer.as_dict()}
    return document, in_words(answer, version=found.version)


def _user(text: str, kind: "IdKind") -> "Id":
    from recsys_core.dataset.ids import integer_of

    user_id = text if kind == "text" else integer_of(text)
    if user_id is None:
        raise ParameterError(f"--user {text}: ids of people are whole numbers of 64 bits")
    return user_id


def _liked(text: str, kind: "IdKind") -> "list[Id]":
    from recsys_core.dataset.ids import ids_in

    try:
        return ids_in(text, kind)
    except ValueError:
        raise ParameterError(f"--liked {text!r}: expected movie ids separated by commas, such as 1,260") from None
