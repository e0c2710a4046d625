"""The pipeline's parameters: typed and ranged, each beside its component. One schema for YAML file and launchpad."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, model_validator

from engines import EngineParameters
from recsys_core.dataset.declaration import MOVIELENS
from recsys_core.dataset.relevance import RelevanceParameters
from recsys_core.dataset.schema import DatasetSpec
from recsys_core.errors import ParameterError
from recsys_core.evaluation import EvaluationParameters
from recsys_core.features import FeatureParameters
from recsys_core.hybrid import NewTitles
from recsys_core.onboarding import OnboardingParameters
from recsys_core.parameters import Parameters
from recsys_core.retention import RetentionParameters
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningParameters
from recsys_core.validating import RejectLimits
from recsys_core.yaml_files import read_yaml
from registry.policy import POLICY_FILE, PromotionPolicy, load_policy

__all__ = ["SAID_ONCE", "Configuration", "RecommendationParameters"]

SAID_ONCE = {
    "split": ("positive_threshold",),
    "tuning": ("positive_threshold", "k"),
    "evaluation": ("positive_threshold",),
    "onboarding": ("positive_threshold",),
}
"""Parameters of sections that have them from ``relevance``: nobody gives them there."""
_POLICY = "promotion_policy"


class RecommendationParameters(Parameters):
    """The batch of recommendations made with every release."""

    k: int = Field(default=20, ge=1, le=1000)
    """Titles per user."""
    new_titles: NewTitles = NewTitles()
    """Places of each list that are kept for titles without a rating."""


class Configuration(Parameters):
    """Every parameter of the pipeline, by component: what a run is made with. All have defaults."""

    engine: EngineParameters = EngineParameters()
    relevance: RelevanceParameters = MOVIELENS.relevance
    validation: RejectLimits = RejectLimits()
    split: SplitParameters = SplitParameters()
    features: FeatureParameters = FeatureParameters()
    tuning: TuningParameters = TuningParameters()
    evaluation: EvaluationParameters = EvaluationParameters()
    onboarding: OnboardingParameters = OnboardingParameters()
    recommendations: RecommendationParameters = RecommendationParameters()
    retention: RetentionParameters = RetentionParameters()
    promotion: PromotionPolicy = PromotionPolicy()

    @model_validator(mode="before")
    @classmethod
    def _say_once(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        relevance = given.get("relevance", MOVIELENS.relevance)
        if isinstance(relevance, Mapping):
            relevance = MOVIELENS.relevance.replace(**relevance)
        sections = {**given, "relevance": relevance}
        if isinstance(sections.get("engine"), str):  # its name alone
            sections["engine"] = {"name": sections["engine"]}
        if not isinstance(relevance, RelevanceParameters):
            return sections  # and have it refused
        for name, fields in SAID_ONCE.items():
            section = sections.get(name, {})
            values = section.model_dump(exclude={*fields}) if isinstance(section, BaseModel) else section
            if isinstance(values, Mapping):
                for old in sorted({*values} & {*fields}):
                    raise ParameterError(f"{name}.{old} is now said once for all: relevance.{old}")
                sections[name] = {**values, **{field: getattr(relevance, field) for field in fields}}
        return sections

    @model_validator(mode="after")
    def _judge_the_first_list(self) -> Self:
        evaluation = self.evaluation.replace(ks=tuple(sorted({self.relevance.k, *self.evaluation.ks})))
        object.__setattr__(self, "evaluation", evaluation)  # of a value that nobody has seen yet
        return self

    def __getitem__(self, section: str) -> BaseModel:
        found: BaseModel = getattr(self, section)
        return found

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold, as a YAML file or the launchpad gives them."""
        return self.model_dump(mode="json", exclude={name: {*fields} for name, fields in SAID_ONCE.items()})

    @classmethod
    def read(cls, path: Path | None, dataset: DatasetSpec = MOVIELENS) -> Self:
        """From a YAML file of what differs from the defaults; no path means the defaults.

        What counts as relevant is said by ``dataset``, unless the file says otherwise.
        ``promotion_policy`` in the file names another policy than mlflow/promotion.yaml, relative to the file;
        what its section ``promotion`` says comes before either.
        """
        if path is None:
            return cls(promotion=load_policy(), relevance=dataset.relevance)
        content = read_yaml(path, "configuration")
        policy = content.pop(_POLICY, None)
        file = load_policy(path.parent / policy if policy else POLICY_FILE)
        content["relevance"] = _laid_over(dataset.relevance.model_dump(), content.get("relevance", {}))
        content["promotion"] = _laid_over(file.model_dump(), content.get("promotion", {}))
        try:
            return cls(**content)
        except ParameterError as error:
            raise ParameterError(f"configuration {path}: {error}") from None


def _laid_over(values: Any, changes: Any) -> Any:
    if not isinstance(changes, Mapping) or not isinstance(values, Mapping):
        return changes
    laid = {name: _laid_over(values[name], new) if name in values else new for name, new in changes.items()}
    return {**values, **laid}
