"""Lead-time and value-stream analytics on event logs: unfinished cases counted, uncertainty shown, no person revealed.

Names load on first use, so that `import leadtime` costs little.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadtime import calendars, control, counts, durations, survival
    from leadtime.cases import ClockTimes, LeadTimes, LogStore, WorkingTimes, clock_time, lead_times, open_store, working_time
    from leadtime.compare import (
        Comparison,
        MilestonesReached,
        SteppedComparison,
        attribution,
        compare,
        describe_cohorts,
        milestones_reached,
        monthly_start_cohorts,
        plan,
        populations,
        stepped_comparison,
        within_limit,
    )
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
    from leadtime.flow import (
        ageing,
        case_profile,
        cohort_summary,
        cumulative_flow,
        hand_over_matrix,
        littles_law,
        overlaps,
        rework,
        transitions,
        variants,
        waits_by_owner,
        work_in_progress,
        working_transitions,
    )
    from leadtime.ingest import read_log
    from leadtime.ingest.linking import link_logs
    from leadtime.ingest.naming import with_names
    from leadtime.ingest.printed import PrintedTable, read_printed_table
    from leadtime.ingest.pseudonyms import pseudonymise
    from leadtime.ingest.writing import write_log
    from leadtime.log import EventLog
    from leadtime.pathway import Pathway, read_pathway
    from leadtime.quality import check_quality
    from leadtime.report import Report, build_report
    from leadtime.results import Estimate, QualityReport, Table, TestResult
    from leadtime.usage import (
        Admissions,
        AnswerCounts,
        ContactCounts,
        CoordinatorEpisodes,
        LevelPaths,
        Reach,
        admissions,
        contact_counts,
        contact_gaps,
        coordinator_episodes,
        count_answers,
        level_paths,
        reach,
    )
    from leadtime.valuestream import value_stream, what_if
    from leadtime.waste import TimeSplit, WasteLedger, continuity, time_split, waste
    from leadtime.words import format_duration

__version__ = "0.1.0"

# Where each public name lives; a module's own name gives the module.
_HOMES = {
    "cases": ("ClockTimes", "LeadTimes", "LogStore", "WorkingTimes", "clock_time", "lead_times", "open_store", "working_time"),
    "compare": (
        "Comparison",
        "MilestonesReached",
        "SteppedComparison",
        "attribution",
        "compare",
        "describe_cohorts",
        "milestones_reached",
        "monthly_start_cohorts",
        "plan",
        "populations",
        "stepped_comparison",
        "within_limit",
    ),
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
    "flow": (
        "ageing",
        "case_profile",
        "cohort_summary",
        "cumulative_flow",
        "hand_over_matrix",
        "littles_law",
        "overlaps",
        "rework",
        "transitions",
        "variants",
        "waits_by_owner",
        "work_in_progress",
        "working_transitions",
    ),
    "ingest": ("read_log",),
    "ingest.linking": ("link_logs",),
    "ingest.naming": ("with_names",),
    "ingest.printed": ("PrintedTable", "read_printed_table"),
    "ingest.pseudonyms": ("pseudonymise",),
    "ingest.writing": ("write_log",),
    "log": ("EventLog",),
    "pathway": ("Pathway", "read_pathway"),
    "quality": ("check_quality",),
    "report": ("Report", "build_report"),
    "results": ("Estimate", "QualityReport", "Table", "TestResult"),
    "usage": (
        "Admissions",
        "AnswerCounts",
        "ContactCounts",
        "CoordinatorEpisodes",
        "LevelPaths",
        "Reach",
        "admissions",
        "contact_counts",
        "contact_gaps",
        "coordinator_episodes",
        "count_answers",
        "level_paths",
        "reach",
    ),
    "waste": ("TimeSplit", "WasteLedger", "continuity", "time_split", "waste"),
    "valuestream": ("value_stream", "what_if"),
    "words": ("format_duration",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}
_ROOMS = ("calendars", "control", "counts", "durations", "survival")

__all__ = [
    "Admissions",
    "AnswerCounts",
    "ClockTimes",
    "Comparison",
    "ContactCounts",
    "CoordinatorEpisodes",
    "DisclosureError",
    "Estimate",
    "EventLog",
    "InputError",
    "LeadTimes",
    "LeadtimeError",
    "LeadtimeWarning",
    "LevelPaths",
    "LogStore",
    "MilestonesReached",
    "NotEstimable",
    "Pathway",
    "PathwayError",
    "PrintedTable",
    "QualityReport",
    "Reach",
    "Report",
    "ResourceError",
    "SteppedComparison",
    "Table",
    "TestResult",
    "TimeSplit",
    "UsageError",
    "WasteLedger",
    "WorkingTimes",
    "admissions",
    "ageing",
    "attribution",
    "build_report",
    "calendars",
    "case_profile",
    "check_quality",
    "clock_time",
    "cohort_summary",
    "compare",
    "contact_counts",
    "contact_gaps",
    "continuity",
    "control",
    "coordinator_episodes",
    "count_answers",
    "counts",
    "cumulative_flow",
    "describe_cohorts",
    "disclose",
    "durations",
    "format_duration",
    "hand_over_matrix",
    "lead_times",
    "level_paths",
    "link_logs",
    "littles_law",
    "milestones_reached",
    "monthly_start_cohorts",
    "open_store",
    "overlaps",
    "plan",
    "populations",
    "pseudonymise",
    "reach",
    "read_log",
    "read_pathway",
    "read_printed_table",
    "rework",
    "stepped_comparison",
    "survival",
    "time_split",
    "transitions",
    "value_stream",
    "variants",
    "waits_by_owner",
    "waste",
    "what_if",
    "with_names",
    "within_limit",
    "work_in_progress",
    "working_time",
    "working_transitions",
    "write_log",
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
