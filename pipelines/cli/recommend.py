"""`recsys recommend`: the champion's recommendations for a person."""

from typing import Any, cast

import click

from pipelines.cli.output import print_json
from recsys_core.errors import ParameterError

__all__ = ["recommend"]


@click.command()
@click.option("--user", "user_id", type=int, help="Id of a person; one that is not known gets what suits a newcomer.")
@click.option("--liked", help="Ids of liked movies, separated by commas.")
@click.option("-k", "k", type=click.IntRange(1, 1000), default=10, show_default=True, help="Number of titles.")
@click.option("--model", type=click.Choice(["hybrid", "als", "content"]), default="hybrid", show_default=True)
@click.option("--version", default="champion", show_default=True, help="Model version or alias.")
@click.option("--diversity", type=click.FloatRange(0, 1), default=0.0, help="0: best first; 0.4: less alike; 1: most.")
@click.option("--explain", is_flag=True, help="Say what each source gave, and because of which titles.")
@click.option("--home", type=click.Path(), help="Folder for all that runs make (default: RECSYS_HOME or .recsys).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def recommend(
    user_id: int | None,
    liked: str | None,
    k: int,
    model: str,
    version: str,
    diversity: float,
    explain: bool,
    home: str | None,
    as_json: bool,
) -> None:
    """Recommend titles: to a known person, to somebody who likes certain titles, or to a newcomer."""
    from pipelines.settings import Settings
    from recsys_core.bundle import ListOptions, ModelBundle
    from recsys_core.hybrid import ModelName
    from registry.models import ModelRegistry

    if user_id is not None and liked is not None:
        raise ParameterError("give --user or --liked, not both")
    if user_id is not None and user_id <= 0:
        raise ParameterError(f"--user {user_id}: ids of people are positive")
    liked_ids = _ids(liked or "")
    registry = ModelRegistry(Settings.from_environment(home=home).existing_tracking())
    found = registry.versions.get(version)
    bundle = ModelBundle.load(registry.bundle_path(found.version))
    wanted = ListOptions(k=k, model=cast(ModelName, model), explain=explain, diversity=diversity)
    if user_id is not None:
        answer = bundle.recommend_for_user(user_id, wanted)
    else:
        answer = bundle.recommend_for_liked(liked_ids, wanted)
    document = {**answer.as_dict(), "model_version": found.version}
    if as_json:
        print_json({key: document[key] for key in ("user_id", "model_version", "path", "items")})
    else:
        _say(document)


def _ids(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise ParameterError(f"--liked {text!r}: expected movie ids separated by commas, such as 1,260") from None


_PATHS = {
    "warm": "from this person's ratings",
    "folded_in": "from the liked titles",
    "cold": "nothing is known of this person: what suits newcomers",
}


def _say(document: dict[str, Any]) -> None:
    whom = f"user {document['user_id']}" if document["user_id"] is not None else "you"
    click.echo(f"For {whom}, {_PATHS[document['path']]} (model version {document['model_version']}):")
    for item in document["items"]:
        click.echo(f"{item['rank']:>4}  {item['score']:6.2f}  {item['title']}")
        if "sources" in item:
            sources = ", ".join(f"{name} {value:+.2f}" for name, value in item["sources"].items())
            because = "; ".join(reason["title"] for reason in item["because"])
            click.echo(f"              {sources}" + (f"; because of {because}" if because else ""))
