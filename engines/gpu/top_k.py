"""The best items of every user by a product of factors, by PyTorch. bench/gpu.py takes it along.

Lists of the hybrid are not made by it: neighbours and content add to scores what no product of factors holds.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

__all__ = ["product_top_k"]

_BLOCK_SCORES = 1 << 26  # scores at a time: 256 MiB, and three times that to rank them


def product_top_k(
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    k: int,
    *,
    seen: csr_matrix | None = None,
    tie_rank: NDArray[np.integer] | None = None,
    device: str = "cuda",
    block: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """What :func:`recsys_core.ranking.top_k` answers for ``left @ right``: the arrays of its ``Ranking``.

    left, right  float32 of shape (n_users, rank) and (rank, n_items)
    seen         CSR of shape (n_users, n_items): items with an entry are never returned
    tie_rank     of shape (n_items,), unique: among equal scores the smaller comes first; without it, the smaller number
    block        users at a time; by default as many as give 64 million scores

    A score and its place in the order of ties make one 64-bit key, so that ties are decided on the device.

    Raises ValueError on a score that is not a number.
    """
    import torch

    n_users, n_items = len(left), right.shape[1]
    block = block or max(1, _BLOCK_SCORES // max(1, n_items))
    order = np.arange(n_items) if tie_rank is None else np.argsort(tie_rank)
    place = np.empty(n_items, dtype=np.int64)
    place[order] = np.arange(n_items)  # columns stand in the order of ties
    items = torch.from_numpy(np.ascontiguousarray(right[:, order])).to(device)
    later = torch.arange(n_items - 1, -1, -1, device=device)
    found: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    for start in range(0, n_users, block):
        users = torch.from_numpy(np.ascontiguousarray(left[start : start + block])).to(device)
        scores = (users @ items).add_(0.0)  # no -0.0, whose bits differ from those of its equal
        if bool(torch.isnan(scores).any()):
            raise ValueError(f"users {start} to {start + len(users) - 1}: a score is not a number")
        if seen is not None:
            part = seen[start : start + block]
            rows = np.repeat(np.arange(part.shape[0]), np.diff(part.indptr))
            hidden = (torch.from_numpy(nums.astype(np.int64)).to(device) for nums in (rows, place[part.indices]))
            scores[tuple(hidden)] = -torch.inf
        bits = scores.view(torch.int32)
        rising = torch.where(bits < 0, bits ^ 0x7FFFFFFF, bits)  # in the order of the scores
        keys = (rising.long() << 32) + later
        best = torch.topk(keys, min(k, n_items), dim=1).values
        columns = n_items - 1 - (best & 0xFFFFFFFF)
        chosen = scores.gather(1, columns).cpu().numpy()
        rows, ranks = np.nonzero(chosen > -np.inf)
        found.append((rows + start, order[columns.cpu().numpy()[rows, ranks]], chosen[rows, ranks]))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
    user_nums, item_nums, values = (np.concatenate(column) for column in zip(*found, strict=True))
    return user_nums, item_nums.astype(np.int64), values
