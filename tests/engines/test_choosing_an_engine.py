"""From a name to an engine: with PyTorch and CUDA's libraries as they may be on anybody's machine, all stood for."""

import importlib
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from engines import EngineParameters, LocalEngine, choosing, engine_for, who_does
from engines.gpu import GPUEngine
from recsys_core.errors import EngineError

INSTALL = "pip install '.[gpu]' in the project's folder"


@pytest.fixture(autouse=True)
def _nothing_was_said() -> None:
    choosing._say.cache_clear()


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts a PyTorch into place: for which CUDA it was built, and whether it sees a GPU."""

    def place(*, cuda: str | None = "13.2", sees: bool = True) -> None:
        found = SimpleNamespace(
            __version__="2.15.0", version=SimpleNamespace(cuda=cuda), cuda=SimpleNamespace(is_available=lambda: sees)
        )
        monkeypatch.setitem(sys.modules, "torch", found)

    return place


@pytest.fixture
def cuda_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    pathfinder = SimpleNamespace(load_nvidia_dynamic_lib=lambda _: None)
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.pathfinder", pathfinder)
    monkeypatch.setitem(sys.modules, "rmm", ModuleType("rmm"))
    monkeypatch.setattr("implicit.gpu.HAS_CUDA", True)


def test_this_machine_unless_said_otherwise_and_without_a_look_at_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    assert type(engine_for(EngineParameters())) is LocalEngine
    assert "torch" not in sys.modules


def test_a_gpu_without_pytorch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(EngineError) as refused:
        engine_for(EngineParameters(name="gpu"))
    assert str(refused.value) == f"engine gpu cannot be used: PyTorch is not installed: {INSTALL}"


def test_a_gpu_is_refused_where_pytorch_cannot_be_loaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise OSError('libtorch.so: cannot open shared object file')\n")
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    with pytest.raises(EngineError, match=r"PyTorch cannot be loaded \(libtorch.so: cannot open"):
        engine_for(EngineParameters(name="gpu"))


@pytest.mark.parametrize(
    ("cuda", "said"),
    [
        (None, f"PyTorch 2.15.0 is built without CUDA: {INSTALL}, from PyPI"),
        ("13.2", "PyTorch 2.15.0 sees no NVIDIA GPU with a driver for CUDA 13.2"),
    ],
)
def test_a_gpu_that_pytorch_does_not_see_is_refused_or_auto_stays_here_and_says_so_once(
    torch: Callable[..., None], caplog: pytest.LogCaptureFixture, cuda: str | None, said: str
) -> None:
    torch(cuda=cuda, sees=False)
    with pytest.raises(EngineError) as refused:
        engine_for(EngineParameters(name="gpu"))
    assert str(refused.value) == f"engine gpu cannot be used: {said}"
    with caplog.at_level(logging.INFO, "recsys"):
        found = [engine_for(EngineParameters(name="auto")) for _ in range(2)]
    assert [type(engine) for engine in found] == [LocalEngine] * 2
    assert caplog.messages == [f"engine auto: this machine's processors, because {said}"]


@pytest.mark.parametrize("name", ["auto", "gpu"])
def test_without_als_libraries_a_gpu_does_ease_and_says_why_not_als(
    torch: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    torch()
    monkeypatch.setitem(sys.modules, "cuda", None)
    with caplog.at_level(logging.INFO, "recsys"):
        engine = engine_for(EngineParameters.model_validate({"name": name}))
    assert isinstance(engine, GPUEngine)
    assert who_does(engine, ["als"]) == "local"
    assert who_does(engine, ["als", "ease"]) == "ease gpu"
    assert engine.solvers.als is None
    assert engine.solvers.ease is not None
    (said,) = caplog.messages
    assert said.startswith("engine gpu: ALS by processors, because implicit's CUDA solver cannot be used (")
    assert said.endswith(INSTALL)


@pytest.mark.usefixtures("cuda_libraries")
def test_a_gpu_does_als_and_ease_and_nothing_else(torch: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    torch()
    with caplog.at_level(logging.INFO, "recsys"):
        engine = engine_for(EngineParameters(name="auto"))
    assert who_does(engine, ["read", "validate", "matrix", "als", "ease", "top_k"]) == "als gpu, ease gpu"
    assert engine.solvers.als is not None
    assert all(reason and "\n" not in reason for reason in engine.declined.values())
    assert caplog.messages == ["engine gpu: ALS and EASE"]
