"""Onboarding: which few titles a newcomer should be asked about."""

from recsys_core.onboarding.expected_gain import ExpectedGain, fit_expected_gain
from recsys_core.onboarding.factor_model import FactorModel, fit_factor_model
from recsys_core.onboarding.onboarding import Onboarding, fit_onboarding
from recsys_core.onboarding.parameters import METHODS, Method, OnboardingParameters

__all__ = [
    "METHODS",
    "ExpectedGain",
    "FactorModel",
    "Method",
    "Onboarding",
    "OnboardingParameters",
    "fit_expected_gain",
    "fit_factor_model",
    "fit_onboarding",
]
