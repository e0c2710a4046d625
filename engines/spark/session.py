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
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from engines.parameters import EngineParameters
from engines.spark.installed import installed
from recsys_core.blockwise import on_one_core
from recsys_core.errors import EngineError, RecsysError
from recsys_core.storage import remove_leftovers, scratch_directory

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
_TRACE: Final = "Traceback (most recent call last):"
_OF_SPARK: Final = ("pyspark", "py4j")
_IF_LOCAL: Final = "if memory was short, give it more (engine.options, spark.driver.memory)"
_IF_ELSEWHERE: Final = (
    "the executors' logs say more; if memory was short: ALS has its own in the heap (engine.options, "
    "spark.executor.memory), all else beside it (spark.executor.memoryOverhead)"
)
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
            "spark.driver.defaultJavaOptions": f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}",
            "spark.rdd.compress": "true",
            # A task is one processor's work: BLAS threads of several would wait for one another.
            **{f"spark.executorEnv.{name}": "1" for name in _ONE_THREAD},
        }
        if self.is_local:
            settings |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        else:
            settings["spark.hadoop.fs.permissions.umask-mode"] = "000"  # workers may be others, and write checkpoints
        object.__setattr__(self, "settings", settings | self.parameters.options)

    @property
    def is_local(self) -> bool:
        """Whether the workers are threads of this machine."""
        return _LOCAL.match(self.parameters.master) is not None

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder that all workers see, for the length of a step."""
        root = Path(self.parameters.shared or tempfile.gettempdir()).resolve()
        with ExitStack() as stack:
            try:
                remove_leftovers(root, levels=1)
                folder = stack.enter_context(scratch_directory(root))
                if not self.is_local:
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
            outcomes = rows.map(_Kept(function, installed())).collect()
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
            if not (type(error).__module__.startswith(_OF_SPARK) or isinstance(error, ConnectionError)):
                raise
            advice = _IF_LOCAL if self.is_local else _IF_ELSEWHERE
            raise EngineError(
                f"Spark at {self.parameters.master} did not finish {what}: {_in_one_line(error)}; {advice}"
            ) from error


@dataclass(frozen=True, slots=True)
class _Kept:
    """A task whose own errors come back as its outcome: Spark would only try again what cannot be right.

    installed  here: what a worker has must be the same
    """

    function: Callable[[Any], Any]
    installed: str

    def __call__(self, task: Any) -> Any:
        if installed() != self.installed:
            return EngineError(
                f"engine spark: the worker {socket.gethostname()} has another state of this project ({installed()}) "
                f"than this machine ({self.installed}); install the same there"
            )
        try:
            with on_one_core():
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
    if _is_open():
        return SparkSession.builder.getOrCreate()
    if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
        raise EngineError(f"engine spark: there is no Java here, neither in JAVA_HOME nor on the PATH; {_INSTALL}")
    _check_reachable(master)
    os.environ["PYSPARK_PYTHON"] = cluster.settings.get("spark.pyspark.python", sys.executable)  # the setting alone is
    builder = SparkSession.builder  # read by spark-submit, not by a session
    for name, value in cluster.settings.items():
        builder = builder.config(name, value)
    try:
        with _without_words_on_pandas(), _threads_of_blas(cluster.is_local):
            session = builder.getOrCreate()
    except Exception as error:
        raise EngineError(
            f"engine spark: no session at {master}: {_in_one_line(error)}; check engine.master and engine.options; it "
            f"takes {_INSTALL}"
        ) from error
    atexit.register(_stop, session)
    if not cluster.is_local:
        _wait_for_an_executor(session, master)
    return session


def _is_open() -> bool:
    """Whether this process has a session that can be used.

    What is left of one that has ended is cleared away: whoever runs the cluster may have ended it, or this machine its
    process, while there was nothing to do for it.
    """
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    context = SparkContext._active_spark_context
    if context is None:
        return False
    gone = False
    try:
        if not context._jsc.sc().isStopped():
            return True
    except (Py4JError, OSError):
        gone = True
    _stop(context)
    SparkContext._active_spark_context = None
    SparkSession._instantiatedSession = None
    if gone:
        SparkContext._gateway = SparkContext._jvm = None
    return False


def _stop(session: Any) -> None:
    from py4j.protocol import Py4JError

    with suppress(Py4JError, OSError):  # it has ended by itself
        session.stop()


@contextmanager
def _without_words_on_pandas() -> Iterator[None]:
    """PySpark warns of pandas 3 when its parts are first imported; no frame of pandas goes through Spark here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def _threads_of_blas(is_local: bool) -> Iterator[None]:
    """One for each of a local Spark's tasks, which run in the process that is started in the block."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    if is_local:
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


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
    """Without one, Spark would wait for ever. Those that come with the work (dynamic allocation) are not there yet."""
    if session.sparkContext.getConf().get("spark.dynamicAllocation.enabled", "false") == "true":
        return
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
    """What went wrong, without the stack traces of two languages: of a task in Python, what Python says at last."""
    java = getattr(error, "java_exception", None)
    text = str(java.getMessage() if java is not None else error)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = lines[0] if lines else type(error).__name__
    if _TRACE in text:
        of_python = text.rpartition(_TRACE)[2].partition("\n\tat ")[0].splitlines()
        said = next((line for line in reversed(of_python) if line.strip() and not line[0].isspace()), said)
    return said[:400].rstrip(".:; ")
