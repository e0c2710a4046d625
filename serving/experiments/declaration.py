"""What an experiment is: its arms, their shares of the people, and when it runs. Read from a YAML file."""

import math
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from recsys_core.errors import ParameterError
from recsys_core.yaml_files import read_yaml

__all__ = ["METRICS", "Arm", "Experiment", "Experiments", "Metric", "load_experiments"]

Metric = Literal["click_through_rate", "rating_rate", "mean_rating"]
METRICS: tuple[Metric, ...] = ("click_through_rate", "rating_rate", "mean_rating")

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]


def _in_utc(value: Any) -> Any:
    """A day is its first moment; a time without a zone is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        return value
    return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)


def _reference(value: Any) -> Any:
    """``model: 3`` in YAML is a number and means version "3"."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Moment = Annotated[datetime, BeforeValidator(_in_utc)]
ModelReference = Annotated[
    str, BeforeValidator(_reference), StringConstraints(pattern=r"^([1-9][0-9]*|[A-Za-z][A-Za-z0-9_-]*)$")
]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


class Arm(_Declared):
    """One of the things compared: a model, and the share of the people who get it."""

    name: Name
    model: ModelReference
    """An alias (champion, challenger) or a version (3)."""
    share: Annotated[float, Field(strict=True, gt=0, le=1)]


class Experiment(_Declared):
    """Arms whose shares sum to 1, one of them the control. Runs from ``starts`` until before ``ends``, in UTC."""

    name: Name
    salt: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    """Decides, with a person's id, who gets which arm. The name if not given."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=2, max_length=10)]
    control: Name
    """The arm with which the others are compared."""
    starts: Moment | None = None
    ends: Moment | None = None
    metric: Metric = "click_through_rate"
    """The figure that the verdict follows."""
    window_hours: Annotated[float, Field(strict=True, gt=0, le=24 * 90)] = 24.0
    """What a person does so long after the first exposure counts; afterwards that person's figures are final."""
    expected_people: Annotated[int, Field(strict=True, ge=100, le=10**9)] = 2_000
    """Number of people at which the intervals are to be narrowest; not to be changed while it runs."""

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        names = [arm.name for arm in self.arms]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two arms are named {repeated[0]!r}")
        if self.control not in names:
            raise ValueError(f"control {self.control!r} is no arm; expected one of {', '.join(names)}")
        total = math.fsum(arm.share for arm in self.arms)
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the arms' shares sum to {total:g}, expected 1")
        if self.starts is not None and self.ends is not None and self.starts >= self.ends:
            raise ValueError(f"starts ({self.starts.isoformat()}) is not before ends ({self.ends.isoformat()})")
        return self

    @property
    def window(self) -> timedelta:
        return timedelta(hours=self.window_hours)

    def arm(self, name: str) -> Arm:
        """The arm of that name. Raises ParameterError if there is none."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        known = ", ".join(arm.name for arm in self.arms)
        raise ParameterError(f"experiment {self.name} has no arm {name!r}; it has {known}")

    def is_active(self, now: datetime) -> bool:
        return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)


class Experiments(_Declared):
    """All that are declared. No two run at the same time, so that a difference has one cause."""

    experiments: tuple[Experiment, ...] = ()

    @model_validator(mode="after")
    def _one_at_a_time(self) -> Self:
        names = [experiment.name for experiment in self.experiments]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two experiments are named {repeated[0]!r}")
        always, never = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
        in_order = sorted(self.experiments, key=lambda experiment: experiment.starts or always)
        for earlier, later in pairwise(in_order):
            if (later.starts or always) < (earlier.ends or never):
                raise ValueError(
                    f"{earlier.name!r} and {later.name!r} run at the same time; "
                    "give one an end (ends) before the other's start (starts)"
                )
        return self

    def active(self, now: datetime) -> Experiment | None:
        """The experiment that runs at ``now``, if any."""
        return next((experiment for experiment in self.experiments if experiment.is_active(now)), None)

    def named(self, name: str) -> Experiment:
        """The experiment of that name. Raises ParameterError, with the names there are, if there is none."""
        for experiment in self.experiments:
            if experiment.name == name:
                return experiment
        known = ", ".join(experiment.name for experiment in self.experiments)
        raise ParameterError(
            f"no experiment is named {name!r}; " + (f"there are {known}" if known else "there are none")
        )

    def models(self, now: datetime) -> tuple[str, ...]:
        """Every alias or version that an arm of the experiment running at ``now`` names, once, in its order."""
        running = self.active(now)
        return tuple(dict.fromkeys(arm.model for arm in running.arms)) if running else ()


def load_experiments(path: Path) -> Experiments:
    """Read the declared experiments. Raises MissingFileError or ParameterError; all faults in one message."""
    values = read_yaml(path, "experiments")
    if not values:
        raise ParameterError(f"experiments {path}: is empty; expected the key 'experiments' with a list")
    try:
        return Experiments.model_validate(values)
    except ValidationError as error:
        faults = (_describe(fault, values) for fault in error.errors(include_url=False))
        raise ParameterError(f"experiments {path}: " + "; ".join(faults)) from None


_KNOWN_KEYS = {
    0: Experiments.model_fields,
    2: Experiment.model_fields,
    4: Arm.model_fields,
}


def _describe(fault: Any, values: dict[str, Any]) -> str:
    """ "experiments.0.arms.1.share ('blend', 'challenger') = 0: should be greater than 0"."""
    location = fault["loc"]
    name = ".".join(str(part) for part in location) or "experiments"
    named = _names_on_the_way(location, values)
    where = f"{name} ({named})" if named else name
    message = str(fault["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if fault["type"] == "extra_forbidden":
        return f"{where} is not a known key; expected one of {', '.join(_KNOWN_KEYS.get(len(location) - 1, ()))}"
    if fault["type"] == "missing":
        return f"{where} is missing"
    if isinstance(fault["input"], dict | list | tuple | BaseModel):
        return f"{where}: {message}"
    return f"{where} = {fault['input']!r}: {message}"


def _names_on_the_way(location: tuple[str | int, ...], values: Any) -> str:
    names = []
    for part in location:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(part, int) and isinstance(values, dict) and isinstance(values.get("name"), str):
            names.append(repr(values["name"]))
    return ", ".join(names)
