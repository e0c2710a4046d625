"""What can be set about ALS."""

from pydantic import Field

from recsys_core.parameters import Parameters

__all__ = ["ALSParameters"]


class ALSParameters(Parameters):
    """Parameters of :func:`recsys_core.sources.als.fit_als`."""

    factors: int = Field(default=128, ge=1, le=1024)
    """Length of the user and item vectors."""
    regularization: float = Field(default=20.0, gt=0, le=10_000)
    """Constant added to the diagonal of every normal equation; good values grow with the density of the data."""
    iterations: int = Field(default=15, ge=1, le=200)
    """Alternations; 8 to 20 are enough."""
    warm_ratings: int = Field(default=5_000_000, ge=0)
    """From so many ratings on training starts from the item factors of a model that was fitted before, where there is
    one: of a sample of the users, or of the training part."""
    warm_iterations: int = Field(default=2, ge=1, le=200)
    """Alternations from there."""
    confidence_weight: float = Field(default=5.0, ge=0, le=1_000)
    """Confidence that the best rating adds to the 1 that every unobserved pair has."""
    rating_power: float = Field(default=3.0, ge=0, le=10)
    """Exponent of (rating / maximum); 0 gives every rating the same confidence."""
    dislike_threshold: float = Field(default=0.6, ge=0, le=1)
    """Ratings below this share of the maximum (0.6 of 5 stars: below 3) are confident zeros, as are all below the
    scale's middle."""
    dislike_confidence: float = Field(default=1.0, gt=0, le=1_000)
    """Confidence of a confident zero; 1 is that of an unobserved pair."""
    use_cg: bool = True
    """Train with three conjugate-gradient steps (Takács, Pilászy & Tikk 2011) instead of exact solutions."""
    seed: int = Field(default=0, ge=0, lt=2**32)
    """Seed of the initial factors."""
    threads: int = Field(default=0, ge=0, le=256)
    """Threads of the native trainer; 0 takes every core. The result does not depend on it."""
