"""From a bundle to the folder that MLflow keeps of a model: the bundle, the code that names its class, the papers."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_core.errors import RegistryError
from recsys_core.storage import link_or_copy
from registry.interface import BUNDLE, OUTPUT_COLUMNS, pip_requirements, signature
from registry.mlflow_library import import_mlflow, one_line
from registry.tracking import Tracking

__all__ = ["PYFUNC_FILE", "pyfunc_folder"]

PYFUNC_FILE = Path(__file__).with_name("pyfunc_model.py")
_STAGING = ".registering-"
_DESCRIPTION = "MLmodel"


@contextmanager
def pyfunc_folder(
    tracking: Tracking, bundle_dir: Path, *, run_id: str, model_id: str, example: Any, python_model: Path
) -> Iterator[Path]:
    """The files of the logged model ``model_id``, in a folder that is there for the length of the block.

    They have answered ``example``; a RegistryError when they do not. They name no folder of this machine, so that a
    home can be moved.
    """
    mlflow = import_mlflow()
    with _staging(tracking) as staging:
        shutil.copytree(bundle_dir, staging / BUNDLE, copy_function=link_or_copy)  # MLflow keeps the folder's name
        folder = staging / "model"
        mlflow.pyfunc.save_model(
            folder,
            python_model=str(python_model),
            artifacts={BUNDLE: str(staging / BUNDLE)},
            signature=signature(),
            input_example=example,
            pip_requirements=pip_requirements(),
            mlflow_model=mlflow.models.Model(artifact_path=f"models:/{model_id}", run_id=run_id, model_id=model_id),
        )
        described = mlflow.models.Model.load(str(folder))
        kept = described.flavors[mlflow.pyfunc.FLAVOR_NAME]["artifacts"][BUNDLE]
        kept["uri"] = kept["path"]
        described.save(str(folder / _DESCRIPTION))
        _check_answers(mlflow, folder, example)
        for cache in folder.rglob("__pycache__"):
            shutil.rmtree(cache)
        yield folder


@contextmanager
def _staging(tracking: Tracking) -> Iterator[Path]:
    """A folder on the disk of the artifacts; what a killed process left there is removed."""
    for left in tracking.folder.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=tracking.plain_folder) as folder:
        yield Path(folder)


def _check_answers(mlflow: Any, folder: Path, example: Any) -> None:
    """Load the stored model as a server would, and let it answer ``example``."""
    try:
        answer = mlflow.pyfunc.load_model(str(folder)).predict(example)
    except Exception as error:
        raise RegistryError(
            f"the model does not answer its own example, so it is not registered ({one_line(error)})"
        ) from error
    missing = [column for column in OUTPUT_COLUMNS if column not in answer.columns]
    if missing or len(answer) == 0:
        raise RegistryError(
            f"the model answers its own example with {len(answer)} rows and without the columns {missing}; "
            "it is not registered"
        )
