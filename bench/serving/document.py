"""The words and tables of docs/serving.md."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["document"]

_TEXT = """# Time and memory of the API

One server process, one BLAS thread, answers cached in the process; a load generator in another process on the same
machine keeps its connections open. Milliseconds from the first byte sent to the last byte read, one client; answers a
second with {n_clients} clients at once, who share the two cores with the server. Every question is a new one, so that
no answer is stored already, but those of "warm, cached".

{circumstances}

{models}

The aim of a p99 of 5 ms for uncached lists at the large catalogue is not reached. One answer goes through five sources:
about 0.6 ms for the product with the item factors, 0.8 ms for content, 0.7 ms for neighbours; a person with hundreds of
ratings takes two to three times as long in each but the first. The thousand cached answers a second are.

The large model has drawn parameters (`bench/serving/large_model.py`): every source that the pipeline's defaults
release (ALS, EASE on 4,000 movies, content with a genome of 128 components, neighbours among 10,000 people), nothing
fitted. "implicit" is `AlternatingLeastSquares.recommend` of that library on the same factors and users, called in the
process of its caller: the ALS part alone, no server, no JSON. "ours" is the bundle's call likewise.
"""


def document(measured: Sequence[dict[str, Any]], circumstances: str, n_clients: int) -> str:
    return _TEXT.format(
        n_clients=n_clients, circumstances=circumstances, models="\n\n".join(_model(one) for one in measured)
    )


def _model(one: dict[str, Any]) -> str:
    rows = []
    for name, found in one["kinds"].items():
        many = found["many"]
        rate = len(many["seconds"]) / many["whole"]
        rows.append(f"| {name} | {_quantiles(found['one']['seconds'])} | {rate:,.0f} |")
    floor = [f"| {label} | {_quantiles(one['floor'][name])} |" for name, label in _FLOORS.items()]
    return "\n".join(
        [
            f"## {one['title']}",
            "",
            f"Ready {one['seconds_to_ready']:.1f} s after the start of the process; {one['memory_mib']:,.0f} MiB "
            "resident after all questions.",
            "",
            "| question | p50 ms | p95 ms | p99 ms | answers a second |",
            "|---|---:|---:|---:|---:|",
            *rows,
            "",
            "| call in the same process | p50 ms | p95 ms | p99 ms |",
            "|---|---:|---:|---:|",
            *floor,
        ]
    )


_FLOORS = {
    "stored": "implicit, stored factors",
    "folded_in": "implicit, folded in",
    "ours_als": "ours, ALS alone, folded in",
    "ours": "ours, hybrid",
}


def _quantiles(seconds: Sequence[float]) -> str:
    return " | ".join(f"{np.percentile(seconds, share) * 1000:.2f}" for share in (50, 95, 99))
