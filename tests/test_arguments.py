"""Slips of arguments: a frame for a log, a path for a pathway, a log for lead times; one line names the argument and the fix."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pandas as pd
import pytest

import leadtime as lt

EVENTS = pd.DataFrame({"case_id": ["a", "a"], "activity": ["D", "G"], "start": ["2020-01-01", "2020-02-01"], "unit": ["A", "B"]})
DECLARED = {
    "name": "t", "start": "detection", "stop": "diagnosis",
    "milestones": {"detection": {"activities": ["D"]}, "diagnosis": {"activities": ["G"]}},
}  # fmt: skip
PATHWAY = lt.read_pathway(DECLARED)
NEEDED = {
    "by": "unit", "column": "unit", "activities": "D", "calendar": None, "names": {}, "key": b"", "period_start": "2020-01-01",
    "period_end": "2020-12-31", "target": "log.csv", "pathway": PATHWAY,
}  # fmt: skip
FUNCTIONS = {name: getattr(lt, name) for name in lt.__all__ if inspect.isfunction(getattr(lt, name))}


def taking(first: str) -> list[str]:
    return [name for name, function in FUNCTIONS.items() if next(iter(inspect.signature(function).parameters)) == first]


def call(name: str, first: Any, **more: Any) -> Any:
    parameters = inspect.signature(FUNCTIONS[name]).parameters
    needed = {key: NEEDED[key] for key, each in list(parameters.items())[1:] if each.default is inspect.Parameter.empty}
    return FUNCTIONS[name](first, **needed | more)


@pytest.fixture(scope="module")
def log() -> lt.EventLog:
    return lt.read_log(EVENTS)


@pytest.mark.parametrize("name", taking("log"))
@pytest.mark.parametrize("given", [EVENTS, "events.csv", None], ids=["frame", "path", "nothing"])
def test_what_is_no_log_is_told_with_what_makes_one(name: str, given: object) -> None:
    what = "log=None isn't allowed" if given is None else f"log is of type {type(given).__name__}"
    with pytest.raises(lt.UsageError, match=rf"^{what}; give an EventLog, as lt\.read_log makes$"):
        call(name, given)


@pytest.mark.parametrize("name", [name for name in taking("log") if "pathway" in inspect.signature(FUNCTIONS[name]).parameters])
def test_a_path_or_a_dictionary_is_no_pathway_yet(name: str, log: lt.EventLog) -> None:
    for given in ("pathway.toml", DECLARED):
        with pytest.raises(lt.UsageError, match=f"^pathway is of type {type(given).__name__}; give a Pathway, as lt.read_pathway makes"):
            call(name, log, pathway=given)


@pytest.mark.parametrize("name", taking("times"))
def test_a_log_is_no_lead_times_yet(name: str, log: lt.EventLog) -> None:
    for given in (log, EVENTS):
        with pytest.raises(lt.UsageError, match=f"^times is of type {type(given).__name__}; give LeadTimes, as lt.lead_times makes"):
            call(name, given)


def test_lead_times_are_no_comparison_yet(log: lt.EventLog) -> None:
    with pytest.raises(lt.UsageError, match=r"^comparison is of type LeadTimes; give a Comparison, as lt\.compare makes$"):
        lt.build_report(log, PATHWAY, lt.lead_times(log, PATHWAY))  # type: ignore[arg-type]


def test_one_code_is_a_measure_too(log: lt.EventLog) -> None:
    assert list(lt.waste(log, PATHWAY, measures="W1").states) == ["W1"]


def test_columns_that_are_no_mapping_and_a_cohort_that_is_no_name_are_told(log: lt.EventLog) -> None:
    with pytest.raises(lt.UsageError, match=r"^columns is of type list; give role to header"):
        lt.read_log(EVENTS, columns=["case_id"])  # type: ignore[arg-type]
    with pytest.raises(lt.InputError, match=r"^no case attribute '3' to compare by"):
        lt.compare(lt.lead_times(log, PATHWAY), by=3)  # type: ignore[arg-type]


def test_tables_that_are_none_are_told() -> None:
    for given, kind in ((None, "NoneType"), (EVENTS, "DataFrame"), ([EVENTS], "DataFrame")):
        with pytest.raises(lt.UsageError, match=f"^tables holds a {kind}; give lt.Table or another result"):
            lt.disclose(given)  # type: ignore[arg-type]


def test_any_result_is_disclosed_by_its_main_table(log: lt.EventLog) -> None:
    shown = lt.disclose(lt.transitions(log)).tables[0].to_pandas()
    assert (shown["n"].tolist(), shown["source"].tolist()) == (["[c]"], ["D"])


def test_a_warning_points_to_the_line_of_the_caller() -> None:
    late = lt.read_pathway(DECLARED | {"milestones": DECLARED["milestones"] | {"detection": {"activities": ["D"], "rule": "last"}}})  # type: ignore[operator]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lt.lead_times(lt.read_log(EVENTS, observed_until="2020-12-31"), late)
    assert [warning.filename for warning in caught if warning.category is lt.LeadtimeWarning] == [__file__]
