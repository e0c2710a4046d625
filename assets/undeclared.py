"""The one asset of a code location whose data set cannot be read: it fails with what is wrong with the declaration."""

import dagster as dg

from assets.workspace import Workspace
from recsys_core.errors import RecsysError

__all__ = ["declaration"]


@dg.asset(
    group_name="raw",
    kinds={"yaml"},
    description=(
        "The declaration of the data cannot be read, so that nobody knows which tables there are. Materialise this to "
        "see what is wrong; mend the file and reload the code location, and all assets are here again."
    ),
)
def declaration(workspace: dg.ResourceParam[Workspace]) -> None:
    try:
        workspace.dataset()
    except RecsysError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
    # nor is it ever materialised: a mended location would have it in its history
    raise dg.Failure(description="the declaration is mended; reload the code location", allow_retries=False)
