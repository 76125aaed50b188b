"""What may bend a comparison: each code looked for, with the cases it touches and its effect (DEFINITIONS 6)."""

from leadtime.compare.audit.auditing import CODES, audited, comparable
from leadtime.compare.audit.evidence import FEW_AT_RISK, SILENT_DAYS, AuditCheck, AuditEntry

__all__ = ["CODES", "FEW_AT_RISK", "SILENT_DAYS", "AuditCheck", "AuditEntry", "audited", "comparable"]
