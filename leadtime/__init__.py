"""Lead-time and value-stream analytics on event logs: unfinished cases counted, uncertainty shown, no person revealed.

Names load on first use, so that `import leadtime` costs little.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadtime import durations, survival
    from leadtime.cases import LeadTimes, lead_times
    from leadtime.compare import Comparison, compare
    from leadtime.disclosure import disclose
    from leadtime.errors import (
        DisclosureError,
        InputError,
        LeadtimeError,
        LeadtimeWarning,
        NotEstimable,
        PathwayError,
        ResourceError,
        UsageError,
    )
    from leadtime.flow import case_profile, cohort_summary, transitions, variants
    from leadtime.ingest import read_log
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway, read_pathway
    from leadtime.report import Report, build_report
    from leadtime.results import Estimate, QualityReport, Table, TestResult
    from leadtime.words import format_duration

__version__ = "0.1.0"

# Where each public name lives; a module's own name gives the module.
_HOMES = {
    "cases": ("LeadTimes", "lead_times"),
    "compare": ("Comparison", "compare"),
    "disclosure": ("disclose",),
    "errors": (
        "DisclosureError",
        "InputError",
        "LeadtimeError",
        "LeadtimeWarning",
        "NotEstimable",
        "PathwayError",
        "ResourceError",
        "UsageError",
    ),
    "flow": ("case_profile", "cohort_summary", "transitions", "variants"),
    "ingest": ("read_log",),
    "log": ("EventLog",),
    "pathway": ("Pathway", "read_pathway"),
    "report": ("Report", "build_report"),
    "results": ("Estimate", "QualityReport", "Table", "TestResult"),
    "words": ("format_duration",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("durations", "survival")

__all__ = [
    "Comparison",
    "DisclosureError",
    "Estimate",
    "EventLog",
    "InputError",
    "LeadTimes",
    "LeadtimeError",
    "LeadtimeWarning",
    "NotEstimable",
    "Pathway",
    "PathwayError",
    "QualityReport",
    "Report",
    "ResourceError",
    "Table",
    "TestResult",
    "UsageError",
    "build_report",
    "case_profile",
    "cohort_summary",
    "compare",
    "disclose",
    "durations",
    "format_duration",
    "lead_times",
    "read_log",
    "read_pathway",
    "survival",
    "transitions",
    "variants",
]


class _Package(ModuleType):
    """Keeps a function's name for the function where its room bears the same one (`compare`)."""

    def __setattr__(self, name: str, value: object) -> None:
        # The import system hangs a loaded room on its parent; here that would hide the function.
        if not (name in _HOME_OF and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"leadtime.{name}")
    if name in _HOME_OF:
        value = getattr(importlib.import_module(f"leadtime.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'leadtime' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted(__all__)
