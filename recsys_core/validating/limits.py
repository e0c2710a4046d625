"""How much of a table may be rejected before everything stops."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["RejectLimits"]


class RejectLimits(Parameters):
    """Limits on rejected rows."""

    max_rejected_share: float = Field(default=0.05, ge=0.0, le=1.0)
    """Rejected rows over rows in the file, malformed lines included; above it the table is refused as a whole."""
