"""From a bundle to the folder that MLflow keeps of a model: the bundle, the code that answers from it, the papers."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recsys_core.errors import RegistryError
from recsys_core.storage import link_or_copy
from registry.interface import BUNDLE, InputExample, output_columns, pip_requirements, signature
from registry.mlflow_library import import_mlflow, one_line
from registry.tracking import Tracking

__all__ = ["PYFUNC_FILE", "pyfunc_folder"]

PYFUNC_FILE = Path(__file__).with_name("pyfunc_model.py")
_ROOMS = Path(__file__).resolve().parents[1]
_ANSWERING = ("recsys_core", "registry")  # what a version answers with; see docs/decisions/0013
_STAGING = ".registering-"
_DESCRIPTION = "MLmodel"


@contextmanager
def pyfunc_folder(
    tracking: Tracking, bundle_dir: Path, *, run_id: str, model_id: str, example: InputExample, python_model: Path
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
            code_paths=_copied_code(staging / "code"),
            signature=signature(example.users, example.items),
            input_example=example.people,
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


def _copied_code(into: Path) -> list[str]:
    """Folders of the program text that runs here, without what else lies beside it."""
    for file in (file for room in _ANSWERING for file in (_ROOMS / room).rglob("*.py")):
        copy = into / file.relative_to(_ROOMS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    return [str(into / room) for room in _ANSWERING]


@contextmanager
def _staging(tracking: Tracking) -> Iterator[Path]:
    """A folder on the disk of the artifacts; what a killed process left there is removed."""
    for left in tracking.folder.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_STAGING, dir=tracking.plain_folder) as folder:
        yield Path(folder)


def _check_answers(mlflow: Any, folder: Path, example: InputExample) -> None:
    """Load the stored model as a server would, and let it answer ``example``."""
    from registry.serving_model import RecommenderModel

    path = sys.path
    try:
        answer = mlflow.pyfunc.load_model(str(folder)).predict(example.people)
    except Exception as error:
        raise RegistryError(
            f"the model does not answer its own example, so it is not registered ({one_line(error)})"
        ) from error
    finally:
        sys.path = path  # MLflow has put the model's code first, and this folder will be gone
        mlflow.models.set_model(RecommenderModel())  # MLflow keeps the last one, which has a whole bundle
    missing = [column for column in output_columns(example.users, example.items) if column not in answer.columns]
    if missing or len(answer) == 0:
        raise RegistryError(
            f"the model answers its own example with {len(answer)} rows and without the columns {missing}; "
            "it is not registered"
        )
