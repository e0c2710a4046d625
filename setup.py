"""What a wheel takes along from beside the packages; everything else is in pyproject.toml.

`recsys_core.shipped` finds these files, here in the checkout and there in the wheel.
"""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

PACKAGE = "recsys_core.shipped"
SHIPPED = (
    "app.py",
    ".streamlit/config.toml",
    "mlflow/promotion.yaml",
    "data/sample/*.csv",
    "data/sample/README*",
    "data/sample/source/LICENSE*",  # the terms go with the data
)


DataFiles = list[tuple[str, str, str, list[str]]]  # package, folder here, folder in the wheel, names


class BuildWithShipped(build_py):
    """setuptools' step, to which these files are data of PACKAGE: for a wheel, and for a source distribution."""

    def _get_data_files(self) -> DataFiles:
        return [*super()._get_data_files(), *self._shipped()]

    def get_data_files_without_manifest(self) -> DataFiles:
        return [*super().get_data_files_without_manifest(), *self._shipped()]

    def _shipped(self) -> DataFiles:
        place = Path(self.build_lib, *PACKAGE.split("."))
        files = [file for pattern in SHIPPED for file in sorted(Path().glob(pattern))]
        return [(PACKAGE, str(file.parent), str(place / file.parent), [file.name]) for file in files]


setup(cmdclass={"build_py": BuildWithShipped})
