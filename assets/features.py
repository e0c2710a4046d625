"""Features: the user–item matrix, its split, and what is known of the items themselves."""

from assets.deciding_code import ITEM_KNOWLEDGE
from assets.materialising import Inputs, Made, Shown, Step, recsys_asset
from assets.presenting import advice, items_of, page
from recsys_core.dataset.interactions import Split, UserItemMatrix
from recsys_core.dataset.table_folders import CleanTable
from recsys_core.dataset.tables import catalogue_ids, training_tags
from recsys_core.describing import describe_features, describe_matrix, describe_split, empty_groups
from recsys_core.experiment import ItemTables
from recsys_core.features import FeatureParameters, ItemFeatures
from recsys_core.splitting import SplitParameters, split_interactions

__all__ = ["item_features", "split", "user_item_matrix"]


@recsys_asset(
    group="features",
    kinds={"scipy"},
    show=lambda step: Shown(page(describe_matrix(step.value, items=items_of(step)))),
    modules=("recsys_core.blockwise",),
    steps=("matrix",),
)
def user_item_matrix(inputs: Inputs, ratings: CleanTable) -> Made[UserItemMatrix]:
    """All accepted ratings as a CSR matrix, users × items, with both vocabularies."""
    return Made(inputs.places.engine.interactions(ratings, inputs.dataset.feedback.kind))


@recsys_asset(
    group="features",
    kinds={"scipy"},
    show=lambda step: Shown(page(describe_split(step.value, items=items_of(step)))),
    modules=("recsys_core.blockwise", "recsys_core.splitting"),
    parameters=("split",),
)
def split(inputs: Inputs, user_item_matrix: UserItemMatrix, movies: CleanTable) -> Made[Split]:
    """Training, validation and test parts, with the cut-offs, filters and counts that made them."""
    catalogue = catalogue_ids(movies.rows_path)
    return Made(split_interactions(user_item_matrix, inputs.of(SplitParameters), catalogue_ids=catalogue))


_NO_EMPTY_GROUP = ("no_empty_group", "each group of features describes at least one title")


def _show_features(step: Step) -> Shown:
    tags: CleanTable = step.values["tags"]
    n_left_out = tags.n_rows - training_tags(tags.rows_path, step.values["split"]).num_rows
    empty = empty_groups(step.value)
    words = f"no title has any of {', '.join(empty)}" if empty else f"{len(step.value.groups)} groups"
    described = describe_features(step.value, items=items_of(step), n_tags_left_out=n_left_out)
    return Shown(page(described), (advice(_NO_EMPTY_GROUP[0], not empty, words),))


@recsys_asset(
    group="features",
    kinds={"scipy"},
    show=_show_features,
    modules=ITEM_KNOWLEDGE,
    parameters=("features",),
    quality=(_NO_EMPTY_GROUP,),
)
def item_features(
    inputs: Inputs,
    split: Split,
    movies: CleanTable,
    tags: CleanTable,
    genome_scores: CleanTable,
    genome_tags: CleanTable,
) -> Made[ItemFeatures]:
    """Genres, decade, title words, tags and genome of every title; weights fitted on the training part only."""
    tables = ItemTables(movies.rows_path, tags.rows_path, genome_scores.rows_path, genome_tags.rows_path)
    return Made(tables.known_to(split, inputs.of(FeatureParameters)))
