"""Before and after: two cohorts' lead times with unfinished cases counted, the change, its test, and how far it holds."""

from leadtime.compare.comparing import compare
from leadtime.compare.result import AuditEntry, CohortEstimate, Comparison, SensitivityRow

__all__ = ["AuditEntry", "CohortEstimate", "Comparison", "SensitivityRow", "compare"]
