"""The Spark session of this process, and Spark's errors in one line."""

import atexit
import os
import re
import shutil
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from engines.parameters import EngineParameters
from recsys_core.errors import EngineError, RecsysError
from recsys_core.storage import scratch_directory

__all__ = ["Cluster"]

Task = TypeVar("Task")
Outcome = TypeVar("Outcome")

_INSTALL: Final = "pip install '.[spark]' in the project's folder, and Java 17"
_CONNECT_SECONDS: Final = 5.0
_EXECUTOR_SECONDS: Final = 60.0
_ONE_THREAD: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
_STANDALONE: Final = re.compile(r"spark://(.+)")
_LOCAL: Final = re.compile(r"local(\[.*\])?$")
_LOGGING: Final = Path(__file__).with_name("log4j2.properties")
_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where tasks run. The session is opened by the first that needs it, one in a process, and stopped at its end."""

    parameters: EngineParameters
    settings: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        settings = {
            "spark.app.name": "recsys",
            "spark.master": self.parameters.master,
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
            "spark.rdd.compress": "true",
            # A task is one processor's work: BLAS threads of several would wait for one another.
            **{f"spark.executorEnv.{name}": "1" for name in _ONE_THREAD},
        }
        if self.is_local:
            settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        object.__setattr__(self, "settings", settings | self.parameters.options)

    @property
    def is_local(self) -> bool:
        """Whether the workers are threads of this machine."""
        return _LOCAL.match(self.parameters.master) is not None

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder that all workers see, for the length of a step."""
        root = Path(self.parameters.shared or tempfile.gettempdir())
        with ExitStack() as stack:
            try:
                folder = stack.enter_context(scratch_directory(root))
                folder.chmod(0o777)  # workers may be somebody else
            except OSError as error:
                raise EngineError(
                    f"engine spark: {root}, the folder that workers share, cannot be used ({error.strerror}); correct "
                    "engine.shared"
                ) from error
            yield folder

    def session(self) -> Any:
        """The open SparkSession; an :class:`EngineError` where there can be none."""
        with _LOCK:
            return _open_session(self)

    def map(self, what: str, function: Callable[[Task], Outcome], tasks: Sequence[Task]) -> list[Outcome]:
        """``function`` of every task, each by itself on some worker, in order; ``what`` as :meth:`doing` has it.

        A :class:`RecsysError` of a task is raised here as it is there.
        """
        with self.doing(what) as session:
            rows = session.sparkContext.parallelize(list(tasks), max(1, len(tasks)))
            outcomes = rows.map(_Kept(function)).collect()
        for outcome in outcomes:
            if isinstance(outcome, RecsysError):
                raise outcome
        return list(outcomes)

    @contextmanager
    def doing(self, what: str) -> Iterator[Any]:
        """The open session, for a step that Spark's own pages and logs call ``what``; its errors as EngineErrors."""
        try:
            session = self.session()
            session.sparkContext.setJobDescription(what)
            yield session
        except RecsysError:
            raise
        except Exception as error:
            if not type(error).__module__.startswith(("pyspark", "py4j")):
                raise
            raise EngineError(
                f"Spark at {self.parameters.master} did not finish {what}: {_in_one_line(error)}; look at the "
                "executors' logs, give them more memory (engine.options, spark.executor.memory) or more workers"
            ) from error


@dataclass(frozen=True, slots=True)
class _Kept:
    """A task whose own errors come back as its outcome: Spark would only try again what cannot be right."""

    function: Callable[[Any], Any]

    def __call__(self, task: Any) -> Any:
        try:
            return self.function(task)
        except RecsysError as error:
            return error


def _open_session(cluster: Cluster) -> Any:
    master = cluster.parameters.master
    try:
        with _without_words_on_pandas():
            from pyspark.ml import recommendation  # noqa: F401
            from pyspark.sql import SparkSession
    except ImportError as error:
        raise EngineError(f"engine spark: PySpark is not installed here ({error}); {_INSTALL}") from error
    running = SparkSession.getActiveSession()
    if running is not None:
        return running
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EngineError(f"engine spark: there is no Java here, neither in JAVA_HOME nor on the PATH; {_INSTALL}")
    _check_reachable(master)
    os.environ["PYSPARK_PYTHON"] = cluster.settings.get("spark.pyspark.python", sys.executable)  # the setting alone is
    builder = SparkSession.builder  # read by spark-submit, not by a session
    for name, value in cluster.settings.items():
        builder = builder.config(name, value)
    try:
        with _without_words_on_pandas():
            session = builder.getOrCreate()
    except Exception as error:
        raise EngineError(
            f"engine spark: no session at {master}: {_in_one_line(error)}; check engine.master and engine.options; it "
            f"takes {_INSTALL}"
        ) from error
    atexit.register(session.stop)
    if not cluster.is_local:
        _wait_for_an_executor(session, master)
    return session


@contextmanager
def _without_words_on_pandas() -> Iterator[None]:
    """PySpark warns of pandas 3 when its parts are first imported; no frame of pandas goes through Spark here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def _check_reachable(master: str) -> None:
    """Spark itself would try for a minute, and then stop its context behind our back."""
    standalone = _STANDALONE.match(master)
    if standalone is None:
        return
    faults = []
    for address in standalone[1].split(","):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
        except (OSError, ValueError) as error:
            faults.append(f"{address}: {error}")
        else:
            return
    raise EngineError(
        f"engine spark: no master answers at {master} ({'; '.join(faults)}); start it or correct engine.master"
    )


def _wait_for_an_executor(session: Any, master: str) -> None:
    """Without one, Spark would wait for ever."""
    until = time.monotonic() + _EXECUTOR_SECONDS
    while session.sparkContext._jsc.sc().getExecutorMemoryStatus().size() < 2:  # the driver is one of them
        if time.monotonic() > until:
            session.stop()
            raise EngineError(
                f"engine spark: {master} gave no executor in {_EXECUTOR_SECONDS:.0f} s; start workers, or ask for less "
                "memory and fewer cores in engine.options"
            )
        time.sleep(0.2)


def _in_one_line(error: Exception) -> str:
    """What went wrong, without the stack traces of two languages."""
    java = getattr(error, "java_exception", None)
    text = str(java.getMessage() if java is not None else error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[0] if lines else type(error).__name__
    return said[:400].rstrip(".:; ")
