"""The pipeline's parameters: typed and ranged, each beside its component; read from YAML once, here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, Field

from recsys_core.errors import ParameterError
from recsys_core.evaluation import EvaluationParameters
from recsys_core.features import FeatureParameters
from recsys_core.onboarding import OnboardingParameters
from recsys_core.parameters import Parameters
from recsys_core.splitting import SplitParameters
from recsys_core.tuning import TuningParameters
from recsys_core.validating import RejectLimits
from registry.policy import PromotionPolicy, load_policy

__all__ = ["Configuration", "PipelineConfig", "RecommendationParameters", "load_config"]


class RecommendationParameters(Parameters):
    """The batch of recommendations made with every release."""

    k: int = Field(default=20, ge=1, le=1000)
    """Titles per user."""


class PipelineConfig(Parameters):
    """Every parameter of the pipeline, by component. All have defaults; a YAML file may override any."""

    validation: RejectLimits = RejectLimits()
    split: SplitParameters = SplitParameters()
    features: FeatureParameters = FeatureParameters()
    tuning: TuningParameters = TuningParameters()
    evaluation: EvaluationParameters = EvaluationParameters()
    onboarding: OnboardingParameters = OnboardingParameters()
    recommendations: RecommendationParameters = RecommendationParameters()
    promotion_policy: str = ""
    """Path of the promotion policy, relative to this file; empty for mlflow/promotion.yaml."""


class Configuration(dict[str, BaseModel]):
    """All parameters by section, the promotion policy among them ("promotion"): what a run is made with."""

    @classmethod
    def read(cls, path: Path | None) -> Self:
        """From the YAML file of overrides and the policy that it names; no path means the defaults."""
        config = load_config(path)
        beside = path.parent if path else Path()  # a policy's path is relative to the file that names it
        policy = load_policy(beside / config.promotion_policy) if config.promotion_policy else load_policy()
        sections = {name: getattr(config, name) for name in PipelineConfig.model_fields if name != "promotion_policy"}
        return cls({**sections, "promotion": policy})

    def as_dict(self) -> dict[str, Any]:
        """Values that JSON can hold; :meth:`of` makes an equal configuration of them."""
        return {name: section.model_dump(mode="json") for name, section in self.items()}

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        sections = {name: values for name, values in content.items() if name != "promotion"}
        config = PipelineConfig(**sections)
        policy = PromotionPolicy.model_validate(content["promotion"], strict=False)
        return cls({**{name: getattr(config, name) for name in sections}, "promotion": policy})


def load_config(path: Path | None) -> PipelineConfig:
    """Read a YAML file of overrides; no path means the defaults."""
    if path is None:
        return PipelineConfig()
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(f"configuration {path}: cannot be read ({error.strerror}); give a file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ParameterError(f"configuration {path}: is not valid YAML ({error})") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise ParameterError(
            f"configuration {path}: expected sections such as 'tuning:', found {type(content).__name__}"
        )
    try:
        return PipelineConfig(**content)
    except ParameterError as error:
        raise ParameterError(f"configuration {path}: {error}") from None
