"""The one asset of a code location whose data set cannot be read: it says, and fails with, what is wrong."""

import dagster as dg

from assets.workspace import Workspace
from recsys_core.errors import RecsysError

__all__ = ["declaration_asset"]


def declaration_asset(error: RecsysError) -> dg.AssetsDefinition:
    """What stands in the place of all assets while nobody knows which tables there are."""

    @dg.asset(
        group_name="raw",
        kinds={"yaml"},
        description=f"{error}\n\nMend the file and reload the code location, and all assets are here again.",
    )
    def declaration(workspace: dg.ResourceParam[Workspace]) -> None:
        try:
            workspace.dataset()
        except RecsysError as found:
            raise dg.Failure(description=str(found), allow_retries=False) from found
        # nor is it ever materialised: a mended location would have it in its history
        raise dg.Failure(description="the declaration is mended; reload the code location", allow_retries=False)

    return declaration
