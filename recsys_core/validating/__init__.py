"""Validation by Great Expectations: suites made from the declared tables, rejected rows with reasons, Data Docs."""

from recsys_core.validating.data_docs import docs_index
from recsys_core.validating.folder import clean_folder, raise_faults, tables_in_order
from recsys_core.validating.limits import RejectLimits
from recsys_core.validating.suites import has_ratings
from recsys_core.validating.summary import ExpectationOutcome, Finding, ValidationSummary
from recsys_core.validating.table import known_ids, validate_table

__all__ = [
    "ExpectationOutcome",
    "Finding",
    "RejectLimits",
    "ValidationSummary",
    "clean_folder",
    "docs_index",
    "has_ratings",
    "known_ids",
    "raise_faults",
    "tables_in_order",
    "validate_table",
]
