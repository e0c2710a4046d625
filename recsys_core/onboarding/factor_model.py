"""A Gaussian factor model of titles: what one title tells about the others."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from recsys_core.errors import ShapeError
from recsys_core.gram import gram_of

__all__ = ["FactorModel", "fit_factor_model"]

Floats = NDArray[np.float64]
_LEAST_NOISE_SHARE = 0.05
_LEAST_NOISE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class FactorModel:
    """A user's values are ``mean + loadings·z + e`` with z ~ N(0, I) and independent e ~ N(0, noise).

    mean      float64 of shape (n_titles,)
    loadings  float64 of shape (n_titles, factors)
    noise     float64 of shape (n_titles,), more than 0
    """

    mean: Floats
    loadings: Floats
    noise: Floats

    def __post_init__(self) -> None:
        if self.loadings.ndim != 2 or not len(self.mean) == len(self.loadings) == len(self.noise):
            raise ShapeError(
                f"mean, loadings and noise have shapes {self.mean.shape}, {self.loadings.shape} and "
                f"{self.noise.shape}; expected (n_titles,), (n_titles, factors) and (n_titles,)"
            )

    def covariance(self, places: NDArray[np.int64]) -> Floats:
        """Posterior covariance of z, of shape (factors, factors), once the titles at ``places`` are observed."""
        seen = self.loadings[places]
        precision = np.eye(self.loadings.shape[1]) + (seen / self.noise[places, None]).T @ seen
        return np.asarray(np.linalg.inv(precision), dtype=np.float64)

    def expected(self, places: NDArray[np.int64], values: Floats) -> Floats:
        """Posterior means of all titles, of shape (n_titles,), given ``values`` observed at ``places``."""
        weighted = self.loadings[places].T @ ((values - self.mean[places]) / self.noise[places])
        return self.mean + self.loadings @ (self.covariance(places) @ weighted)


def fit_factor_model(values: csr_matrix, factors: int, *, noise: float = 1.0) -> FactorModel:
    """Probabilistic principal components (Tipping & Bishop 1999, doi:10.1111/1467-9868.00196) of ``values``.

    ``values`` is CSR of shape (n_users, n_titles); absent entries are zeros. What the factors leave of a title's
    variance is its noise, times ``noise``. Memory grows with n_titles², not with the number of users.
    """
    n_users, n_titles = values.shape
    if n_users == 0 or n_titles == 0:
        raise ShapeError(f"values have shape {values.shape}, expected at least one user and one title")
    exact = values.astype(np.float64)
    mean = np.asarray(exact.sum(axis=0)).ravel() / n_users
    with threadpool_limits(limits=1, user_api="blas"):  # sums keep their order: the same bytes on every machine
        covariance = gram_of(csr_matrix(exact)) / n_users - np.outer(mean, mean)
        variances, directions = np.linalg.eigh(covariance)
    kept = min(factors, n_titles)
    left_over = float(variances[: n_titles - kept].mean()) if kept < n_titles else 0.0
    loadings = directions[:, n_titles - kept :] * np.sqrt(np.maximum(variances[n_titles - kept :] - left_over, 0.0))
    total = np.maximum(np.diag(covariance), 0.0)
    unexplained = np.maximum(total - (loadings**2).sum(axis=1), _LEAST_NOISE_SHARE * total + _LEAST_NOISE)
    return FactorModel(mean, loadings, unexplained * noise)
