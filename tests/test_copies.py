"""Results in other processes and in copies: numbers travel, what lives in the engine says that it can't and what can instead."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pandas as pd
import pytest

import leadtime as lt
from leadtime.calendars import Calendar
from leadtime.durations import DateRules, read_dates
from leadtime.errors import UsageError
from leadtime.results import InEngine, Result

PATHWAY = {
    "name": "small", "start": "referral", "stop": ["visit"],
    "milestones": {"referral": {"activities": ["Referral"]}, "visit": {"activities": ["Visit"]}},
    "activities": {"Visit": {"kind": "assessment", "value_adding": True, "minutes": 45}},
}  # fmt: skip


def _pickled(value: object) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301 - it was ours a moment ago


@pytest.fixture(scope="module")
def log() -> lt.EventLog:
    rows = [
        (f"{cohort}{number}", activity, f"2020-01-{1 + day + number:02}", cohort, unit)
        for cohort, wait in (("before", 9), ("after", 4))
        for number in range(8)
        for activity, day, unit in (("Referral", 0, "A"), ("Visit", wait + number % 3, "B"))
    ]
    frame = pd.DataFrame(rows, columns=["case_id", "activity", "start", "cohort", "unit"])
    return lt.read_log(frame, observed_until="2020-12-31")


@pytest.fixture(scope="module")
def times(log: lt.EventLog) -> lt.LeadTimes:
    return lt.lead_times(log, lt.read_pathway(PATHWAY))


@pytest.fixture(scope="module")
def comparison(times: lt.LeadTimes) -> lt.Comparison:
    return lt.compare(times, by="cohort", before="before", after="after")


def test_what_holds_only_numbers_comes_back_equal_from_a_pickle_and_a_copy(log, times, comparison):
    pathway = lt.read_pathway(PATHWAY)
    made = [
        comparison.cohorts[0].median, comparison.test, comparison.sensitivity, comparison.audit, comparison.audit_entries, times.flow,
        log.quality, log.rejected, log.provenance, lt.check_quality(log), pathway, lt.describe_cohorts(times, by="cohort"),
        lt.work_in_progress(log, pathway),
        lt.attribution(log, pathway, by="cohort", before="before", after="after"), lt.disclose(times.flow), lt.plan(10, 365.0, 0.6),
        lt.milestones_reached(times), lt.control.xmr([3.0, 4.0, 5.0, 4.0]),
        lt.control.segmented_regression([1.0, 2, 4, 3, 7, 8, 9, 8], break_at=4),
        DateRules(seasons={"summer": (5, 8)}), read_dates(["2019-03-14", "aug 2019"]),
    ]  # fmt: skip
    for result in made:
        for again in (_pickled(result), copy.deepcopy(result), copy.copy(result)):
            assert again == result, type(result)


def test_a_mapping_that_cannot_be_written_to_stays_so_in_a_copy(log):
    again = _pickled(log.quality)
    with pytest.raises(TypeError):
        again.rejected_by_reason["none"] = 1
    assert copy.deepcopy(DateRules()).in_words("winter") == DateRules().in_words("winter")


def test_curves_say_the_same_after_a_pickle(comparison):
    curve = comparison.cohorts[0].curve
    turnbull = lt.survival.turnbull([1.0, 2.0], [2.0, 4.0])
    causes = lt.survival.aalen_johansen([1.0, 2.0, 3.0], [1, 2, 0])
    assert curve.median == _pickled(curve).median
    for result in (curve, turnbull, causes):
        for again in (_pickled(result), copy.deepcopy(result)):
            pd.testing.assert_frame_equal(again.to_pandas(), result.to_pandas())


def test_what_lives_in_the_engine_is_its_own_copy_and_says_what_can_be_pickled(log, times, comparison):
    pathway = lt.read_pathway(PATHWAY)
    made = [
        (log, "write_log"), (times, "to_pandas"), (comparison, "to_dict"), (lt.transitions(log), "to_pandas"),
        (lt.waste(log, pathway), "to_pandas"),
        (lt.time_split(log, pathway), "to_pandas"), (lt.clock_time(times), "to_pandas"),
        (lt.working_time(times, Calendar("Europe/Stockholm")), "to_pandas"),
        (lt.build_report(log, pathway, comparison, sections=["flow"]), "to_html"), (log.session, "write_log"),
    ]  # fmt: skip
    for result, instead in made:
        assert copy.deepcopy(result) is result
        assert copy.copy(result) is result
        assert copy.deepcopy({"kept": [result]})["kept"][0] is result
        with pytest.raises(UsageError, match=f"^{type(result).__name__} .*can't be pickled.*{instead}") as caught:
            pickle.dumps(result)
        assert "\n" not in str(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_every_result_with_a_frame_or_a_log_says_so_itself():
    """A result that is new and forgets it would fail with the engine's own words."""
    import leadtime.report  # noqa: F401 - loads every room

    for name in lt.__all__:
        getattr(lt, name)
    kept = {"LazyFrame", "Frame", "FlowTable", "EventLog", "LeadTimes", "Basis", "Guard", "CaseEvents"}
    known = Result.__subclasses__()
    assert len(known) > 30
    for kind in known:
        held = {
            word
            for text in vars(kind)["__annotations__"].values()
            for word in str(text).replace("|", " ").replace("[", " ").replace(".", " ").split()
        }
        assert issubclass(kind, InEngine) or not held & kept, kind
