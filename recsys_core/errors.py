"""One tree of errors for everything that a user can get wrong.

RecsysError
├── DataError          a file or table that cannot be used as it is
│   ├── MissingFileError
│   ├── MalformedFileError
│   └── FailedValidationError
├── ParameterError     a parameter outside its range, an unknown name
├── ShapeError         arrays that do not belong together
├── StorageError       a stored value that is missing, damaged or of another version
├── UnknownIdError     a user or movie that the model has never seen
├── RegistryError      a model version or alias that is not there
├── DownloadError      a data set that could not be fetched
└── EngineError        a GPU or a cluster that is asked for and cannot be used

Every message says what was wrong, where, what was expected and what to do.
"""

from collections.abc import Sequence

__all__ = [
    "DataError",
    "DownloadError",
    "EngineError",
    "FailedValidationError",
    "MalformedFileError",
    "MissingFileError",
    "ParameterError",
    "RecsysError",
    "RegistryError",
    "ShapeError",
    "StorageError",
    "UnknownIdError",
]


class RecsysError(Exception):
    """Base of every error that is the user's to mend; shown as one message, never as a stack trace."""


class DataError(RecsysError):
    """Input data that cannot be used as it is."""


class MissingFileError(DataError):
    """A required file or folder is not there."""


class MalformedFileError(DataError):
    """A file whose form (encoding, header, delimiter) is not the declared one."""


class FailedValidationError(DataError):
    """A table that broke a table-level expectation or rejected too many of its rows."""


class ParameterError(RecsysError):
    """A parameter outside its range, or an unknown name; ``faults`` are each of several."""

    def __init__(self, message: str, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults) or (message,)


class ShapeError(RecsysError):
    """Arrays whose shapes do not belong together."""


class StorageError(RecsysError):
    """A stored value that is missing, damaged, or written by an incompatible version."""


class UnknownIdError(RecsysError):
    """A user or movie id that the model has never seen."""


class RegistryError(RecsysError):
    """A registered model, version or alias that is not there."""


class DownloadError(RecsysError):
    """A data set that could not be fetched whole."""


class EngineError(RecsysError):
    """An engine that is asked for and cannot be used here: a GPU, a cluster, or what they need."""
