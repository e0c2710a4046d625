"""Files of the repository that are no part of a package, and that the installed program needs all the same."""

from pathlib import Path

__all__ = ["shipped"]

_HERE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """Where ``name``, such as "mlflow/promotion.yaml", is: in this folder of an installed wheel, or in the checkout.

    setup.py says what a wheel takes along; in a checkout, an editable installation and the image nothing is copied.
    """
    inside = _HERE / name
    return inside if inside.exists() else _HERE.parents[1] / name
