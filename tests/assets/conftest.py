"""A home of its own for each test, as in tests/pipelines."""

from tests.pipelines.conftest import data_dir, environment, settings, up_to_date

__all__ = ["data_dir", "environment", "settings", "up_to_date"]
